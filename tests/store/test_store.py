from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from engage.domain.events import EVENTS
from engage.errors import SettingsError, StoreUnavailable
from engage.store import Store, connect, marks, rows
from tests.store.samples import NOON, events


def test_a_transaction_is_committed_whole_or_not_at_all(store: Store) -> None:
    def fail_half_way() -> None:
        with store.write() as tx:
            rows.add(tx, EVENTS, events(3), NOON)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail_half_way()
    with store.read() as tx:
        assert rows.count(tx, EVENTS) == 0
    with store.write() as tx:
        rows.add(tx, EVENTS, events(3), NOON)
    with store.read() as tx:
        assert rows.count(tx, EVENTS) == 3


def test_a_reader_sees_one_moment_throughout(open_store: Callable[[], Store]) -> None:
    reader, writer = open_store(), open_store()
    with reader.read() as tx:
        assert rows.count(tx, EVENTS) == 0
        with writer.write() as other:
            rows.add(other, EVENTS, events(1), NOON)
        assert rows.count(tx, EVENTS) == 0
    with reader.read() as tx:
        assert rows.count(tx, EVENTS) == 1


def test_counting_up_by_many_threads_loses_no_step(open_store: Callable[[], Store]) -> None:
    """Read, then write: on SQLite this needs the lock from the start (BEGIN IMMEDIATE)."""
    stores = [open_store(), open_store()]
    with stores[0].write() as tx:
        marks.set(tx, "steps", "0")

    def step(number: int) -> None:
        for _ in range(10):
            with stores[number % 2].write() as tx:
                held = sa.text("SELECT value FROM marks WHERE name = 'steps'")
                if tx.dialect.name == "postgresql":
                    held = sa.text("SELECT value FROM marks WHERE name = 'steps' FOR UPDATE")
                value = int(tx.execute(held).scalar_one())
                marks.set(tx, "steps", str(value + 1))

    threads = [threading.Thread(target=step, args=(number,)) for number in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    with stores[0].read() as tx:
        assert marks.get(tx, "steps") == "60"


@pytest.mark.only_on("sqlite")
def test_a_writer_takes_the_lock_before_its_first_statement(
    open_store: Callable[[], Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connect, "BUSY_S", 0.05)
    first, second = open_store(), open_store()
    held = pytest.raises(StoreUnavailable, match="is held by another process")
    with first.write(), held, second.write():
        pytest.fail("two writers at once")
    with second.write() as tx:
        marks.set(tx, "free", "again")


@pytest.mark.only_on("sqlite")
def test_a_thread_that_writes_cannot_begin_to_write_again(store: Store) -> None:
    refused = pytest.raises(RuntimeError, match="pass its transaction on")
    with store.write(), refused, store.write():
        pytest.fail("it would wait for itself")


@pytest.mark.only_on("sqlite")
def test_sqlite_is_safe_against_power_loss_and_checks_its_keys(store: Store) -> None:
    with store.write() as tx:
        pragmas = {
            name: tx.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    # synchronous 2 is FULL: every commit is on the disk before it is confirmed.
    assert pragmas == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 10_000,
    }
    with pytest.raises(sa.exc.IntegrityError), store.write() as tx:
        tx.exec_driver_sql("INSERT INTO message_attempts VALUES ('msg_?', 1, 0, NULL, NULL, '')")


def test_a_mistyped_path_creates_nothing(tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path / 'elsewhere.db'}")
    assert not store.schema_is_current()
    refused = pytest.raises(StoreUnavailable, match=r"elsewhere\.db cannot be opened.*db upgrade")
    with refused, store.read():
        pytest.fail("there is nothing to read")
    assert list(tmp_path.iterdir()) == []


def test_only_its_owner_may_read_a_new_database(tmp_path: Path) -> None:
    path = tmp_path / "var" / "engage.db"
    store = Store.open(f"sqlite:///{path}")
    store.upgrade()
    store.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def as_nobody(work: Callable[[], None]) -> str:
    """Run work in a process of its own without any rights; return the error it ended with."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        if os.geteuid() == 0:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
        try:
            work()
            told = "nothing"
        except BaseException as error:  # noqa: BLE001  it travels to the test as text
            told = f"{type(error).__name__}: {error}"
        os.write(writing, told.encode())
        os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    with os.fdopen(reading) as pipe:
        return pipe.read()


@pytest.fixture
def read_only() -> Iterator[Path]:
    """A folder that others may look into; pytest's own folders are closed to them."""
    folder = Path(tempfile.mkdtemp(prefix="engage-read-only-"))
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


def test_a_folder_that_cannot_be_written_is_named(sqlite_template: Path, read_only: Path) -> None:
    path = read_only / "engage.db"
    path.write_bytes(sqlite_template.read_bytes())
    path.chmod(0o444)
    read_only.chmod(0o555)

    def write() -> None:
        with Store.open(f"sqlite:///{path}").write() as tx:
            marks.set(tx, "a", "b")

    def create() -> None:
        Store.open(f"sqlite:///{read_only / 'new.db'}").upgrade()

    told = as_nobody(write)
    assert told.startswith(f"StoreUnavailable: The database {path} ")
    assert "Make the file and its folder writable" in told or "engage db upgrade" in told
    told = as_nobody(create)
    assert told.startswith(
        f"StoreUnavailable: The database {read_only / 'new.db'} cannot be created"
    )


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "engage.db"
    path.write_text("this is no database, but it is long enough to be looked at " * 20)
    with pytest.raises(StoreUnavailable, match=r"engage\.db is not a database"):
        Store.open(f"sqlite:///{path}").upgrade()


def test_a_database_without_tables_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "engage.db"
    sqlite3.connect(path).close()
    path.touch()
    store = Store.open(f"sqlite:///{path}")
    refused = pytest.raises(StoreUnavailable, match=r"no such table: marks.*engage db upgrade")
    with refused, store.read() as tx:
        marks.get(tx, "a")
    store.close()


def test_a_server_that_does_not_answer_is_named_without_its_password() -> None:
    store = Store.open("postgresql://engage:secret@127.0.0.1:1/engage")
    silent = pytest.raises(StoreUnavailable, match=r"127\.0\.0\.1:1/engage does not answer")
    with silent as refused, store.read():
        pytest.fail("nobody listens there")
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    "url", ["mysql://localhost/engage", "sqlite://", "sqlite:///:memory:", "var/engage.db"]
)
def test_an_address_that_cannot_be_used_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match=r"sqlite:///var/engage\.db"):
        Store.open(url)


def test_an_error_does_not_tell_what_was_to_be_stored(store: Store) -> None:
    broken = events(1, person_id="+15005550006").drop_columns(["type"])
    with pytest.raises(sa.exc.IntegrityError) as refused, store.write() as tx:
        rows.add(tx, EVENTS, broken, NOON)
    assert "parameters hidden" in str(refused.value)

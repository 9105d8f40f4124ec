"""The history interrupted, killed, overtaken and run twice: still each row counts once."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from engage.domain.events import EVENTS
from engage.domain.relations import Relation
from engage.errors import StoreUnavailable
from engage.features.sources import Archived
from engage.store import Store, rows
from engage.store.history import History
from tests.store.archive import AT_ONCE, EVENING, add, ids, seen
from tests.store.samples import DAY, NOON, events


class Busy(History):
    """A history during whose compaction a visit goes on and is written again."""

    def _outdated(self, relation: Relation, source: Archived) -> pa.Table:
        found = super()._outdated(relation, source)
        with self._store.write() as tx:
            rows.replace(tx, EVENTS, events(1, start=2, session_id="ses_c"), EVENING)
        return found


def test_a_row_written_again_during_a_compaction_counts_once(store: Store, kept: History) -> None:
    add(store, events(4))
    kept.archive(EVENING, settled=AT_ONCE)
    with store.write() as tx:
        rows.replace(tx, EVENTS, events(1, session_id="ses_b"), EVENING)
    assert Busy(kept.folder, store).compact(EVENING)["events"] == 0
    assert kept.table("events")["session_id"].to_pylist() == ["ses_b", "ses_a", "ses_c", "ses_a"]
    assert kept.compact(EVENING)["events"] == 2
    assert kept.table("events")["session_id"].to_pylist() == ["ses_b", "ses_a", "ses_c", "ses_a"]


class Interrupted(History):
    """A history whose process dies between writing a file and telling the database."""

    def _record(self, *_: object) -> bool:
        raise KeyboardInterrupt


def test_an_interrupted_run_loses_nothing_and_leaves_no_rubbish(
    store: Store, kept: History
) -> None:
    add(store, events(5))
    kept.archive(EVENING, settled=AT_ONCE)
    add(store, events(3, start=5))
    with pytest.raises(KeyboardInterrupt):
        Interrupted(kept.folder, store).archive(EVENING, settled=AT_ONCE)
    (kept.folder / "events" / "2026-03-02" / ".half.parquet.tmp").write_bytes(b"PAR1")
    assert len(list(kept.folder.glob("events/*/*"))) == 3
    assert seen(kept) == ids(8)
    add(store, events(1, start=8))
    assert kept.archive(EVENING, settled=AT_ONCE)["events"] == 4
    assert len(list(kept.folder.glob("events/*/*"))) == 2
    assert seen(kept) == ids(9)


_DIES = """
import os, signal, sys
from datetime import datetime, timedelta
from engage.store import Store
from engage.store.history import History

class Dying(History):
    def _record(self, *given):
        os.kill(os.getpid(), signal.SIGKILL)

Dying(sys.argv[1], Store.open(sys.argv[2])).archive(
    datetime.fromisoformat(sys.argv[3]), settled=timedelta(0)
)
"""


def test_a_killed_run_loses_nothing(store: Store, kept: History, root: Path) -> None:
    add(store, events(5))
    arguments = [str(kept.folder), store.url, EVENING.isoformat()]
    died = subprocess.run([sys.executable, "-c", _DIES, *arguments], cwd=root, check=False)
    assert died.returncode == -9
    assert seen(kept) == ids(5)
    assert kept.archive(EVENING, settled=AT_ONCE)["events"] == 5
    assert seen(kept) == ids(5)


class Overtaken(History):
    """A history during whose first copy a visit goes on and is written again."""

    overtaken = False

    def _record(self, *given: object) -> bool:
        if not self.overtaken:
            self.overtaken = True
            with self._store.write() as tx:
                rows.replace(tx, EVENTS, events(1, start=1, session_id="ses_b"), EVENING)
                rows.remove(tx, EVENTS, ["evt_000002"], EVENING)
        return super()._record(*given)  # type: ignore[arg-type]


def test_a_row_written_again_while_it_is_copied_counts_once(store: Store, kept: History) -> None:
    add(store, events(4))
    Overtaken(kept.folder, store).archive(EVENING, settled=AT_ONCE)
    assert seen(kept) == ["evt_000000", "evt_000001", "evt_000003"]
    assert kept.table("events")["session_id"].to_pylist().count("ses_b") == 1
    kept.archive(EVENING + DAY)
    assert seen(kept) == ["evt_000000", "evt_000001", "evt_000003"]


def test_two_runs_at_once_do_not_disturb_each_other(kept: History, store: Store) -> None:
    class Meeting(History):
        def _sweep(self) -> None:
            History(self.folder, store).archive(EVENING)

    with pytest.raises(StoreUnavailable, match="being written by another process"):
        Meeting(kept.folder, store).archive(EVENING)


@pytest.mark.only_on("postgresql")
def test_a_row_committed_late_under_a_lower_number_is_not_skipped(
    open_store: Callable[[], Store], tmp_path: Path
) -> None:
    """Two writers: the first takes a number, the second takes the next one and commits first.

    SQLite has one writer, so there numbers are committed in order.
    """
    slow, fast, archiving = open_store(), open_store(), open_store()
    inserted, commit = threading.Event(), threading.Event()

    def write_slowly() -> None:
        with slow.write() as tx:
            rows.add(tx, EVENTS, events(1, start=0), NOON)
            inserted.set()
            commit.wait(10)

    writer = threading.Thread(target=write_slowly)
    writer.start()
    inserted.wait(10)
    add(fast, events(1, start=1))
    kept = History(tmp_path / "history", archiving)
    done = threading.Thread(target=kept.archive, args=(EVENING,), kwargs={"settled": AT_ONCE})
    done.start()
    done.join(0.2)
    assert done.is_alive()  # it waits for the slow writer
    commit.set()
    writer.join(10)
    done.join(10)
    assert seen(kept) == ids(2)

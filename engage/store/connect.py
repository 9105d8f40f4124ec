"""How a database is opened: SQLite safe against power loss, PostgreSQL through psycopg 3."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa

from engage.errors import SettingsError

BUSY_S = 10.0
"""How long a writer waits for another one before it gives up."""

CACHE_MB = 32
"""Pages of SQLite in memory; the indexes of an import of some million rows fit."""

WRITES = "engage_writes"
"""Execution option that says that a transaction is going to write."""


def parsed(url: str) -> sa.URL:
    """Return the address of a database; raises SettingsError for a kind that is not supported."""
    try:
        address = sa.make_url(url)
    except sa.exc.ArgumentError as error:
        raise SettingsError(
            f"{url!r} is no database address. Write sqlite:///var/engage.db or "
            "postgresql://user@host/name in [store] url or ENGAGE_STORE_URL."
        ) from error
    kind = address.drivername.split("+")[0]
    if kind in {"postgresql", "postgres"}:
        return address.set(drivername="postgresql+psycopg")
    if kind == "sqlite" and address.database not in {None, "", ":memory:"}:
        return address.set(drivername="sqlite+pysqlite")
    raise SettingsError(
        f"The database address {address.render_as_string()!r} is not supported: it must name a "
        "SQLite file (sqlite:///var/engage.db) or a PostgreSQL database (postgresql://...)."
    )


def engine(address: sa.URL, cache_mb: int = CACHE_MB) -> sa.Engine:
    """Return an engine for this address; connects to nothing yet."""
    if address.drivername.startswith("sqlite"):
        return _sqlite(Path(str(address.database)), cache_mb)
    return sa.create_engine(
        address,
        pool_size=10,
        max_overflow=20,
        pool_pre_ping=True,
        hide_parameters=True,  # an error's text goes to the log, and values are personal
    )


def _sqlite(path: Path, cache_mb: int) -> sa.Engine:
    def connect() -> sqlite3.Connection:
        return _open(path, cache_mb)

    made = sa.create_engine(
        "sqlite+pysqlite://",
        creator=connect,
        poolclass=sa.QueuePool,
        pool_size=10,
        max_overflow=20,
        hide_parameters=True,
    )
    sa.event.listen(made, "begin", _begin)
    return made


def _open(path: Path, cache_mb: int) -> sqlite3.Connection:
    # mode=rw: a mistyped path must not create an empty database.
    connection = sqlite3.connect(
        f"file:{quote(str(path.absolute()))}?mode=rw",
        uri=True,
        timeout=BUSY_S,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        for pragma in (
            "journal_mode = WAL",
            "synchronous = FULL",
            "foreign_keys = ON",
            "temp_store = MEMORY",
            "journal_size_limit = 67108864",
            f"cache_size = -{cache_mb * 1024}",  # below zero: KiB
            # Pages, 64 MB: keys are hashes, so a large transaction touches pages all over the file,
            # and copying them back after each made an import of millions take twice as long.
            "wal_autocheckpoint = 16000",
        ):
            connection.execute(f"PRAGMA {pragma}")
    except BaseException:
        connection.close()
        raise
    return connection


def _begin(connection: sa.Connection) -> None:
    # The driver's own BEGIN is off (isolation_level=None). A writer takes the lock at once: a
    # reader that turns writer half-way would fail instead of waiting for its turn.
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql(f"PRAGMA query_only = {'OFF' if writes else 'ON'}")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def options(dialect: str, *, writes: bool) -> dict[str, Any]:
    """Return the execution options of a transaction that reads or writes.

    A reader on PostgreSQL sees one snapshot throughout, as it does on SQLite.
    """
    if dialect == "sqlite" or writes:
        return {WRITES: writes}
    return {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}

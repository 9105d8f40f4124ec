"""The database: opened once, read and written in transactions of one commit each."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import sqlalchemy as sa

from engage.errors import StoreUnavailable
from engage.store import connect, migrations
from engage.store.failures import explained

Tx = sa.Connection
"""One transaction; every function of the aggregates takes it first."""


class Store:
    """All that Engage knows, on SQLite or PostgreSQL, behind the same functions."""

    def __init__(self, address: sa.URL, *, cache_mb: int = connect.CACHE_MB) -> None:
        self.url = address.render_as_string(hide_password=False)
        self.dialect: Literal["sqlite", "postgresql"] = (
            "sqlite" if address.drivername.startswith("sqlite") else "postgresql"
        )
        self.path = Path(str(address.database)) if self.dialect == "sqlite" else None
        self.place = str(self.path or address.set(drivername="postgresql"))
        self._engine = connect.engine(address, cache_mb)
        self._turn = threading.Lock()
        self._writer: int | None = None

    @classmethod
    def open(cls, url: str, *, cache_mb: int = connect.CACHE_MB) -> Store:
        """Return the store at this address; creates nothing and connects to nothing yet.

        `cache_mb` bounds the memory in which each connection to SQLite keeps pages.
        """
        return cls(connect.parsed(url), cache_mb=cache_mb)

    @contextmanager
    def write(self) -> Iterator[Tx]:
        """Open a transaction that writes: one commit at the end, nothing at all on an error."""
        with self._in_turn(), self._transaction(writes=True) as tx:
            yield tx

    @contextmanager
    def read(self) -> Iterator[Tx]:
        """Open a transaction that sees one moment of the database and can change nothing."""
        with self._transaction(writes=False) as tx:
            yield tx

    def upgrade(self) -> None:
        """Create the database where there is none and bring its tables up to date.

        Raises StoreUnavailable for a database that a newer Engage has made or brought further.
        """
        if self.schema_is_current():
            return
        if self.path is not None:
            _create(self.path)
        with self.write() as tx:
            if step := migrations.unknown_step(tx):
                raise StoreUnavailable(
                    f"The database {self.place} belongs to a newer Engage: this one does not know "
                    f"its step {step!r}. Install the newer Engage again, or set [store] url to "
                    "another database; nothing was changed."
                )
            migrations.upgrade(tx)
        # Prepared statements and cached shapes belong to the tables as they were.
        self._engine.dispose()

    def schema_is_current(self) -> bool:
        """Return whether the tables are those this program expects."""
        if self.path is not None and not self.path.exists():
            return False
        with self.read() as tx:
            return migrations.is_current(tx)

    def close(self) -> None:
        """Give back every connection."""
        self._engine.dispose()

    @contextmanager
    def _transaction(self, *, writes: bool) -> Iterator[Tx]:
        with explained(self.place), self._engine.connect() as connection:
            tx = connection.execution_options(**connect.options(self.dialect, writes=writes))
            with tx.begin():
                yield tx

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        # SQLite has one writer; threads of this process queue here instead of polling the file.
        if self.dialect != "sqlite":
            yield
            return
        if self._writer == threading.get_ident():
            raise RuntimeError("this thread already writes: pass its transaction on instead")
        if not self._turn.acquire(timeout=connect.BUSY_S * 3):
            raise StoreUnavailable(
                f"The database {self.place} is busy: another thread of this process has been "
                "writing for 30 s. Try again; if it stays so, restart the process."
            )
        self._writer = threading.get_ident()
        try:
            yield
        finally:
            self._writer = None
            self._turn.release()


def _create(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Personal data: readable by its owner alone.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise StoreUnavailable(
            f"The database {path} cannot be created: {error.strerror}. "
            "Make its folder writable, or set [store] url to another place."
        ) from error

"""What the database's own errors mean for the person who has to mend them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from engage.errors import StoreUnavailable

_CANNOT_WRITE = {
    sqlite3.SQLITE_READONLY: "is read-only",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened",
    sqlite3.SQLITE_PERM: "may not be opened by this user",
    sqlite3.SQLITE_FULL: "is on a disk that is full",
    sqlite3.SQLITE_IOERR: "is on a disk that fails",
    sqlite3.SQLITE_CORRUPT: "is damaged",
    sqlite3.SQLITE_NOTADB: "is not a database",
    sqlite3.SQLITE_BUSY: "is held by another process",
}
_NEXT = {
    sqlite3.SQLITE_READONLY: "Make the file and its folder writable, or set [store] url.",
    sqlite3.SQLITE_CANTOPEN: "Create it with `engage db upgrade`, or set [store] url.",
    sqlite3.SQLITE_FULL: "Free some space and try again; nothing was half-written.",
    sqlite3.SQLITE_CORRUPT: "Restore the last backup.",
    sqlite3.SQLITE_NOTADB: "Set [store] url to another path.",
    sqlite3.SQLITE_BUSY: "Find out which process holds it, end it, and try again.",
}


@contextmanager
def explained(place: str) -> Iterator[None]:
    """Turn an error that a person must mend into StoreUnavailable, naming the database."""
    try:
        yield
    except sa.exc.DBAPIError as error:
        message = _message(error, place)
        if message is None:
            raise
        raise StoreUnavailable(message) from error
    except sa.exc.TimeoutError as error:
        raise StoreUnavailable(
            f"The database {place} has no free connection. Run fewer workers, or try again."
        ) from error


def _message(error: sa.exc.DBAPIError, place: str) -> str | None:
    original = error.orig
    if _is_without_tables(original):
        said = str(original).splitlines()[0]
        return f"The database {place} is not up to date ({said}). Run `engage db upgrade`."
    if isinstance(original, sqlite3.Error):
        # The low byte is the primary code; the rest says more than a person needs.
        code = (getattr(original, "sqlite_errorcode", 0) or 0) & 0xFF
        if code not in _CANNOT_WRITE:
            return None
        advice = _NEXT.get(code, "Check the disk and the rights of the folder.")
        return f"The database {place} {_CANNOT_WRITE[code]}. {advice}"
    if isinstance(error, sa.exc.OperationalError) and _is_lost(error):
        return f"The database {place} does not answer. Start it, or correct ENGAGE_STORE_URL."
    return None


def _is_without_tables(original: BaseException | None) -> bool:
    if isinstance(original, sqlite3.OperationalError):
        return str(original).startswith(("no such table", "no such column"))
    return getattr(original, "sqlstate", None) in {"42P01", "42703"}


def _is_lost(error: sa.exc.OperationalError) -> bool:
    state = getattr(error.orig, "sqlstate", None) or ""
    return error.connection_invalidated or state[:2] in {"", "08", "57", "53"}

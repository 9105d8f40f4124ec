"""Which processes work on a SQLite database: the first one there takes over what dead ones left.

at_work(store, now) -> context manager      for as long as this process claims messages or runs jobs
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from engage.errors import StoreUnavailable
from engage.store import jobs, outbox
from engage.store.store import Store


@contextmanager
def at_work(store: Store, now: datetime) -> Iterator[None]:
    """Hold the process lock of a SQLite database, having taken over from whoever died at work.

    All who work hold it together. Who finds nobody there knows that no lease is anyone's: messages
    are taken back without waiting for theirs to lapse, and runs without an end are written off. On
    PostgreSQL leases are judged by the database's clock alone, and nothing is held.
    """
    if store.path is None:
        yield
        return
    with _locked(store.path.with_name(f"{store.path.name}.lock")) as lock:
        if _is_alone(lock):
            with store.write() as tx:
                outbox.recover(tx, now=now, everything=True)
                jobs.abandon(tx, now)
        # In between another one may be alone for a moment; nothing has been claimed here yet.
        fcntl.flock(lock, fcntl.LOCK_SH)
        yield


@contextmanager
def _locked(path: Path) -> Iterator[int]:
    try:
        lock = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    except OSError as error:
        raise StoreUnavailable(
            f"The process lock {path} cannot be opened: {error.strerror}. "
            "Make it and its folder writable, or set [store] url to another place."
        ) from error
    try:
        yield lock
    finally:
        os.close(lock)


def _is_alone(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

"""What the history's tests share: rows stored, and what a feature query sees of them."""

from __future__ import annotations

from datetime import datetime, timedelta

import pyarrow as pa

from engage.domain.catalog import ARCHIVED
from engage.domain.events import EVENTS
from engage.features.engines.duckdb import DuckEngine
from engage.store import Store, rows
from engage.store.history import History
from tests.store.samples import HOUR, NOON

AT_ONCE = timedelta(0)
EVENING = NOON + 8 * HOUR


def seen(kept: History, name: str = "events") -> list[str]:
    """Return the keys that a feature query sees, in order."""
    key = ARCHIVED[name].key[0]
    with DuckEngine(kept.relations([name]), folder=str(kept.folder)) as duck:
        found: list[str] = duck.table(f"SELECT {key} FROM {name} ORDER BY ALL")[key].to_pylist()
    return found


def add(store: Store, table: pa.Table, at: datetime = NOON) -> None:
    with store.write() as tx:
        rows.add(tx, EVENTS, table, at)


def ids(n: int, start: int = 0) -> list[str]:
    return [f"evt_{i:06d}" for i in range(start, start + n)]


def visit(name: str, person: str = "per_a", at: datetime = NOON) -> pa.Table:
    return pa.Table.from_pylist(
        [{"session_id": name, "person_id": person, "started_at": at, "known_at": at}]
    )

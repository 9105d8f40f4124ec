"""Marks: how far each continuous job has come, and switches.

get(tx, name, default="") -> str
set(tx, name, value) -> None
"""

from __future__ import annotations

import sqlalchemy as sa

from engage.store import bulk
from engage.store.store import Tx
from engage.store.tables.running import marks


def get(tx: Tx, name: str, default: str = "") -> str:
    """Return a mark's value."""
    found = tx.execute(sa.select(marks.c.value).where(marks.c.name == name)).scalar()
    return default if found is None else str(found)


def set(tx: Tx, name: str, value: str) -> None:  # noqa: A001  read as marks.set
    """Give a mark a value."""
    bulk.upsert(tx, "marks", bulk.one(marks, {"name": name, "value": value}))

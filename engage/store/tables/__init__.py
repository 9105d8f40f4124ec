"""Every table of the store, by group of aggregates; imported by the store only."""

from __future__ import annotations

import sqlalchemy as sa

from engage.store.tables import (
    decisions,
    governance,
    models,
    outbox,
    people,
    relations,
    running,
    work,
)
from engage.store.tables.base import Time, metadata

__all__ = [
    "Time",
    "decisions",
    "governance",
    "metadata",
    "models",
    "outbox",
    "people",
    "relations",
    "running",
    "table",
    "work",
]


def table(name: str) -> sa.Table:
    """Return the table of this name; raises KeyError when there is none."""
    return metadata.tables[name]

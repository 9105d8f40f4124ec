"""Short ways to write down rows, so that a test shows what matters and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa

from engage.domain.catalog import ARCHIVED
from engage.features.schema import SUBJECTS, arrow_schema

NOON = datetime.fromisoformat("2024-05-14 12:00:00")
"""A Tuesday, in UTC without a zone as in every frame."""


def at(*, days: float = 0, hours: float = 0, minutes: float = 0) -> datetime:
    """Return the moment this long after noon."""
    return NOON + timedelta(days=days, hours=hours, minutes=minutes)


def table(name: str, *rows: dict[str, Any]) -> pa.Table:
    """Return rows of a relation; what is left out is empty, `known_at` the time it happened."""
    relation = ARCHIVED[name]
    filled = [
        {
            column: row.get(column, row.get(relation.time) if column == "known_at" else None)
            for column in relation.column_names
        }
        for row in rows
    ]
    return pa.Table.from_pylist(filled, schema=arrow_schema(relation))


def event(number: int, ts: datetime, **values: Any) -> dict[str, Any]:
    """Return an event of person `ann` in the visit `visit`."""
    row = {"event_id": f"e{number}", "person_id": "ann", "session_id": "visit", "ts": ts}
    return {**row, "type": "page", **values}


def contact(number: int, ts: datetime, **values: Any) -> dict[str, Any]:
    """Return a call of three minutes that person `ann` began about her card."""
    row = {
        "interaction_id": f"i{number}",
        "person_id": "ann",
        "ts": ts,
        "ended_at": ts + timedelta(minutes=3),
        "known_at": ts + timedelta(minutes=3),
        "channel": "call",
        "initiated_by": "customer",
        "topic": "card",
        "abandoned": False,
    }
    return {**row, **values}


def subjects(*rows: Sequence[Any]) -> pa.Table:
    """Return subjects, each written as (subject_id, person_id, as_of)."""
    return pa.Table.from_pylist(
        [dict(zip(SUBJECTS.names, row, strict=True)) for row in rows], schema=SUBJECTS
    )

"""Small histories written by hand, for every test of measuring."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from engage.domain.catalog import ARCHIVED
from engage.features.engines.duckdb import DuckEngine
from engage.features.schema import arrow_schema

START = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
Rows = Sequence[Mapping[str, Any]]


def at(days: float) -> datetime:
    """Return the moment so many days after the start, as frames hold it."""
    return (START + days * DAY).replace(tzinfo=None)


def table(name: str, rows: Rows) -> pa.Table:
    """Return rows of a relation; `at` is the day, ids and `known_at` are filled in."""
    relation = ARCHIVED[name]
    filled = []
    for number, row in enumerate(rows):
        whole = dict(row)
        moment = at(whole.pop("at")) if "at" in whole else None
        defaults = {relation.time: moment, "known_at": moment, relation.key[0]: f"{name}_{number}"}
        filled.append({**{key: value for key, value in defaults.items() if value}, **whole})
    return pa.Table.from_pylist(filled, arrow_schema(relation))


def history(**relations: Rows) -> DuckEngine:
    """Return an engine over these relations."""
    tables = {name: table(name, rows) for name, rows in relations.items()}
    return DuckEngine(tables, threads=1, memory_mb=512)


def qualifications(*rows: Mapping[str, Any]) -> pa.Table:
    """Return qualifications of `call_unresolved`, treated, at day 0, a week's horizon, unless said."""
    filled = []
    for number, row in enumerate(rows):
        whole = {
            "decision_id": f"dec_{number:04d}",
            "person_id": f"per_{number:04d}",
            "trigger": "call_unresolved",
            "subject_id": None,
            "arm_global": "treated",
            "arm_trigger": "treated",
            "at": 0.0,
            "days": 7.0,
            "band": None,
            **row,
        }
        moment, days = at(whole.pop("at")), whole.pop("days")
        filled.append({**whole, "qualified_at": moment, "until": moment + days * DAY})
    return pa.Table.from_pylist(filled)

"""Decisions with everything that led to them, qualifications, and refusals once per change.

    add(tx, rows, stored_at=None) -> int         our own decisions; qualified ones are also counted in
                                                 `qualifications`, the first per person and trigger
    get(tx, decision_id) -> dict | None          one decision, its JSON columns parsed
    read(tx, *, person_ids, decision_ids, trigger, run_id, source, since, until) -> pa.Table
    qualifications(tx, *, trigger, since, until, first_only) -> pa.Table
    add_refusals(tx, rows, run_id) -> int        rows: person_id, trigger, subject_id, reasons, at
    refusals(tx, *, person_id, trigger, since) -> pa.Table
    refusal_counts(tx, run_ids=None) -> pa.Table

Columns of `rows`: those of `tables.relations.decisions` (contract, "Stored with each decision").
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from engage.store import bulk
from engage.store.refusals import add as add_refusals
from engage.store.refusals import counts as refusal_counts
from engage.store.refusals import read as refusals
from engage.store.store import Tx
from engage.store.tables import decisions as around
from engage.store.tables.relations import decisions

__all__ = [
    "add",
    "add_refusals",
    "get",
    "qualifications",
    "read",
    "refusal_counts",
    "refusals",
]

_JSON = ("allowed", "propensities", "values", "reasons", "artifacts", "features")


def add(tx: Tx, rows: pa.Table, stored_at: datetime | None = None) -> int:
    """Store decisions; one that is known already changes nothing. Returns how many were new."""
    if rows.num_rows == 0:
        return 0
    for name in ("known_at", "stored_at"):
        if name not in rows.column_names and (name == "known_at" or stored_at is None):
            rows = rows.append_column(name, rows["decided_at"])
    new = bulk.insert_new(tx, "decisions", bulk.filled(rows, source="engage", stored_at=stored_at))
    if "qualified" in rows.column_names:
        _qualify(tx, rows.filter(pc.fill_null(rows["qualified"], False)))
    return new


def _qualify(tx: Tx, rows: pa.Table) -> None:
    ordered = rows.sort_by([("decided_at", "ascending"), ("decision_id", "ascending")])
    wanted = {
        "decision_id": ordered["decision_id"],
        "person_id": ordered["person_id"],
        "trigger": ordered["trigger"],
        "trigger_version": ordered["trigger_version"],
        "subject_id": ordered["subject_id"],
        "qualified_at": ordered["decided_at"],
    }
    if "plan_version" in rows.column_names:
        wanted["plan_version"] = pc.fill_null(ordered["plan_version"].cast(pa.string()), "")
    table = pa.table(wanted)
    # The unique index lets one first pass per person and trigger; all others come second.
    bulk.insert_new(tx, "qualifications", bulk.filled(table, first=True))
    bulk.insert_new(tx, "qualifications", bulk.filled(table, first=False))


def get(tx: Tx, decision_id: str) -> dict[str, Any] | None:
    """Return one decision by column name, times aware and JSON parsed; None when unknown."""
    query = sa.select(decisions).where(decisions.c.decision_id == decision_id)
    found = tx.execute(query).mappings().one_or_none()
    if found is None:
        return None
    row = dict(found)
    return row | {name: json.loads(row[name]) for name in _JSON if row[name] is not None}


def read(
    tx: Tx,
    *,
    person_ids: Sequence[str] | None = None,
    decision_ids: Sequence[str] | None = None,
    trigger: str | None = None,
    run_id: str | None = None,
    source: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> pa.Table:
    """Return decisions with every stored column, oldest first; `until` is excluded."""
    query = sa.select(decisions).where(sa.not_(decisions.c.gone))
    if person_ids is not None:
        query = query.where(bulk.among(tx, decisions.c.person_id, person_ids))
    if decision_ids is not None:
        query = query.where(bulk.among(tx, decisions.c.decision_id, decision_ids))
    for column, value in (("trigger", trigger), ("run_id", run_id), ("source", source)):
        if value is not None:
            query = query.where(decisions.c[column] == value)
    if since is not None:
        query = query.where(decisions.c.decided_at >= since)
    if until is not None:
        query = query.where(decisions.c.decided_at < until)
    return bulk.fetch(tx, query.order_by(decisions.c.decided_at, decisions.c.decision_id))


def qualifications(
    tx: Tx,
    *,
    trigger: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    first_only: bool = False,
) -> pa.Table:
    """Return who qualified for what and when, oldest first; `until` is excluded."""
    held = around.qualifications
    query = sa.select(held)
    if trigger is not None:
        query = query.where(held.c.trigger == trigger)
    if since is not None:
        query = query.where(held.c.qualified_at >= since)
    if until is not None:
        query = query.where(held.c.qualified_at < until)
    if first_only:
        query = query.where(held.c.first)
    return bulk.fetch(tx, query.order_by(held.c.qualified_at, held.c.decision_id))

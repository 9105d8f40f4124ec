"""Decisions with everything that led to them, qualifications, and refusals once per change.

    add(tx, rows, stored_at=None) -> int         our own decisions; qualified ones are also counted in
                                                 `qualifications`, the first per person and trigger
    get(tx, decision_id) -> dict | None          one decision, its JSON columns parsed
    read(tx, *, person_ids, decision_ids, trigger, run_id, source, since, until, limit) -> pa.Table
    decided(tx, subject_ids) -> frozenset[str]   ids of the decisions on these subjects
    drawn(tx, since) -> dict[str, int]           how often each action was, or a ghost of it
    any_matured(tx, since, until) -> bool        whether a horizon ended in between
    last_decided(tx, subject_ids) -> dict[str, datetime]       naive UTC
    of_subject(tx, subject_id) -> list[dict]     a subject's decisions, as `get` returns them
    of_people(tx, person_ids) -> list[dict]      these people's decisions, the same way
    qualifications(tx, *, trigger, since, until, first_only) -> pa.Table
    add_refusals(tx, rows, run_id) -> int        rows: person_id, trigger, subject_id, reasons, at
    refusals(tx, *, person_id, trigger, since) -> pa.Table
    refusals_of(tx, thing) -> list[dict]         of a person or subject, the reasons as a list
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
from engage.store.refusals import of as refusals_of
from engage.store.refusals import read as refusals
from engage.store.store import Tx
from engage.store.tables import decisions as around
from engage.store.tables.relations import decisions

_ghosts = around.ghost_ledger

__all__ = [
    "add",
    "add_refusals",
    "decided",
    "drawn",
    "get",
    "of_people",
    "of_subject",
    "qualifications",
    "read",
    "refusal_counts",
    "refusals",
    "refusals_of",
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
    return next(iter(_whole(tx, decisions.c.decision_id == decision_id)), None)


def of_subject(tx: Tx, subject_id: str) -> list[dict[str, Any]]:
    """Return every decision on a subject, the oldest first, as `get` does."""
    return _whole(tx, decisions.c.subject_id == subject_id)


def of_people(tx: Tx, person_ids: Sequence[str]) -> list[dict[str, Any]]:
    """Return every decision on these people, the oldest first, as `get` does."""
    return _whole(tx, bulk.among(tx, decisions.c.person_id, person_ids))


def _whole(tx: Tx, condition: sa.ColumnElement[bool]) -> list[dict[str, Any]]:
    order = decisions.c.decided_at, decisions.c.decision_id
    found = tx.execute(sa.select(decisions).where(condition).order_by(*order)).mappings()
    return [
        {**row, **{name: json.loads(row[name]) for name in _JSON if row[name] is not None}}
        for row in found
    ]


def decided(tx: Tx, subject_ids: Sequence[str]) -> frozenset[str]:
    """Return the ids of every decision that was made on these subjects."""
    query = sa.select(decisions.c.decision_id).where(
        bulk.among(tx, decisions.c.subject_id, subject_ids)
    )
    return frozenset(tx.execute(query).scalars())


def last_decided(tx: Tx, subject_ids: Sequence[str]) -> dict[str, datetime]:
    """Return when each of these subjects was last decided, naive UTC; others are not in it."""
    held = around.qualifications
    query = sa.select(held.c.subject_id, held.c.qualified_at).where(
        bulk.among(tx, held.c.subject_id, subject_ids)
    )
    found = bulk.fetch(tx, query.order_by(held.c.qualified_at)).to_pylist()
    return {row["subject_id"]: row["qualified_at"] for row in found}


def any_matured(tx: Tx, since: datetime | None, until: datetime) -> bool:
    """Return whether the horizon of a decision of ours ended in between; `until` is included."""
    held = decisions.c.horizon_until
    query = sa.select(decisions.c.decision_id).where(held <= until, decisions.c.source == "engage")
    if since is not None:
        query = query.where(held > since)
    return tx.execute(query.limit(1)).first() is not None


def decided_pairs(tx: Tx, subject_ids: Sequence[str]) -> frozenset[tuple[str, str]]:
    """Return (trigger, subject_id) of what was decided for these subjects."""
    held = around.qualifications
    query = sa.select(held.c.trigger, held.c.subject_id).where(
        bulk.among(tx, held.c.subject_id, subject_ids)
    )
    return frozenset((row.trigger, row.subject_id) for row in tx.execute(query))


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
    limit: int | None = None,
    columns: Sequence[str] | None = None,
) -> pa.Table:
    """Return decisions with every stored column, oldest first; `until` is excluded.

    `limit` keeps the newest so many, `columns` just these columns: features and reasons are long.
    """
    wanted = list(decisions.c) if columns is None else [decisions.c[name] for name in columns]
    query = sa.select(*wanted).where(sa.not_(decisions.c.gone))
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
    newest = decisions.c.decided_at.desc(), decisions.c.decision_id.desc()
    found = bulk.fetch(tx, query.order_by(*newest).limit(limit))
    return found.take(pa.array(range(found.num_rows - 1, -1, -1), pa.int64()))


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


def drawn(tx: Tx, since: datetime) -> dict[str, int]:
    """Return how often each action was drawn from a moment on, for the treated and the held out alike."""
    action = sa.func.coalesce(_ghosts.c.action, decisions.c.action).label("action")
    query = (
        sa.select(action, sa.func.count())
        .select_from(decisions)
        .join(_ghosts, _ghosts.c.decision_id == decisions.c.decision_id, isouter=True)
        .where(decisions.c.decided_at >= since, decisions.c.source == "engage")
        .group_by(action)
    )
    return {str(name): int(n) for name, n in tx.execute(query)}

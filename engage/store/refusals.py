"""Refusals: written once per change of a person's reasons for a trigger, and counted per run."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from engage.domain.ids import Prefix, derive_column
from engage.store import bulk
from engage.store.store import Tx
from engage.store.tables.decisions import qualifications, refusal_counts, refusals


def add(tx: Tx, rows: pa.Table, run_id: str) -> int:
    """Store refusals that differ from the person's last one for the trigger; return how many.

    `rows`: person_id, trigger, subject_id, reasons (list of text, or JSON), at. A qualification in
    between makes the same refusal news again. All of them are counted by run and reason.
    """
    if rows.num_rows == 0:
        return 0
    reasons = [sorted(_listed(one)) for one in rows["reasons"].to_pylist()]
    _count(tx, rows["trigger"].to_pylist(), reasons, run_id)
    texts = [json.dumps(one) for one in reasons]
    standing = _standing(tx, sorted(set(rows["person_id"].to_pylist())))
    changed = _changes(rows, texts, standing)
    if not changed:
        return 0
    kept = rows.select(["person_id", "trigger", "subject_id", "at"]).take(changed)
    kept = kept.append_column("reasons", pa.array([texts[i] for i in changed], pa.string()))
    ids = derive_column(
        Prefix.REFUSAL,
        kept["person_id"].to_pylist(),
        kept["trigger"].to_pylist(),
        kept["at"].cast(pa.timestamp("us"), safe=False).cast(pa.string()).to_pylist(),
        kept["reasons"].to_pylist(),
    )
    kept = kept.append_column("refusal_id", pa.array(ids, pa.string()))
    return bulk.insert_new(tx, "refusals", bulk.filled(kept, run_id=run_id))


def _listed(reasons: Any) -> list[str]:
    return list(json.loads(reasons)) if isinstance(reasons, str) else list(reasons or ())


def _count(tx: Tx, triggers: Iterable[str], reasons: list[list[str]], run_id: str) -> None:
    counted = Counter(
        (trigger, reason)
        for trigger, listed in zip(triggers, reasons, strict=True)
        for reason in listed
    )
    held = refusal_counts
    before = {
        (row.trigger, row.reason): row.n
        for row in tx.execute(sa.select(held).where(held.c.run_id == run_id))
    }
    rows = [
        {"run_id": run_id, "trigger": key[0], "reason": key[1], "n": n + before.get(key, 0)}
        for key, n in sorted(counted.items())
    ]
    bulk.upsert(tx, "refusal_counts", pa.Table.from_pylist(rows, bulk.schema(held)))


def _standing(tx: Tx, person_ids: Sequence[str]) -> dict[tuple[str, str], str]:
    """Return the reasons that stand for each person and trigger: "" where they qualified since."""
    newest = _newest(tx, person_ids)
    qualified = tx.execute(
        sa.select(
            qualifications.c.person_id,
            qualifications.c.trigger,
            sa.func.max(qualifications.c.qualified_at, type_=qualifications.c.qualified_at.type),
        )
        .where(bulk.among(tx, qualifications.c.person_id, person_ids))
        .group_by(qualifications.c.person_id, qualifications.c.trigger)
    )
    since = {(person, trigger): at for person, trigger, at in qualified}
    return {
        key: "" if key in since and since[key] > at else reasons
        for key, (reasons, at) in newest.items()
    }


def _newest(tx: Tx, person_ids: Sequence[str]) -> dict[tuple[str, str], tuple[str, datetime]]:
    place = sa.func.row_number().over(
        partition_by=(refusals.c.person_id, refusals.c.trigger),
        order_by=(refusals.c.at.desc(), refusals.c.seq.desc()),
    )
    ranked = (
        sa.select(refusals, place.label("place"))
        .where(bulk.among(tx, refusals.c.person_id, person_ids))
        .subquery()
    )
    found = tx.execute(sa.select(ranked).where(ranked.c.place == 1))
    return {(row.person_id, row.trigger): (row.reasons, row.at) for row in found}


def _changes(rows: pa.Table, texts: list[str], standing: dict[tuple[str, str], str]) -> list[int]:
    changed = []
    keys = zip(rows["person_id"].to_pylist(), rows["trigger"].to_pylist(), strict=True)
    for number, (key, text) in enumerate(zip(keys, texts, strict=True)):
        if standing.get(key) != text:
            standing[key] = text
            changed.append(number)
    return changed


def read(
    tx: Tx,
    *,
    person_id: str | None = None,
    trigger: str | None = None,
    since: datetime | None = None,
) -> pa.Table:
    """Return refusals in the order they were stored."""
    query = sa.select(refusals)
    for column, value in (("person_id", person_id), ("trigger", trigger)):
        if value is not None:
            query = query.where(refusals.c[column] == value)
    if since is not None:
        query = query.where(refusals.c.at >= since)
    return bulk.fetch(tx, query.order_by(refusals.c.seq))


def of(tx: Tx, thing: str) -> list[dict[str, Any]]:
    """Return the refusals of a person or subject, the oldest first, their reasons as a list."""
    query = sa.select(refusals).where(
        sa.or_(refusals.c.subject_id == thing, refusals.c.person_id == thing)
    )
    found = tx.execute(query.order_by(refusals.c.seq)).mappings()
    return [{**row, "reasons": json.loads(row["reasons"])} for row in found]


def counts(tx: Tx, run_ids: Sequence[str] | None = None) -> pa.Table:
    """Return how often each reason refused, by run and trigger."""
    held = refusal_counts
    query = sa.select(held).order_by(held.c.run_id, held.c.trigger, held.c.reason)
    if run_ids is not None:
        query = query.where(bulk.among(tx, held.c.run_id, run_ids))
    return bulk.fetch(tx, query)

"""Rows read once each, when they are known: what a continuous job has still to look at.

    fresh(tx, relation, place, now, *, limit) -> (rows with seq, Place)
    place(tx, name) -> Place
    keep(tx, name, place) -> None

A row may be stored before the moment at which it counts as known: a source's clock is ahead, or the
job is run for a moment in the past. It is passed over then, and read once it is known.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from engage.domain.relations import Relation
from engage.store import bulk, marks, rows
from engage.store.store import Tx
from engage.store.tables import table


@dataclass(frozen=True, slots=True)
class Place:
    """How far a reader has come: all up to `seq`, but for rows that were not known yet."""

    seq: int = 0
    at: datetime | None = None
    """The moment it last read for: what was known by then is read."""
    waits_from: int = 0
    """The first row that was passed over; 0 when none was."""
    waits_until: datetime | None = None
    """When the first of those becomes known."""


def place(tx: Tx, name: str) -> Place:
    """Return how far the reader of this name has come."""
    kept = json.loads(marks.get(tx, name) or "{}")
    for moment in ("at", "waits_until"):
        if kept.get(moment):
            kept[moment] = datetime.fromisoformat(kept[moment])
    return Place(**kept)


def keep(tx: Tx, name: str, place: Place) -> None:
    """Remember how far the reader of this name has come."""
    marks.set(tx, name, json.dumps(asdict(place), default=datetime.isoformat))


def fresh(
    tx: Tx, relation: Relation, place: Place, now: datetime, *, limit: int
) -> tuple[pa.Table, Place]:
    """Return the rows that became known since `place`, with their `seq`, and the place after them.

    Up to `limit` rows that were stored since, and all that were passed over and are known by now.
    """
    stored = rows.read(tx, relation, after_seq=place.seq, limit=limit, with_seq=True)
    moment = pa.scalar(now.astimezone(UTC).replace(tzinfo=None), pa.timestamp("us"))
    known = pc.less_equal(stored["known_at"], moment)
    found = stored.filter(known)
    is_due = place.waits_until is not None and place.waits_until <= now
    if is_due:
        found = pa.concat_tables([_late(tx, relation, place, now), found])
    seq = int(pc.max(stored["seq"]).as_py()) if stored.num_rows else place.seq
    first, until = place.waits_from, place.waits_until
    if is_due or found.num_rows < stored.num_rows:
        first, until = _waiting(tx, relation, first or place.seq + 1, seq, now)
    return found, Place(seq, now, first, until)


def _late(tx: Tx, relation: Relation, place: Place, now: datetime) -> pa.Table:
    """Return what was passed over and is known now."""
    held = table(relation.name)
    query = sa.select(*(held.c[name] for name in (*relation.column_names, "seq"))).where(
        held.c.seq.between(place.waits_from, place.seq),
        held.c.known_at > place.at,
        held.c.known_at <= now,
        sa.not_(held.c.gone),
    )
    return bulk.fetch(tx, query.order_by(held.c.seq))


def _waiting(
    tx: Tx, relation: Relation, first: int, last: int, now: datetime
) -> tuple[int, datetime | None]:
    """Return the first row that is not known yet, and when the next one will be."""
    held = table(relation.name)
    query = sa.select(sa.func.min(held.c.seq), sa.func.min(held.c.known_at)).where(
        held.c.seq.between(first, last), held.c.known_at > now, sa.not_(held.c.gone)
    )
    seq, until = tx.execute(query).one()
    return int(seq or 0), until

"""Slots in which an agent is free to keep a promised call; never sold beyond their places.

publish(tx, rows) -> int                       slot_id, queue, starts_at, ends_at, capacity
withdraw(tx, since, until, kept) -> int        nothing more is promised in slots not kept
free(tx, queue=None, since=None, until=None) -> pa.Table    with places left, and how many
between(tx, since, until) -> pa.Table          all that begin then, full ones too
book(tx, slot_id) -> bool                      one place, or False
release(tx, slot_id) -> bool
get(tx, slot_id) -> dict | None
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from engage.store import bulk
from engage.store.store import Tx
from engage.store.tables.work import slots


def publish(tx: Tx, rows: pa.Table) -> int:
    """Store slots, or change those that are there; what is booked stays booked.

    Returns how many were stored or changed. A slot is never made smaller than what is promised.
    """
    wanted = ["slot_id", "queue", "starts_at", "ends_at", "capacity"]
    changed = bulk.upsert(tx, "slots", rows.select(wanted))
    tx.execute(
        sa.update(slots).where(slots.c.booked > slots.c.capacity).values(capacity=slots.c.booked)
    )
    return changed


def withdraw(tx: Tx, since: datetime, until: datetime, kept: Sequence[str]) -> int:
    """Close the slots of this time that are not among those kept; what is booked stays booked.

    Returns how many had places left.
    """
    closed = tx.execute(
        sa.update(slots)
        .where(
            slots.c.starts_at >= since,
            slots.c.starts_at < until,
            slots.c.capacity > slots.c.booked,
            sa.not_(bulk.among(tx, slots.c.slot_id, kept)),
        )
        .values(capacity=slots.c.booked)
    )
    return closed.rowcount


def free(
    tx: Tx,
    queue: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> pa.Table:
    """Return slots that begin in this time and have places left (`free`), the earliest first."""
    left = (slots.c.capacity - slots.c.booked).label("free")
    query = sa.select(slots, left).where(slots.c.booked < slots.c.capacity)
    if queue is not None:
        query = query.where(slots.c.queue == queue)
    if since is not None:
        query = query.where(slots.c.starts_at >= since)
    if until is not None:
        query = query.where(slots.c.starts_at < until)
    return bulk.fetch(tx, query.order_by(slots.c.starts_at, slots.c.slot_id))


def between(tx: Tx, since: datetime, until: datetime) -> pa.Table:
    """Return every slot that begins in this time, the full ones too, the earliest first."""
    query = sa.select(slots).where(slots.c.starts_at >= since, slots.c.starts_at < until)
    return bulk.fetch(tx, query.order_by(slots.c.starts_at, slots.c.slot_id))


def book(tx: Tx, slot_id: str) -> bool:
    """Take one place of a slot; False when none is left or there is no such slot."""
    result = tx.execute(
        sa.update(slots)
        .where(slots.c.slot_id == slot_id, slots.c.booked < slots.c.capacity)
        .values(booked=slots.c.booked + 1)
    )
    return result.rowcount == 1


def release(tx: Tx, slot_id: str) -> bool:
    """Give one place back; False when none was taken."""
    result = tx.execute(
        sa.update(slots)
        .where(slots.c.slot_id == slot_id, slots.c.booked > 0)
        .values(booked=slots.c.booked - 1)
    )
    return result.rowcount == 1


def get(tx: Tx, slot_id: str) -> dict[str, Any] | None:
    """Return one slot; None when there is no such one."""
    query = sa.select(slots).where(slots.c.slot_id == slot_id)
    found = tx.execute(query).mappings().one_or_none()
    return None if found is None else dict(found)

"""What each person was worth at a moment, by one artifact: before and after are compared by it.

add(tx, rows) -> int     person_id, as_of, artifact_id, value_minor, purpose
read(tx, *, artifact_id=None, purpose=None, person_ids=None, since=None, until=None) -> pa.Table
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pyarrow as pa
import sqlalchemy as sa

from engage.store import bulk
from engage.store.store import Tx
from engage.store.tables.models import value_snapshots


def add(tx: Tx, rows: pa.Table) -> int:
    """Store valuations; one that is there already stays. Returns how many were new."""
    return bulk.insert_new(tx, "value_snapshots", rows)


def read(
    tx: Tx,
    *,
    artifact_id: str | None = None,
    purpose: str | None = None,
    person_ids: Sequence[str] | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> pa.Table:
    """Return valuations, the oldest first; `until` is excluded."""
    held = value_snapshots
    query = sa.select(held)
    if artifact_id is not None:
        query = query.where(held.c.artifact_id == artifact_id)
    if purpose is not None:
        query = query.where(held.c.purpose == purpose)
    if person_ids is not None:
        query = query.where(bulk.among(tx, held.c.person_id, person_ids))
    if since is not None:
        query = query.where(held.c.as_of >= since)
    if until is not None:
        query = query.where(held.c.as_of < until)
    return bulk.fetch(tx, query.order_by(held.c.as_of, held.c.person_id, held.c.artifact_id))

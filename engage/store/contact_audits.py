"""Contacts on no list that were drawn at random, and what somebody found in their record.

add(tx, rows) -> int          interaction_id, person_id, as_of, score, share, drawn_at
waiting(tx, most=None) -> pa.Table       the oldest contact first
judge(tx, interaction_id, verdict, by, at) -> bool
read(tx) -> pa.Table
listed(tx, interaction_ids) -> set[str]  those of which there is a case
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pyarrow as pa
import sqlalchemy as sa

from engage.domain.audits import Verdict
from engage.store import bulk
from engage.store.store import Tx
from engage.store.tables.work import cases, contact_audits


def add(tx: Tx, rows: pa.Table) -> int:
    """Store what was drawn; one that is there already stays. Returns how many were new."""
    return bulk.insert_new(tx, "contact_audits", rows)


def waiting(tx: Tx, most: int | None = None) -> pa.Table:
    """Return the contacts that nobody has judged yet, the oldest first."""
    held = contact_audits
    query = sa.select(held).where(held.c.verdict.is_(None))
    return bulk.fetch(tx, query.order_by(held.c.as_of, held.c.interaction_id).limit(most))


def judge(tx: Tx, interaction_id: str, verdict: Verdict, by: str, at: datetime) -> bool:
    """Write down a verdict, or a better one; False when the contact was not drawn."""
    held = contact_audits
    changed = tx.execute(
        sa.update(held)
        .where(held.c.interaction_id == interaction_id)
        .values(verdict=str(verdict), judged_by=by, judged_at=at)
    )
    return changed.rowcount == 1


def read(tx: Tx) -> pa.Table:
    """Return every contact that was drawn, the oldest first."""
    held = contact_audits
    return bulk.fetch(tx, sa.select(held).order_by(held.c.as_of, held.c.interaction_id))


def listed(tx: Tx, interaction_ids: Sequence[str]) -> set[str]:
    """Return those of these contacts that are or were a case to follow up."""
    query = sa.select(cases.c.subject_id).where(bulk.among(tx, cases.c.subject_id, interaction_ids))
    return set(tx.scalars(query))

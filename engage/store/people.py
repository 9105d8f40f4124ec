"""Who people are, how they may be reached, and what they said about it.

    add_contact_points(tx, rows) -> int      person_id, kind, value, known_at
    add_consents(tx, rows) -> int            person_id, purpose, granted, at, source, text_version
    add_links(tx, rows, stored_at) -> int    person_id, canonical_id, known_at
    canonical(tx, ids) -> dict[str, str]
    members(tx, person_ids) -> pa.Table      person_id (as asked), member_id
    everyone(tx, person_ids) -> list[str]    every id that belongs to these people
    suppress(tx, key, *, reason, at, person_id="", number="", source="") -> int
    suppress_number(tx, number, *, key, reason, source, now) -> int
    lift(tx, key, *, person_id="", number="", channel="", reasons=None) -> int
    destination(tx, person_id, kind) -> str | None
    find(tx, kind, value) -> list[str]       people who have this number or address

Versions of a person's attributes are rows of the relation `people`: see `store.rows`.
"""

from __future__ import annotations

import pyarrow as pa
import sqlalchemy as sa

from engage.store import bulk
from engage.store.identities import add as add_links
from engage.store.identities import canonical, everyone, members
from engage.store.store import Tx
from engage.store.suppressions import lift, suppress, suppress_number
from engage.store.tables.people import contact_points

__all__ = [
    "add_consents",
    "add_contact_points",
    "add_links",
    "canonical",
    "destination",
    "everyone",
    "find",
    "lift",
    "members",
    "suppress",
    "suppress_number",
]


def add_contact_points(tx: Tx, rows: pa.Table) -> int:
    """Store numbers and addresses; return how many were new."""
    return bulk.insert_new(tx, "contact_points", rows)


def add_consents(tx: Tx, rows: pa.Table) -> int:
    """Store what people said to a purpose, each word beside the earlier ones."""
    return bulk.insert_new(tx, "consents", rows)


def destination(tx: Tx, person_id: str, kind: str) -> str | None:
    """Return the number or address of this kind that we learned last, under any identity."""
    ids = everyone(tx, [person_id])
    return tx.execute(
        sa.select(contact_points.c.value)
        .where(bulk.among(tx, contact_points.c.person_id, ids), contact_points.c.kind == kind)
        .order_by(contact_points.c.known_at.desc(), contact_points.c.value)
        .limit(1)
    ).scalar()


def find(tx: Tx, kind: str, value: str) -> list[str]:
    """Return the people who have this number or address."""
    return list(
        tx.execute(
            sa.select(contact_points.c.person_id)
            .where(contact_points.c.kind == kind, contact_points.c.value == value)
            .order_by(contact_points.c.person_id)
        ).scalars()
    )

"""The stop list: keyed hashes of people and numbers, which outlive erasure and new imports."""

from __future__ import annotations

import hmac
from datetime import datetime
from typing import Literal

import pyarrow as pa
import sqlalchemy as sa

from engage.store import bulk, identities
from engage.store.store import Tx
from engage.store.tables.people import contact_points, suppressions

Scope = Literal["person", "number"]


def key_hash(key: bytes, scope: Scope, value: str) -> str:
    """Return what is stored instead of a person's id or number: HMAC-SHA256 in hexadecimal."""
    return hmac.digest(key, f"{scope}\x1f{value}".encode(), "sha256").hex()


def suppress(
    tx: Tx,
    key: bytes,
    *,
    reason: str,
    at: datetime,
    person_id: str = "",
    number: str = "",
    source: str = "",
) -> int:
    """Put a person, a number (or e-mail address), or both on the stop list.

    Returns how many entries were new; the first one stays.
    """
    given: list[tuple[Scope, str]] = [("person", person_id), ("number", number)]
    entries = pa.Table.from_pylist(
        [
            {"scope": scope, "key_hash": key_hash(key, scope, value)}
            for scope, value in given
            if value
        ]
    )
    return bulk.insert_new(
        tx, "suppressions", bulk.filled(entries, reason=reason, at=at, source=source)
    )


def suppress_number(
    tx: Tx, number: str, *, key: bytes, reason: str, source: str, now: datetime
) -> int:
    """Put a number or address on the stop list, and whoever holds it, under every identity."""
    holders = sa.select(contact_points.c.person_id).where(contact_points.c.value == number)
    new = suppress(tx, key, number=number, reason=reason, source=source, at=now)
    for person_id in identities.everyone(tx, sorted(set(tx.execute(holders).scalars()))):
        new += suppress(tx, key, person_id=person_id, reason=reason, source=source, at=now)
    return new


def lift(tx: Tx, key: bytes, *, person_id: str = "", number: str = "") -> int:
    """Take a person or number off the stop list, because they asked; return how many entries."""
    given: list[tuple[Scope, str]] = [("person", person_id), ("number", number)]
    hashes = [key_hash(key, scope, value) for scope, value in given if value]
    result = tx.execute(
        sa.delete(suppressions).where(bulk.among(tx, suppressions.c.key_hash, hashes))
    )
    return result.rowcount


def hits(tx: Tx, key: bytes, candidates: pa.Table) -> pa.Table:
    """Return which candidates are on the stop list: person_id, scope, reason, at.

    `candidates`: person_id (whose row it becomes), scope, value.
    """
    hashes = [
        key_hash(key, scope, value)
        for scope, value in zip(
            candidates["scope"].to_pylist(), candidates["value"].to_pylist(), strict=True
        )
    ]
    listed = bulk.fetch(
        tx,
        sa.select(
            suppressions.c.scope,
            suppressions.c.key_hash,
            suppressions.c.reason,
            suppressions.c.at,
        ).where(bulk.among(tx, suppressions.c.key_hash, hashes)),
    )
    asked = pa.table(
        {"person_id": candidates["person_id"], "key_hash": pa.array(hashes, pa.string())}
    )
    found = asked.join(listed, "key_hash", join_type="inner")
    order = [("person_id", "ascending"), ("scope", "ascending"), ("key_hash", "ascending")]
    return found.sort_by(order).select(["person_id", "scope", "reason", "at"])

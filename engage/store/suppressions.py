"""The stop list: keyed hashes of people and numbers, which outlive erasure and new imports."""

from __future__ import annotations

import hmac
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import pyarrow as pa
import sqlalchemy as sa

from engage.store import bulk, identities
from engage.store.store import Tx
from engage.store.tables.people import contact_points, suppressions

Scope = Literal["person", "number"]
CHANNEL = "channel:"
"""What the scope of an entry begins with that stops one channel to a number and no other."""


def key_hash(key: bytes, scope: str, value: str) -> str:
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


def suppress_channel(
    tx: Tx, number: str, channel: str, *, key: bytes, reason: str, now: datetime
) -> int:
    """Stop one channel to a number and nothing else; return how many entries were new."""
    scope = f"{CHANNEL}{channel}"
    entry = pa.Table.from_pylist([{"scope": scope, "key_hash": key_hash(key, scope, number)}])
    filled = bulk.filled(entry, reason=reason, at=now, source=channel)
    return bulk.insert_new(tx, "suppressions", filled)


def channels(tx: Tx) -> list[str]:
    """Return the channels that somebody has stopped without stopping the others."""
    listed = sa.select(suppressions.c.scope).where(suppressions.c.scope.startswith(CHANNEL))
    return sorted(one.removeprefix(CHANNEL) for one in set(tx.execute(listed).scalars()))


def lift(
    tx: Tx,
    key: bytes,
    *,
    person_id: str = "",
    number: str = "",
    channel: str = "",
    reasons: Collection[str] | None = None,
) -> int:
    """Take a person or number off the stop list, because they asked; return how many entries.

    `channel`: where the number had stopped that channel alone. `reasons`: only entries made for
    one of these.
    """
    mine = _Entries(tx, key, person_id, number, channel).where(reasons)
    return tx.execute(sa.delete(suppressions).where(mine)).rowcount


def confirm(
    tx: Tx,
    key: bytes,
    before: str,
    after: str,
    *,
    person_id: str = "",
    number: str = "",
    channel: str = "",
) -> int:
    """Give entries another reason: what was done to be on the safe side was asked for after all."""
    mine = _Entries(tx, key, person_id, number, channel).where([before])
    return tx.execute(sa.update(suppressions).where(mine).values(reason=after)).rowcount


@dataclass(frozen=True, slots=True)
class _Entries:
    """The entries of one person and one number, on one channel alone or on all."""

    tx: Tx
    key: bytes
    person_id: str
    number: str
    channel: str

    def where(self, reasons: Collection[str] | None) -> sa.ColumnElement[bool]:
        """Return the condition that an entry is one of them, made for one of these reasons."""
        given = [("person", self.person_id), ("number", self.number)]
        if self.channel:
            given.append((f"{CHANNEL}{self.channel}", self.number))
        hashes = [key_hash(self.key, scope, value) for scope, value in given if value]
        mine = bulk.among(self.tx, suppressions.c.key_hash, hashes)
        if reasons is None:
            return mine
        return sa.and_(mine, suppressions.c.reason.in_(sorted(reasons)))


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

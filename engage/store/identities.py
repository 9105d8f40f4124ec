"""Which ids belong to the same person, following every link in both directions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import pyarrow as pa
import sqlalchemy as sa

from engage.domain.people import LINKS
from engage.store import assignments, bulk, rows
from engage.store.store import Tx
from engage.store.tables.relations import links


def add(tx: Tx, found: pa.Table, stored_at: datetime) -> int:
    """Store links (person_id, canonical_id, known_at) and join the two identities' arms.

    Returns how many were new; an identity that is linked already stays where it is.
    """
    new = rows.add(tx, LINKS, found, stored_at)
    if new:
        assignments.merge(tx, found)
    return new


def canonical(tx: Tx, ids: Iterable[str]) -> dict[str, str]:
    """Return for each id the person it turned out to be: itself where nothing links it."""
    asked = sorted(set(ids))
    towards = _ups(tx, asked)
    return {one: _end(one, towards) for one in asked}


def _ups(tx: Tx, ids: Sequence[str]) -> dict[str, str]:
    known: dict[str, str] = {}
    frontier = list(ids)
    while frontier:
        found = _linked(tx, links.c.person_id, frontier)
        known |= found
        frontier = sorted(set(found.values()) - set(known))
    return known


def _end(one: str, towards: dict[str, str]) -> str:
    seen = {one}
    # A circle cannot be stored by the merging of identities; an import could bring one.
    while one in towards and towards[one] not in seen:
        one = towards[one]
        seen.add(one)
    return one


def members(tx: Tx, person_ids: Sequence[str]) -> pa.Table:
    """Return every id that belongs to these people: columns person_id (as asked), member_id."""
    ends = canonical(tx, person_ids)
    below: dict[str, set[str]] = {end: {end} for end in ends.values()}
    frontier = {end: end for end in below}
    while frontier:
        found = _linked(tx, links.c.canonical_id, sorted(frontier))
        frontier = {member: frontier[above] for member, above in found.items() if above in frontier}
        frontier = {one: end for one, end in frontier.items() if one not in below[end]}
        for one, end in frontier.items():
            below[end].add(one)
    pairs = [(asked, one) for asked, end in ends.items() for one in sorted(below[end] | {asked})]
    return pa.table(
        {
            "person_id": pa.array([pair[0] for pair in pairs], pa.string()),
            "member_id": pa.array([pair[1] for pair in pairs], pa.string()),
        }
    )


def everyone(tx: Tx, person_ids: Sequence[str]) -> list[str]:
    """Return every id that belongs to these people, in order."""
    return sorted(set(members(tx, person_ids)["member_id"].to_pylist()))


def _linked(tx: Tx, column: sa.Column[str], ids: Sequence[str]) -> dict[str, str]:
    query = sa.select(links.c.person_id, links.c.canonical_id).where(
        bulk.among(tx, column, ids), sa.not_(links.c.gone)
    )
    return {row.person_id: row.canonical_id for row in tx.execute(query)}

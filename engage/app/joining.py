"""Identities that were found to be one person are joined, or marked when two people share them."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from engage.collect.identity import STATEMENTS, as_statements, links
from engage.domain.people import LINKS
from engage.store import assignments, people, rows
from engage.store.store import Tx


def join(tx: Tx, statements: pa.Table, now: datetime) -> list[str]:
    """Take in what was stated (alias_id, person_id, known_at) and return whose identity changed.

    The links in the end depend on the set of statements alone, whatever came first.
    """
    if statements.num_rows == 0:
        return []
    aliases = pc.unique(statements["alias_id"]).to_pylist()
    held = rows.read(tx, LINKS, person_ids=aliases)
    made = links(
        pa.concat_tables(
            [as_statements(held), statements.select(STATEMENTS.names).cast(STATEMENTS)]
        )
    )
    place = pc.index_in(made["person_id"], held["person_id"].combine_chunks()).combine_chunks()
    new = place.is_null()
    canonical = held["canonical_id"].combine_chunks().take(place)
    since = held["known_at"].combine_chunks().take(place)
    same = pc.and_(pc.equal(made["canonical_id"], canonical), pc.equal(made["known_at"], since))
    changed = made.filter(pc.and_not(pc.invert(new), pc.fill_null(same, False)))
    fresh = made.filter(new)
    alone = pc.equal(fresh["person_id"], fresh["canonical_id"])
    people.add_links(tx, fresh.filter(pc.invert(alone)), now)
    rows.add(tx, LINKS, fresh.filter(alone), now)
    rows.replace(tx, LINKS, changed, now)
    left = held.filter(pc.is_in(held["person_id"], changed["person_id"].combine_chunks()))
    moved = pa.concat_tables([fresh, changed, left])
    touched = sorted({*moved["person_id"].to_pylist(), *moved["canonical_id"].to_pylist()})
    _keep_one_arm(tx, touched)
    return touched


def _keep_one_arm(tx: Tx, ids: list[str]) -> None:
    """Give each person the earliest arm of all identities, along whole chains of links."""
    members = people.members(tx, ids)
    ends = people.canonical(tx, ids)
    whose = pa.array([ends[one] for one in members["person_id"].to_pylist()], pa.string())
    assignments.merge(tx, pa.table({"person_id": members["member_id"], "canonical_id": whose}))

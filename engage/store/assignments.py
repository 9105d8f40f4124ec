"""Arms: stored once at first qualification, never computed again.

store_first(tx, rows) -> pa.Table       rows: person_id, scope, arm, epoch, share, assigned_at
read(tx, person_ids) -> pa.Table
merge(tx, links) -> int                 rows: person_id (an identity), canonical_id (whose)
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from engage.store import bulk
from engage.store.store import Tx
from engage.store.tables.people import assignments


def store_first(tx: Tx, rows: pa.Table) -> pa.Table:
    """Store arms where none is stored yet, and return what is in force for these rows.

    The first one wins, whoever else assigns at the same moment. Same rows, same order.
    """
    bulk.insert_new(tx, "assignments", rows)
    in_force = read(tx, sorted(set(rows["person_id"].to_pylist())))
    asked = rows.select(["person_id", "scope"]).append_column(
        "_row", pa.array(range(rows.num_rows), pa.int64())
    )
    joined = asked.join(in_force, ["person_id", "scope"], join_type="inner")
    return joined.sort_by("_row").drop_columns(["_row"]).select(in_force.column_names)


def read(tx: Tx, person_ids: Sequence[str] | None = None) -> pa.Table:
    """Return the arms of these people, or of everybody."""
    query = sa.select(assignments).order_by(assignments.c.person_id, assignments.c.scope)
    if person_ids is not None:
        query = query.where(bulk.among(tx, assignments.c.person_id, person_ids))
    return bulk.fetch(tx, query)


def merge(tx: Tx, links: pa.Table) -> int:
    """Give a person the earliest arm of all identities that turned out to be theirs.

    Two arms that differ are flagged (`merged_flag`) on every identity, to be counted and reported.
    Returns how many people were found in two arms.
    """
    identities: dict[str, set[str]] = defaultdict(set)
    pairs = zip(links["person_id"].to_pylist(), links["canonical_id"].to_pylist(), strict=True)
    for identity, canonical in pairs:
        identities[canonical] |= {identity, canonical}
    everybody = sorted(set().union(*identities.values()))
    held: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in read(tx, everybody).to_pylist() if everybody else []:
        held[row["person_id"]].append(row)
    return sum(
        _merge(tx, canonical, ids, [row for one in sorted(ids) for row in held.get(one, ())])
        for canonical, ids in sorted(identities.items())
        if len(ids) > 1
    )


def _merge(tx: Tx, canonical: str, ids: set[str], held: list[dict[str, Any]]) -> bool:
    """Write one arm for all identities of a person; return whether they were in different ones."""
    found = False
    for scope in sorted({row["scope"] for row in held}):
        rows = sorted(
            (row for row in held if row["scope"] == scope),
            key=lambda row: (row["assigned_at"], row["person_id"] != canonical),
        )
        differ = len({row["arm"] for row in rows}) > 1
        flag = differ or any(row["merged_flag"] for row in rows)
        each = [dict(rows[0], merged_flag=flag, person_id=one) for one in sorted(ids)]
        if each != sorted(rows, key=lambda row: str(row["person_id"])):
            bulk.upsert(tx, "assignments", pa.Table.from_pylist(each, bulk.schema(assignments)))
        found |= differ
    return found

"""The rows of every relation that queries read: added once each, replaced, taken back, read.

    add(tx, relation, rows, stored_at) -> int          number new; rows known already change nothing
    replace(tx, relation, rows, stored_at) -> int      the newest version of these keys wins
    remove(tx, relation, keys, stored_at) -> int       takes rows back, archived ones included
    read(tx, relation, *, person_ids, since, until, after_seq, limit, with_seq) -> pa.Table
    stored(tx, relation, keys) -> pa.Array             those of these keys that are there
    of(tx, relation, column, values) -> pa.Table       the hot rows with one of these values
    as_stored(relation, rows) -> pa.Table              the rows as they would come back
    find(tx, relation, column, value) -> list[dict]
    count(tx, relation) -> int                         hot rows
    last_of(tx, relation, until) -> int                the last `seq` of what happened before
    page(tx, relation, after, last, limit) -> pa.Table every stored column, in the order of `seq`
    newer(tx, relation, after) -> pa.Table             the relation's columns, `seq` and `gone`

`rows` has the relation's columns (`domain.catalog`); `sessions` may add `last_at`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from engage.domain.catalog import ARCHIVED
from engage.domain.decisions import DECISIONS
from engage.domain.relations import Relation
from engage.features.schema import arrow_schema
from engage.store import bulk, manifest
from engage.store.store import Tx
from engage.store.tables import table

_PAGE = 100_000


def add(tx: Tx, relation: Relation, rows: pa.Table, stored_at: datetime) -> int:
    """Store the rows whose natural key is not known yet, and return how many those were."""
    new = bulk.insert_new(tx, relation.name, _stamped(relation, rows, stored_at))
    if new:
        _note_amendment(tx, relation, rows)
    return new


def replace(tx: Tx, relation: Relation, rows: pa.Table, stored_at: datetime) -> int:
    """Store these rows in place of those with the same key, and return how many there are.

    Raises ValueError for a relation whose key has more than one column: those are never rewritten.
    """
    if rows.num_rows == 0:
        return 0
    held, key = table(relation.name), _single_key(relation)
    keys = rows[key].to_pylist()
    # Delete before the watermark is read: on PostgreSQL that waits for an archive in progress.
    old = bulk.returned(tx, sa.delete(held).where(bulk.among(tx, held.c[key], keys)), [held.c.seq])
    new = bulk.insert_new(tx, relation.name, _stamped(relation, rows, stored_at))
    _note_amendment(tx, relation, rows, old["seq"])
    return new


def remove(tx: Tx, relation: Relation, keys: Sequence[str], stored_at: datetime) -> int:
    """Take rows back; an archived one leaves a mark (`gone`) that hides it in the archive."""
    held = table(relation.name)
    old = bulk.returned(
        tx,
        sa.delete(held).where(bulk.among(tx, held.c[_single_key(relation)], keys)),
        list(held.c),
    )
    mark = manifest.watermark(tx, relation)
    # Once anything was amended, a row that is only here may have an older version in the files.
    archived = old if mark.amendments else old.filter(pc.less_equal(old["seq"], mark.seq))
    if archived.num_rows:
        marks = archived.drop_columns(["seq", "gone", "stored_at"])
        bulk.insert_new(tx, relation.name, bulk.filled(marks, gone=True, stored_at=stored_at))
        manifest.amend(tx, relation)
    return int(old.num_rows)


def read(
    tx: Tx,
    relation: Relation,
    *,
    person_ids: Sequence[str] | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    after_seq: int | None = None,
    limit: int | None = None,
    with_seq: bool = False,
) -> pa.Table:
    """Return hot rows in the order they were stored.

    `since` (included) and `until` (excluded) bound the relation's own time; `after_seq` returns what
    was stored after that row.
    """
    held = table(relation.name)
    names = (*relation.column_names, *(["seq"] if with_seq else []))
    query = sa.select(*(held.c[name] for name in names)).where(sa.not_(held.c.gone))
    if person_ids is not None:
        query = query.where(bulk.among(tx, held.c.person_id, person_ids))
    if since is not None:
        query = query.where(held.c[relation.time] >= since)
    if until is not None:
        query = query.where(held.c[relation.time] < until)
    if after_seq is not None:
        query = query.where(held.c.seq > after_seq)
    return bulk.fetch(tx, query.order_by(held.c.seq).limit(limit))


def stored(tx: Tx, relation: Relation, keys: Sequence[str]) -> pa.Array:
    """Return which of these keys are stored, those of rows taken back among them."""
    key = table(relation.name).c[_single_key(relation)]
    found = bulk.fetch(tx, sa.select(key).where(bulk.among(tx, key, keys)))
    return found.column(0).combine_chunks()


def of(tx: Tx, relation: Relation, column: str, values: Sequence[str]) -> pa.Table:
    """Return the hot rows that have one of these values in a column, in the order of storing."""
    held = table(relation.name)
    query = sa.select(*(held.c[name] for name in relation.column_names)).where(
        bulk.among(tx, held.c[column], values), sa.not_(held.c.gone)
    )
    return bulk.fetch(tx, query.order_by(held.c.seq))


def as_stored(relation: Relation, rows: pa.Table) -> pa.Table:
    """Return rows with every column of their relation, as they would come back if stored."""
    for field in arrow_schema(relation):
        if field.name not in rows.column_names:
            rows = rows.append_column(field.name, pa.nulls(rows.num_rows, field.type))
    fitted = bulk.conform(rows.select(relation.column_names), table(relation.name))
    return fitted.cast(pa.schema([field.with_nullable(True) for field in arrow_schema(relation)]))


def find(tx: Tx, relation: Relation, column: str, value: str) -> list[dict[str, Any]]:
    """Return the hot rows that have this value in a column, times aware."""
    held = table(relation.name)
    query = sa.select(*(held.c[name] for name in relation.column_names)).where(
        held.c[column] == value, sa.not_(held.c.gone)
    )
    return [dict(row) for row in tx.execute(query.order_by(held.c.seq)).mappings()]


def last_of(tx: Tx, relation: Relation, until: datetime) -> int:
    """Return the last `seq` of the hot rows whose own time is before a moment; 0 without one."""
    held = table(relation.name)
    query = sa.select(sa.func.max(held.c.seq)).where(held.c[relation.time] < until)
    return int(tx.execute(query).scalar() or 0)


def count(tx: Tx, relation: Relation) -> int:
    """Return how many rows of a relation are hot."""
    held = table(relation.name)
    query = sa.select(sa.func.count()).select_from(held).where(sa.not_(held.c.gone))
    return int(tx.execute(query).scalar_one())


def page(tx: Tx, relation: Relation, after: int, last: int, limit: int) -> pa.Table:
    """Return up to `limit` rows with numbers above `after` and up to `last`, every column."""
    held = table(relation.name)
    query = sa.select(held).where(held.c.seq > after, held.c.seq <= last)
    return bulk.fetch(tx, query.order_by(held.c.seq).limit(limit))


def newer(tx: Tx, relation: Relation, after: int, known_by: datetime | None = None) -> pa.Table:
    """Return all rows with numbers above `after`, those taken back (`gone`) among them."""
    held = table(relation.name)
    query = sa.select(*(held.c[name] for name in (*relation.column_names, "seq", "gone")))
    if known_by is not None:
        query = query.where(held.c.known_at <= known_by)
    # In pages, because what the driver returns takes many times the room of the same in Arrow.
    pages = [bulk.fetch(tx, query.where(held.c.seq > after).order_by(held.c.seq).limit(_PAGE))]
    while pages[-1].num_rows == _PAGE:
        last = pages[-1]["seq"][-1].as_py()
        pages.append(
            bulk.fetch(tx, query.where(held.c.seq > last).order_by(held.c.seq).limit(_PAGE))
        )
    return pa.concat_tables(pages)


def _stamped(relation: Relation, rows: pa.Table, stored_at: datetime) -> pa.Table:
    constants: dict[str, Any] = {"stored_at": stored_at}
    if relation is DECISIONS:
        constants["source"] = "import"
    return bulk.filled(rows, **constants)


def _single_key(relation: Relation) -> str:
    if len(relation.key) != 1:
        raise ValueError(
            f"rows of {relation.name} are never rewritten: their key is {relation.key}"
        )
    return relation.key[0]


def _note_amendment(
    tx: Tx, relation: Relation, rows: pa.Table, old_seqs: pa.ChunkedArray | None = None
) -> None:
    """Remember that the archive holds an older version of some of these rows."""
    if relation.name not in ARCHIVED:
        return
    mark = manifest.watermark(tx, relation)
    rewritten = old_seqs is not None and bool(pc.any(pc.less_equal(old_seqs, mark.seq)).as_py())
    if rewritten or _any_before(rows[relation.time], mark.pruned_before):
        manifest.amend(tx, relation)


def _any_before(times: pa.ChunkedArray, moment: datetime | None) -> bool:
    if moment is None:
        return False
    earliest = pc.min(times.cast(pa.timestamp("us", "UTC"), safe=False)).as_py()
    return earliest is not None and bool(earliest < moment)

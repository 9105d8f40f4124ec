"""What the database knows of the history: which files count, and up to which row they reach."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from engage.domain.relations import Relation
from engage.store import bulk
from engage.store.store import Tx
from engage.store.tables import table
from engage.store.tables.running import history_files, watermarks

PRUNED_AT_ONCE = 20_000
"""Rows deleted in one transaction, so that nobody waits long for the database."""


@dataclass(frozen=True, slots=True)
class Watermark:
    """Rows up to `seq` are in the files; `amendments` counts later versions of such rows."""

    seq: int = 0
    pruned_before: datetime | None = None
    amendments: int = 0


@dataclass(frozen=True, slots=True)
class File:
    """One file of the history; the path is relative to its folder."""

    path: str
    relation: str
    partition: str
    rows: int
    first_seq: int
    last_seq: int
    amends: bool
    written_at: datetime


def watermark(tx: Tx, relation: Relation) -> Watermark:
    """Return how far a relation is archived."""
    held = watermarks
    query = sa.select(held.c.seq, held.c.pruned_before, held.c.amendments)
    found = tx.execute(query.where(held.c.relation == relation.name)).one_or_none()
    return Watermark() if found is None else Watermark(*found)


def amend(tx: Tx, relation: Relation) -> None:
    """Note that the files hold an older version of some row."""
    tx.execute(
        sa.update(watermarks)
        .where(watermarks.c.relation == relation.name)
        .values(amendments=watermarks.c.amendments + 1)
    )


def files(tx: Tx, relation: Relation | None = None) -> list[File]:
    """Return the files that count, in order."""
    held = history_files
    query = sa.select(held).order_by(held.c.relation, held.c.partition, held.c.path)
    if relation is not None:
        query = query.where(held.c.relation == relation.name)
    return [File(**row) for row in tx.execute(query).mappings()]


def hold(tx: Tx, relation: Relation) -> None:
    """Wait for every writer of the relation and keep new ones waiting until the commit.

    On SQLite a writing transaction is alone already.
    """
    if tx.dialect.name == "postgresql":
        name = tx.dialect.identifier_preparer.quote(relation.name)
        tx.exec_driver_sql(f"LOCK TABLE {name} IN SHARE ROW EXCLUSIVE MODE")


def last(tx: Tx, relation: Relation) -> int:
    """Return the number of the row that was stored last."""
    return int(tx.execute(sa.select(sa.func.max(table(relation.name).c.seq))).scalar() or 0)


def last_settled(tx: Tx, relation: Relation, before: datetime) -> int:
    """Return the number up to which every row was stored no later than this."""
    held = table(relation.name)
    done = watermark(tx, relation).seq
    young = sa.select(sa.func.min(held.c.seq)).where(held.c.seq > done, held.c.stored_at > before)
    first_young = tx.execute(young).scalar()
    if first_young is not None:
        return int(first_young) - 1
    return last(tx, relation)


def record(
    tx: Tx, relation: Relation, after: int, seqs: pa.ChunkedArray, written: list[File]
) -> bool:
    """List the files that hold these rows and move the watermark to the last of them.

    False, and nothing is listed, when one of the rows is no longer what was copied or another
    process was faster.
    """
    held, final = table(relation.name), int(pc.max(seqs).as_py())
    between = sa.and_(held.c.seq > after, held.c.seq <= final)
    there = tx.execute(sa.select(sa.func.count()).select_from(held).where(between)).scalar_one()
    mark = watermark(tx, relation)
    if there != len(seqs) or mark.seq != after:
        return False
    _list(tx, written, amends=mark.amendments > 0)
    moved = {"relation": relation.name, "seq": final}
    bulk.upsert(tx, "watermarks", bulk.one(watermarks, moved))
    return True


def _list(tx: Tx, written: list[File], *, amends: bool) -> None:
    lines = [asdict(file) | {"amends": amends} for file in written]
    bulk.insert_new(tx, "history_files", pa.Table.from_pylist(lines, bulk.schema(history_files)))


def prune(tx: Tx, relation: Relation, before: datetime) -> int:
    """Delete some archived rows that happened and were stored before this; return how many.

    What was imported lately stays for as long, however old it is, so that importing the same file
    again still changes nothing.
    """
    held, mark = table(relation.name), watermark(tx, relation)
    cold = _cold(relation, mark, before).order_by(held.c.seq).limit(PRUNED_AT_ONCE)
    deleted = tx.execute(sa.delete(held).where(held.c.seq.in_(cold))).rowcount
    if deleted and (mark.pruned_before is None or mark.pruned_before < before):
        tx.execute(
            sa.update(watermarks)
            .where(watermarks.c.relation == relation.name)
            .values(pruned_before=before)
        )
    return deleted


def has_cold(tx: Tx, relation: Relation, before: datetime) -> bool:
    """Return whether there is anything to prune."""
    query = _cold(relation, watermark(tx, relation), before).limit(1)
    return tx.execute(query).first() is not None


def _cold(relation: Relation, mark: Watermark, before: datetime) -> sa.Select[tuple[int]]:
    held = table(relation.name)
    return sa.select(held.c.seq).where(
        held.c.seq <= mark.seq, held.c[relation.time] < before, held.c.stored_at < before
    )


def exchange(
    tx: Tx,
    relation: Relation,
    renewed: dict[str, File | None],
    mark: Watermark,
    seen: int,
) -> bool:
    """List rewritten files in place of the old ones (None: nothing was left of it).

    `seen` is the number of the last row that was looked at. False, and nothing changes, when
    something was archived or amended since `mark`.
    """
    if watermark(tx, relation) != mark:
        return False
    held: Any = table(relation.name)
    tx.execute(sa.delete(history_files).where(bulk.among(tx, history_files.c.path, list(renewed))))
    _list(tx, [file for file in renewed.values() if file is not None], amends=False)
    # The marks of rows taken back have done their work: no file holds such a row any more.
    tx.execute(sa.delete(held).where(held.c.gone, held.c.seq <= max(seen, mark.seq)))
    tx.execute(
        sa.update(watermarks).where(watermarks.c.relation == relation.name).values(amendments=0)
    )
    return True

"""Imported rows that could not be used, with file, line and reason, until somebody mends them.

add(tx, rows, *, import_id, kind, file, at) -> int      rows: line, reason, raw, and number if known
read(tx, *, kind=None, import_id=None, state=NEW, limit=None) -> pa.Table
page(tx, import_id, after, limit, *, hold=True) -> pa.Table     new rows, in the order of the file
count(tx) -> int                                        of rows that wait
set_state(tx, quarantine_ids, state) -> int             of rows that are new
restate(tx, quarantine_ids, reasons) -> None            the reasons found when they were read again
supersede(tx, import_id, earlier) -> int                what earlier imports of the file set aside
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import pyarrow as pa
import sqlalchemy as sa

from engage.domain.ids import Prefix, derive_column
from engage.store import bulk
from engage.store.store import Tx
from engage.store.tables.running import quarantine

NEW: Final = "new"
MENDED: Final = "mended"
DISMISSED: Final = "dismissed"


def add(tx: Tx, rows: pa.Table, *, import_id: str, kind: str, file: str, at: datetime) -> int:
    """Put rows aside; the same row of the same file is there once. Returns how many were new.

    A row that waits already is told anew: with the reason and the import that found it last.
    """
    if rows.num_rows == 0:
        return 0
    n = rows.num_rows
    lines, raw = rows["line"].cast(pa.string()).to_pylist(), rows["raw"].to_pylist()
    ids = derive_column(Prefix.QUARANTINE, [kind] * n, [file] * n, lines, raw)
    waiting = bulk.among(tx, quarantine.c.quarantine_id, ids), quarantine.c.state == NEW
    before = tx.execute(sa.delete(quarantine).where(*waiting)).rowcount
    kept = rows.append_column("quarantine_id", pa.array(ids, pa.string()))
    constants = {"import_id": import_id, "kind": kind, "file": file, "at": at, "state": NEW}
    return bulk.insert_new(tx, "quarantine", bulk.filled(kept, **constants)) - before


def read(
    tx: Tx,
    *,
    kind: str | None = None,
    import_id: str | None = None,
    state: str | None = NEW,
    limit: int | None = None,
) -> pa.Table:
    """Return rows that were put aside, by file and line."""
    held = quarantine
    query = sa.select(held)
    for column, value in (("kind", kind), ("import_id", import_id), ("state", state)):
        if value is not None:
            query = query.where(held.c[column] == value)
    ordered = query.order_by(held.c.at, held.c.file, held.c.line, held.c.quarantine_id)
    return bulk.fetch(tx, ordered.limit(limit))


Place = tuple[int, str]
"""A row's line and id: where to go on reading."""

START: Final[Place] = (-1, "")


def page(tx: Tx, import_id: str, after: Place, limit: int, *, hold: bool = True) -> pa.Table:
    """Return an import's new rows behind a place, by line.

    `hold` keeps everybody else from mending them meanwhile; it needs a transaction that writes.
    """
    held = quarantine
    behind: Any = sa.tuple_(held.c.line, held.c.quarantine_id) > sa.tuple_(*after)
    query = sa.select(held).where(held.c.import_id == import_id, held.c.state == NEW, behind)
    ordered = query.order_by(held.c.line, held.c.quarantine_id).limit(limit)
    return bulk.fetch(tx, ordered.with_for_update() if hold else ordered)


def count(tx: Tx) -> int:
    """Return how many rows wait for somebody to mend them."""
    query = sa.select(sa.func.count()).where(quarantine.c.state == NEW)
    return int(tx.execute(query).scalar_one())


def set_state(tx: Tx, quarantine_ids: Sequence[str], state: str) -> int:
    """Note that rows that wait were mended or dismissed; return how many."""
    result = tx.execute(
        sa.update(quarantine)
        .where(bulk.among(tx, quarantine.c.quarantine_id, quarantine_ids))
        .where(quarantine.c.state == NEW)
        .values(state=state)
    )
    return result.rowcount


def restate(tx: Tx, quarantine_ids: Sequence[str], reasons: Sequence[str]) -> None:
    """Give rows the reasons for which they wait now."""
    if not quarantine_ids:
        return
    # Nearly each row has a reason of its own, because it shows the value.
    tx.execute(
        sa.update(quarantine)
        .where(quarantine.c.quarantine_id == sa.bindparam("one"))
        .values(reason=sa.bindparam("found")),
        [
            {"one": one, "found": reason}
            for one, reason in zip(quarantine_ids, reasons, strict=True)
        ],
    )


def supersede(tx: Tx, import_id: str, earlier: Sequence[str]) -> int:
    """Settle what earlier imports of the same content set aside, once it was read to its end.

    What this import set aside as well is dismissed there, since it waits here, under another file
    name; what it could use is mended. Returns how many rows were settled.
    """
    again = quarantine.alias()
    lines = sa.select(again.c.line).where(again.c.import_id == import_id, again.c.state == NEW)
    settled = 0
    for state, condition in ((DISMISSED, quarantine.c.line.in_(lines)), (MENDED, sa.true())):
        waiting = sa.update(quarantine).where(
            bulk.among(tx, quarantine.c.import_id, earlier), quarantine.c.state == NEW, condition
        )
        settled += tx.execute(waiting.values(state=state)).rowcount
    return settled

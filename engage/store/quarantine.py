"""Imported rows that could not be used, with file, line and reason, until somebody mends them.

add(tx, rows, *, import_id, kind, file, at) -> int      rows: line, reason, raw
read(tx, *, kind=None, import_id=None, state=NEW, limit=None) -> pa.Table
set_state(tx, quarantine_ids, state) -> int
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

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
    """Put rows aside; the same row of the same file is there once. Returns how many were new."""
    if rows.num_rows == 0:
        return 0
    n = rows.num_rows
    lines, raw = rows["line"].cast(pa.string()).to_pylist(), rows["raw"].to_pylist()
    ids = derive_column(Prefix.QUARANTINE, [kind] * n, [file] * n, lines, raw)
    kept = rows.select(["line", "reason", "raw"]).append_column(
        "quarantine_id", pa.array(ids, pa.string())
    )
    constants = {"import_id": import_id, "kind": kind, "file": file, "at": at, "state": NEW}
    return bulk.insert_new(tx, "quarantine", bulk.filled(kept, **constants))


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


def set_state(tx: Tx, quarantine_ids: Sequence[str], state: str) -> int:
    """Note that rows were mended or dismissed; return how many."""
    result = tx.execute(
        sa.update(quarantine)
        .where(bulk.among(tx, quarantine.c.quarantine_id, quarantine_ids))
        .values(state=state)
    )
    return result.rowcount

"""What an import would do is told before it is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa

from engage.app import versions
from engage.app.imported import Count, ImportReport, Stored
from engage.app.intake_reading import parts, undated
from engage.app.seen import Seen
from engage.collect.chunks import CHUNK_ROWS
from engage.collect.files import fingerprint
from engage.collect.mapping import Mapping
from engage.store import Store
from engage.store.store import Tx


def preview(
    path: Path,
    mapping: Mapping,
    *,
    now: datetime,
    store: Store | None = None,
    progress: Callable[[int, int, int], None] | None = None,
    chunk_rows: int = CHUNK_ROWS,
) -> ImportReport:
    """Read a file to its end as an import would, compare it with the store, and store nothing.

    Takes eight bytes of memory a row, to know a row again that the file holds twice.
    """
    size = fingerprint(path, mapping.file).size
    count, compared = Count(str(path), mapping.kind), Compared(mapping, now, now)
    for part in parts(path, mapping, imported_at=now, chunk_rows=chunk_rows):
        count.add(part.converted, compared.with_store(store, part.converted.rows))
        if progress is not None:
            progress(part.bytes_read, size, count.rows_read)
    return replace(count.report(), dry_run=True, compared=store is not None)


class Compared:
    """Rows that pass by, held against what is stored and against those before them."""

    def __init__(self, mapping: Mapping, imported_at: datetime, now: datetime) -> None:
        self._relation, self._now = mapping.relation, now
        self._moment = imported_at if undated(mapping) else None
        self._seen = Seen()

    def with_store(self, store: Store | None, rows: pa.Table) -> Stored:
        """Return what would come of these rows; without a store each one is new."""
        if store is None:
            return Stored(rows.num_rows)
        with store.read() as tx:
            return self.within(tx, rows)

    def within(self, tx: Tx, rows: pa.Table) -> Stored:
        """Return the same within a transaction."""
        again = self._seen.again(versions.keys(self._relation, rows))
        new = versions.new(tx, self._relation, rows, self._now, undated=self._moment)
        if len(new) < len(again):  # of an appointment only the last word counts
            return Stored(int(new.sum()))
        differing = 0 if self._moment else versions.differing(tx, self._relation, rows, self._now)
        return Stored(int(np.sum(new & ~again)), differing)

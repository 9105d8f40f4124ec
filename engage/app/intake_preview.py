"""What an import would do is told before it is done."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa

from engage.app import corrections, versions
from engage.app.imported import Count, ImportReport, Stored
from engage.app.intake_reading import as_of, counts_from, named, parts
from engage.app.seen import Seen
from engage.collect.chunks import CHUNK_ROWS
from engage.collect.files import fingerprint
from engage.collect.mapping import Mapping
from engage.domain.interactions import INTERACTIONS
from engage.store import Store, imports
from engage.store.store import Tx


def preview(
    path: Path,
    mapping: Mapping,
    *,
    now: datetime,
    store: Store | None = None,
    progress: Callable[[int, int, int], None] | None = None,
    chunk_rows: int = CHUNK_ROWS,
    queues: Collection[str] | None = None,
) -> ImportReport:
    """Read a file to its end as an import would, compare it with the store, and store nothing.

    Takes eight bytes of memory a row, to know a row again that the file holds twice.
    """
    file = fingerprint(path, mapping.file)
    again, moment = _read_before(store, mapping, file.sha256, now) if store else (False, now)
    count, compared = Count(str(path), mapping.kind), Compared(mapping, moment, now, again=again)
    for part in parts(path, mapping, imported_at=moment, chunk_rows=chunk_rows, queues=queues):
        count.add(part.converted, compared.with_store(store, part.converted.rows))
        if progress is not None:
            progress(part.bytes_read, file.size, count.rows_read)
    return replace(count.report(), dry_run=True, compared=store is not None)


def _read_before(
    store: Store, mapping: Mapping, sha256: str, now: datetime
) -> tuple[bool, datetime]:
    """Return whether the very file came in before, and from when on it counts."""
    found = named(mapping, sha256)
    with store.read() as tx:
        again = imports.done_before(tx, **found) is not None
        return again, as_of(tx, mapping, sha256, found["mapping_sha256"], now)


class Compared:
    """Rows that pass by, held against what is stored and against those before them."""

    def __init__(
        self, mapping: Mapping, imported_at: datetime, now: datetime, *, again: bool = False
    ) -> None:
        self._relation, self._now = mapping.relation, now
        self._moment = counts_from(mapping, imported_at, again=again)
        self._seen = Seen()

    def with_store(self, store: Store | None, rows: pa.Table) -> Stored:
        """Return what would come of these rows; without a store each one is new."""
        if store is None:
            return Stored(rows.num_rows)
        with store.read() as tx:
            return self.within(tx, rows)

    def within(self, tx: Tx, rows: pa.Table) -> Stored:
        """Return the same within a transaction."""
        if self._relation is INTERACTIONS:
            return self._contacts(tx, rows)
        again = self._seen.again(versions.keys(self._relation, rows))
        new = versions.new(tx, self._relation, rows, self._now, undated=self._moment)
        if len(new) < len(again):  # of an appointment only the last word counts
            return Stored(int(new.sum()))
        differing = 0 if self._moment else versions.differing(tx, self._relation, rows, self._now)
        if not new.all():
            differing += int(versions.restated(tx, self._relation, rows).sum())
        return Stored(int(np.sum(new & ~again)), differing)

    def _contacts(self, tx: Tx, rows: pa.Table) -> Stored:
        """Return what would come of contacts, some of which may be told again otherwise."""
        found = corrections.news(tx, rows, self._now, undated=self._moment)
        again = self._seen.again(corrections.said(rows))
        later = found.later & ~again
        return Stored(int(np.sum((found.first | later) & ~again)), corrected=int(np.sum(later)))

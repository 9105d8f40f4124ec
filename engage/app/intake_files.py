"""Whole files are taken in, a chunk a transaction, and go on where they were stopped."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from engage.app import versions
from engage.app.imported import Count, ImportReport, Stored
from engage.app.intake import take_in
from engage.app.intake_reading import (
    Part,
    as_of,
    checked,
    counts_from,
    named,
    other_readings,
    parts,
    roster_of,
)
from engage.app.rereading import take_back
from engage.collect.chunks import CHUNK_ROWS
from engage.collect.convert import Converted
from engage.collect.files import fingerprint
from engage.collect.mapping import Mapping
from engage.collect.mapping_file import written
from engage.domain.interactions import CORRECTIONS
from engage.errors import EngageError, WrongUse
from engage.store import Store, imports, quarantine
from engage.store.store import Tx

if TYPE_CHECKING:
    # It loads the engine that finds goals, which an import that replaces nothing does without.
    from engage.app.replacing import Replacing

Progress = Callable[[int, int, int], None]
"""Called after each chunk with bytes read, bytes in all, and rows read."""


def import_file(
    store: Store,
    kind: str,
    path: Path,
    mapping: Mapping,
    *,
    now: datetime,
    source: str = "",
    progress: Progress | None = None,
    chunk_rows: int = CHUNK_ROWS,
    queues: Collection[str] | None = None,
    replacing: Replacing | None = None,
) -> ImportReport:
    """Read a file into the store and return what came of it.

    Each chunk is one transaction. Whoever stops it keeps whole chunks; reading the same file by
    the same mapping again goes on behind them, as of the moment it first began, and ends where it
    would have ended without the stop. Bad rows go to quarantine with file, line and reason.
    `source` replaces the mapping's. `queues` are those that a roster may name. With `replacing` the
    file is read from its beginning, known rows come to say what it says of them, and what only an
    earlier reading of it by another mapping saw is taken back.

    Raises SourceFileError or WrongUse before anything is stored when the file or the mapping cannot
    be used, StoreUnavailable when the database cannot be written.
    """
    used = checked(kind, mapping, source)
    if replacing is not None:
        replacing.check(used)
    file = fingerprint(path, used.file)
    writing = _Writing(store, used, str(path), file.sha256, now, replacing)
    found = parts(
        path,
        used,
        imported_at=writing.as_of,
        chunk_rows=chunk_rows,
        skip=writing.rows_before,
        queues=queues,
        roster=writing.roster,
    )
    # A mapping that does not fit the file fails here, before anything is noted.
    first = list(islice(found, 1))
    count = Count(str(path), kind)
    with writing.noted(first):
        for part in chain(first, found):
            count.add(part.converted, writing.store_chunk(part.converted))
            if progress is not None:
                progress(part.bytes_read, file.size, writing.rows_read)
        if replacing is not None:
            writing.taken_back = replacing.lost(store, path, used, file.sha256, now, chunk_rows)
    return writing.signed(count.report())


class _ReadElsewhere(WrongUse):
    """Another process reads the same file."""


class _Writing:
    """An import that is under way: whole chunks, each with its quarantine and its count."""

    def __init__(
        self,
        store: Store,
        mapping: Mapping,
        file: str,
        sha256: str,
        now: datetime,
        replacing: Replacing | None,
    ) -> None:
        self._replacing = replacing
        self._named = named(mapping, sha256)
        self._store, self._mapping, self._now = store, mapping, now
        with store.read() as tx:
            self._complete = imports.done_before(tx, **self._named)
            self._otherwise = other_readings(tx, mapping, sha256)
            before = None if replacing else imports.unfinished(tx, **self._named)
            began = before.started_at if before else now
            self.as_of = as_of(tx, mapping, sha256, self._named["mapping_sha256"], began)
        self._file = before.file if before else file
        self._import_id = before.import_id if before else ""
        self.began = began
        self.roster, self.taken_back = roster_of(mapping), 0
        self.rows_before = self.rows_read = before.rows_read if before else 0

    @contextmanager
    def noted(self, first: Sequence[Part]) -> Iterator[None]:
        """Note that the import began and how it ended."""
        if not self._import_id:
            self._begin(first[0].columns if first else ())
        try:
            yield
        except _ReadElsewhere:
            raise
        except BaseException:
            # Stopped by hand or by the disk: the rows are safe, the note is a courtesy.
            with suppress(EngageError), self._store.write() as tx:
                imports.finish(tx, self._import_id, self._now, imports.STOPPED)
            raise
        self._finish()

    def _begin(self, columns: Sequence[str]) -> None:
        with self._store.write() as tx:
            self._import_id = imports.begin(
                tx,
                file=self._file,
                at=self._now,
                mapping=written(self._mapping),
                columns=columns,
                **self._named,
            )

    def store_chunk(self, converted: Converted) -> Stored:
        """Store a chunk, all of it or nothing; return what came of its rows."""
        mapping = self._mapping
        tables = {mapping.kind: converted.rows, **converted.extras}
        aside = [converted.bad, *([tables.pop("parts")] if "parts" in tables else [])]
        with self._store.write() as tx:
            moment = counts_from(mapping, self.as_of, again=self._complete is not None)
            differing = (
                0 if moment else versions.differing(tx, mapping.relation, converted.rows, self._now)
            )
            found = take_in(tx, tables, self._now, undated=moment)
            new = found.get(mapping.kind, 0)
            replaced = 0
            if new < converted.rows.num_rows:
                differing += int(versions.restated(tx, mapping.relation, converted.rows).sum())
                if differing and self._replacing:
                    told = mapping.relation, converted.rows
                    replaced = self._replacing.known(tx, *told, self._now)
            self._count(tx, converted.rows_read, new, sum(faults.num_rows for faults in aside))
            self._set_aside(tx, aside)
        self.rows_read += converted.rows_read
        return Stored(new, differing, found.get(CORRECTIONS.name, 0), replaced)

    def _count(self, tx: Tx, read: int, new: int, bad: int) -> None:
        after = self.rows_read
        if not imports.count(tx, self._import_id, read=read, new=new, bad=bad, after=after):
            raise _ReadElsewhere(
                f"{self._file}: another process is importing this file; wait until it has ended "
                "and look at what it said"
            )

    def _set_aside(self, tx: Tx, tables: Sequence[pa.Table]) -> None:
        named = {"import_id": self._import_id, "kind": self._mapping.kind, "file": self._file}
        for faults in tables:
            quarantine.add(tx, faults, at=self.began, **named)

    def _finish(self) -> None:
        with self._store.write() as tx:
            quarantine.supersede(tx, self._import_id, imports.others(tx, self._import_id))
            imports.finish(tx, self._import_id, self._now)
            if self.roster is not None:
                sha256, moment = self._named["sha256"], self.as_of
                self.taken_back = take_back(
                    tx, self._mapping, self.roster, sha256, moment, self._now
                )

    def signed(self, report: ImportReport) -> ImportReport:
        """Return the report with what is known of the import itself."""
        return replace(
            report,
            import_id=self._import_id,
            read_before=self._complete.ended_at if self._complete else None,
            rows_before=self.rows_before,
            rows_taken_back=self.taken_back,
            read_otherwise=self._beside(report),
            began=self.began,
        )

    def _beside(self, report: ImportReport) -> datetime | None:
        """Return when another mapping read this file whose rows now stand beside the new ones.

        Rows that it set aside and that come in now stand beside nothing.
        """
        if self._replacing or self._mapping.relation not in versions.ONCE or not self._otherwise:
            return None
        last = self._otherwise[0]
        return last.started_at if last.rows_new and report.rows_new > last.rows_bad else None

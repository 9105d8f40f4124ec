"""Rows in quarantine are read again by a mended mapping."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime

import pyarrow as pa

from engage.app import versions
from engage.app.imported import Count, ImportReport, Stored
from engage.app.intake import take_in
from engage.app.intake_preview import Compared
from engage.app.intake_reading import (
    TWICE,
    as_of,
    checked,
    counts_from,
    of_queues,
    once,
    undated,
)
from engage.app.seen import Seen
from engage.collect.aside import chunk_of
from engage.collect.checks import check_file
from engage.collect.chunks import CHUNK_ROWS
from engage.collect.convert import Converted, convert
from engage.collect.mapping import Mapping
from engage.collect.mapping_file import parse
from engage.collect.roster import Roster
from engage.domain.interactions import CORRECTIONS
from engage.domain.staffing import STAFFING
from engage.errors import WrongUse
from engage.store import Store, imports, quarantine, staffing
from engage.store.imports import Import
from engage.store.store import Tx


def import_named(store: Store, start: str) -> Import:
    """Return the import whose id is or begins like this; raises WrongUse unless it is just one."""
    with store.read() as tx:
        found = imports.find(tx, start)
    if len(found) != 1:
        what = f"{len(found)} imports begin with {start!r}" if found else f"no import {start!r}"
        raise WrongUse(f"{what}; `engage quarantine list` shows the import of each row")
    return found[0]


def retry(
    store: Store,
    found: Import,
    mapping: Mapping | None = None,
    *,
    now: datetime,
    dry_run: bool = False,
    progress: Callable[[int], None] | None = None,
    chunk_rows: int = CHUNK_ROWS,
    queues: Collection[str] | None = None,
) -> ImportReport:
    """Read an import's rows in quarantine again and return what came of them.

    A row that can be used now is stored as the import would have stored it, under the import's
    source and as of its moment, and is mended; one that `[where]` leaves out is dismissed; any
    other stays with the reason found now. Each chunk is one transaction, so that a stop keeps
    whole chunks, and what is mended is not read again. Without a mapping it is the import's own.

    Raises WrongUse when the mapping does not fit the rows.
    """
    used = _mapping_for(found, mapping)
    reading = _Reading(store, found, used, now, dry_run=dry_run, queues=queues)
    count, place = Count(found.file, found.kind), quarantine.START
    while (chunk := reading.read(place, chunk_rows, count)) is not None:
        place = chunk
        if progress is not None:
            progress(count.rows_read)
    return replace(
        count.report(), import_id=found.import_id, began=found.started_at, dry_run=dry_run
    )


def _mapping_for(found: Import, mapping: Mapping | None) -> Mapping:
    held = parse(found.mapping, found.kind) if found.mapping else None
    used = mapping or held
    if used is None:
        raise WrongUse(f"{found.file}: its mapping was not kept; give it with --map")
    return checked(found.kind, used, held.source if held else "")


@dataclass
class _Reading:
    """The rows of one import that are read again."""

    store: Store
    found: Import
    mapping: Mapping
    now: datetime
    dry_run: bool
    queues: Collection[str] | None = None

    def __post_init__(self) -> None:
        self._seen, self._roster = Seen(), None
        found = self.found
        with self.store.read() as tx:
            named = found.sha256, found.mapping_sha256, found.started_at
            self._moment = as_of(tx, self.mapping, *named)
            if self.mapping.relation is STAFFING:
                same = imports.of_content(tx, sha256=found.sha256, kind=found.kind)
                held = staffing.of(tx, [one.started_at for one in same])
                self._roster = Roster(self.mapping, held)
        self._compared = Compared(self.mapping, self._moment, self.now)

    def read(self, after: quarantine.Place, limit: int, count: Count) -> quarantine.Place | None:
        """Read the rows behind a place and return where they end; None when there are none."""
        opened = self.store.read() if self.dry_run else self.store.write()
        with opened as tx:
            held = quarantine.page(tx, self.found.import_id, after, limit, hold=not self.dry_run)
            if held.num_rows == 0:
                return None
            converted = self._converted(tx, held)
            if self.dry_run:
                stored = self._compared.within(tx, converted.rows)
            else:
                stored = self._store(tx, held, converted)
        count.add(converted, stored)
        last = held.slice(held.num_rows - 1)
        return last["line"][0].as_py(), last["quarantine_id"][0].as_py()

    def _converted(self, tx: Tx, held: pa.Table) -> Converted:
        chunk = chunk_of(held)
        columns = {*self.found.columns, *chunk.rows.column_names}
        check_file(self.mapping, sorted(columns), self.found.file)
        moment = self._moment
        converted = convert(self.mapping, chunk, imported_at=moment, roster=self._roster)
        converted = of_queues(self.mapping, converted, self.queues)
        if not undated(self.mapping):
            return converted
        relation = self.mapping.relation
        twice = versions.contradicted(tx, relation, converted.rows, moment)
        return once(self.mapping, converted.refusing(twice, TWICE), self._seen)

    def _store(self, tx: Tx, held: pa.Table, converted: Converted) -> Stored:
        kind = self.mapping.kind
        tables = {kind: converted.rows, **converted.extras}
        aside = [converted.bad, *([tables.pop("parts")] if "parts" in tables else [])]
        moment = counts_from(self.mapping, self._moment, again=False)
        relation = self.mapping.relation
        differing = 0 if moment else versions.differing(tx, relation, converted.rows, self.now)
        came = take_in(tx, tables, self.now, undated=moment)
        new = came.get(kind, 0)
        if new < converted.rows.num_rows:
            differing += int(versions.restated(tx, relation, converted.rows).sum())
        settled = self._settle(tx, held, converted, pa.concat_tables(aside))
        imports.count(tx, self.found.import_id, read=0, new=new, bad=-settled)
        return Stored(new, differing, came.get(CORRECTIONS.name, 0))

    def _settle(self, tx: Tx, held: pa.Table, converted: Converted, faults: pa.Table) -> int:
        """Note what became of each row; return how many wait no longer."""
        assert converted.origin is not None
        reasons = dict(zip(faults["line"].to_pylist(), faults["reason"].to_pylist(), strict=True))
        usable = set(converted.origin.lines.tolist())
        places = list(zip(held["line"].to_pylist(), held["quarantine_id"].to_pylist(), strict=True))
        wait = [(one, reasons[line]) for line, one in places if line in reasons]
        quarantine.restate(tx, [one for one, _ in wait], [reason for _, reason in wait])
        over = [(line, one) for line, one in places if line not in reasons]
        mended = [one for line, one in over if line in usable]
        left_out = [one for line, one in over if line not in usable]
        return quarantine.set_state(tx, mended, quarantine.MENDED) + quarantine.set_state(
            tx, left_out, quarantine.DISMISSED
        )

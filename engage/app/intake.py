"""What comes from outside is taken in: whole files, a chunk a transaction, or tables of rows."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa

from engage.app import versions, visits
from engage.app.imported import Count, ImportReport
from engage.app.joining import join
from engage.collect import mapping as mappings
from engage.collect.checks import DATED_BY_IMPORT, check_file
from engage.collect.chunks import CHUNK_ROWS
from engage.collect.convert import Converted, convert
from engage.collect.files import fingerprint, read
from engage.collect.identity import as_statements
from engage.collect.schema import arrow_schema
from engage.domain.catalog import ARCHIVED, IMPORTABLE
from engage.domain.events import EVENTS
from engage.domain.people import LINKS
from engage.errors import EngageError, WrongUse
from engage.store import Store, imports, people, quarantine
from engage.store.store import Tx

Progress = Callable[[int, int, int], None]
"""Called after each chunk with bytes read, bytes in all, and rows read."""

_TWICE = "a second row about the same; give valid_from, so that one is the newer"
_STATEMENTS = "identities"


def import_file(
    store: Store,
    kind: str,
    path: Path,
    mapping: mappings.Mapping,
    *,
    now: datetime,
    source: str = "",
    dry_run: bool = False,
    progress: Progress | None = None,
    chunk_rows: int = CHUNK_ROWS,
) -> ImportReport:
    """Read a file into the store and return what came of it.

    Each chunk is one transaction: whoever stops it keeps whole chunks, and reading the file again
    brings the rest, since rows known already change nothing. Bad rows go to quarantine with file,
    line and reason. `source` replaces the mapping's. A dry run does not touch the store.

    Raises SourceFileError or WrongUse before anything is stored when the file or the mapping cannot
    be used, StoreUnavailable when the database cannot be written.
    """
    used = _checked(kind, mapping, source)
    if dry_run:
        return preview(path, used, now=now, progress=progress, chunk_rows=chunk_rows)
    file = fingerprint(path, used.file)
    chunks = _converted(path, used, now, chunk_rows)
    # A mapping that does not fit the file fails here, before anything is noted.
    first = next(chunks)
    writing = _Writing(store, used, str(path), file.sha256, now)
    count = Count(str(path), kind)
    with writing.noted():
        for converted, so_far in chain([first], chunks):
            count.add(converted, writing.store_chunk(converted))
            if progress is not None:
                progress(so_far, file.size, count.rows_read)
    return count.report(import_id=writing.import_id, read_before=writing.read_before)


def preview(
    path: Path,
    mapping: mappings.Mapping,
    *,
    now: datetime,
    progress: Progress | None = None,
    chunk_rows: int = CHUNK_ROWS,
) -> ImportReport:
    """Read a file to its end as an import would, and store nothing."""
    size = fingerprint(path, mapping.file).size
    count = Count(str(path), mapping.kind)
    for converted, so_far in _converted(path, mapping, now, chunk_rows):
        count.add(converted, 0)
        if progress is not None:
            progress(so_far, size, count.rows_read)
    return count.report(dry_run=True)


def _checked(kind: str, mapping: mappings.Mapping, source: str) -> mappings.Mapping:
    if mapping.kind != kind:
        raise WrongUse(f"the mapping is for {mapping.kind}, but {kind} are being imported")
    return msgspec.structs.replace(mapping, source=source) if source else mapping


def take(store: Store, tables: Mapping[str, pa.Table], *, now: datetime) -> dict[str, int]:
    """Take in rows that have the shape of their relation already; return how many were new.

    Keys: the names of relations, `links`, `contact_points`, `consents`. It is one transaction, in
    which visits follow events and identities.
    """
    with store.write() as tx:
        return _take(tx, tables, now)


def _take(
    tx: Tx, tables: Mapping[str, pa.Table], now: datetime, *, undated: bool = False
) -> dict[str, int]:
    if unknown := set(tables) - {*_PLAIN, *_BESIDE, EVENTS.name, LINKS.name}:
        raise ValueError(f"nothing is known by the name of {', '.join(sorted(unknown))}")
    new = {}
    joined = _join(tx, tables, now)
    if joined or EVENTS.name in tables:
        new[EVENTS.name] = visits.add(tx, _events(tables), now, joined=joined)
    if "contact_points" in tables:
        new["contact_points"] = people.add_contact_points(tx, tables["contact_points"])
    if "consents" in tables:
        new["consents"] = people.add_consents(tx, tables["consents"])
    for name in sorted(set(tables) & set(_PLAIN)):
        new[name] = versions.add(tx, _PLAIN[name], tables[name], now, undated=undated)
    return new


_BESIDE = frozenset({"contact_points", "consents", _STATEMENTS})
_PLAIN = {
    name: relation
    for name, relation in {**ARCHIVED, **IMPORTABLE}.items()
    if relation not in {EVENTS, LINKS}
}


def _join(tx: Tx, tables: Mapping[str, pa.Table], now: datetime) -> list[str]:
    found = [tables[_STATEMENTS]] if _STATEMENTS in tables else []
    if LINKS.name in tables:
        found.append(as_statements(tables[LINKS.name]))
    return join(tx, pa.concat_tables(found), now) if found else []


def _events(tables: Mapping[str, pa.Table]) -> pa.Table:
    schema = arrow_schema(EVENTS)
    if EVENTS.name not in tables:
        return schema.empty_table()
    return tables[EVENTS.name].select(schema.names).cast(schema)


def _converted(
    path: Path, mapping: mappings.Mapping, now: datetime, chunk_rows: int
) -> Iterator[tuple[Converted, int]]:
    """Return what each chunk of a file becomes, with the bytes read so far."""
    seen: set[str] = set()
    undated = _undated(mapping)
    for number, chunk in enumerate(read(path, mapping.file, chunk_rows=chunk_rows)):
        if number == 0:
            check_file(mapping, chunk.rows.column_names, str(path))
        converted = convert(mapping, chunk, imported_at=now)
        yield _once(mapping, converted, seen) if undated else converted, chunk.bytes_read


def _undated(mapping: mappings.Mapping) -> bool:
    return mapping.kind in DATED_BY_IMPORT and mapping.relation.time not in mapping.columns


def _once(mapping: mappings.Mapping, converted: Converted, seen: set[str]) -> Converted:
    """Set aside what a file without dates says twice of somebody: nobody knows which is newer."""
    again = np.zeros(converted.rows.num_rows, bool)
    for place, about in enumerate(versions.subjects(mapping.relation, converted.rows)):
        again[place] = about in seen
        seen.add(about)
    return converted.refusing(again, _TWICE) if again.any() else converted


@dataclass
class _Writing:
    """An import that is under way: whole chunks, each with its quarantine and its count."""

    store: Store
    mapping: mappings.Mapping
    file: str
    sha256: str
    now: datetime
    import_id: str = ""
    read_before: datetime | None = None

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Note that the import began and how it ended."""
        self._begin()
        try:
            yield
        except BaseException:
            # Stopped by hand or by the disk: the rows are safe, the note is a courtesy.
            with suppress(EngageError):
                self._finish(imports.STOPPED)
            raise
        self._finish(imports.DONE)

    def _begin(self) -> None:
        mapped = hashlib.sha256(msgspec.json.encode(self.mapping, order="sorted")).hexdigest()
        named = {"sha256": self.sha256, "kind": self.mapping.kind, "mapping_sha256": mapped}
        with self.store.write() as tx:
            before = imports.done_before(tx, **named)
            self.import_id = imports.begin(tx, file=self.file, at=self.now, **named)
        self.read_before = before.ended_at if before else None

    def store_chunk(self, converted: Converted) -> int:
        """Store a chunk, all of it or nothing; return how many of its rows were new."""
        tables = {self.mapping.kind: converted.rows, **converted.extras}
        aside = [converted.bad, *([tables.pop("parts")] if "parts" in tables else [])]
        with self.store.write() as tx:
            new = _take(tx, tables, self.now, undated=_undated(self.mapping))
            for faults in aside:
                quarantine.add(
                    tx,
                    faults,
                    import_id=self.import_id,
                    kind=self.mapping.kind,
                    file=self.file,
                    at=self.now,
                )
            rows_new = new.get(self.mapping.kind, 0)
            bad = sum(faults.num_rows for faults in aside)
            imports.count(tx, self.import_id, read=converted.rows_read, new=rows_new, bad=bad)
        return rows_new

    def _finish(self, state: str) -> None:
        with self.store.write() as tx:
            imports.finish(tx, self.import_id, self.now, state)

"""A file becomes rows to store, a chunk at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec
import pyarrow.compute as pc

from engage.app import versions
from engage.app.seen import Seen
from engage.collect.checks import DATED_BY_IMPORT, check_file
from engage.collect.convert import Converted, convert
from engage.collect.files import read
from engage.collect.findings import as_mask
from engage.collect.mapping import Mapping
from engage.collect.roster import Roster, unknown
from engage.domain.interactions import INTERACTIONS
from engage.domain.staffing import STAFFING
from engage.errors import WrongUse
from engage.store import imports
from engage.store.imports import Import
from engage.store.store import Tx

TWICE = "a second row about the same; give valid_from, so that one is the newer"


@dataclass(frozen=True, slots=True)
class Part:
    """What a chunk of a file became."""

    converted: Converted
    columns: tuple[str, ...]
    bytes_read: int
    """How far into the file the chunk reaches."""


def parts(
    path: Path,
    mapping: Mapping,
    *,
    imported_at: datetime,
    chunk_rows: int,
    skip: int = 0,
    queues: Collection[str] | None = None,
    roster: Roster | None = None,
) -> Iterator[Part]:
    """Return what each chunk of a file becomes; the chunks with the first `skip` rows are left out.

    `queues` are those that a roster may name; any, when nobody knows them. `roster` learns what the
    file says when it is one.
    Raises WrongUse or SourceFileError when the mapping does not fit the file.
    """
    seen, done = Seen(), 0
    if roster is None:
        roster = roster_of(mapping)
    for number, chunk in enumerate(read(path, mapping.file, chunk_rows=chunk_rows)):
        if number == 0:
            check_file(mapping, chunk.rows.column_names, str(path))
        done += chunk.rows.num_rows + len(chunk.malformed)
        skipped = done <= skip
        if skipped and roster is None and not undated(mapping):
            continue
        converted = convert(mapping, chunk, imported_at=imported_at, roster=roster)
        converted = once(mapping, of_queues(mapping, converted, queues), seen)
        if not skipped:
            yield Part(converted, tuple(chunk.rows.column_names), chunk.bytes_read)


def roster_of(mapping: Mapping) -> Roster | None:
    """Return what remembers a roster's rows; None for another kind of file."""
    return Roster(mapping) if mapping.relation is STAFFING else None


def undated(mapping: Mapping) -> bool:
    """Return whether the rows have no date of their own and count from the import on."""
    return DATED_BY_IMPORT.get(mapping.kind, mapping.relation.time) not in mapping.columns


def of_queues(mapping: Mapping, converted: Converted, queues: Collection[str] | None) -> Converted:
    """Set aside what a roster says of queues that the settings do not have."""
    if queues is None or mapping.relation is not STAFFING:
        return converted
    for name, words in unknown(converted.rows, queues).items():
        converted = converted.refusing(as_mask(pc.equal(converted.rows["queue"], name)), words)
    return converted


def as_of(tx: Tx, mapping: Mapping, sha256: str, mapping_sha256: str, began: datetime) -> datetime:
    """Return the moment from which an import counts that began at another.

    A roster whose very file came in before counts as of its first time, so that it does not take
    the place of those that came in since.
    """
    if mapping.relation is not STAFFING or not undated(mapping):
        return began
    found = imports.of_content(tx, sha256=sha256, kind=mapping.kind)
    done = [one for one in found if one.state == imports.DONE]
    same = (one.started_at for one in done if one.mapping_sha256 == mapping_sha256)
    return min(same, default=began)


def counts_from(mapping: Mapping, began: datetime, *, again: bool) -> datetime | None:
    """Return the moment of the import where it is the only date that the rows have, else None.

    A contact has dates of its own, but when its record was corrected only `known_at` says.
    `again`: the very file was read to its end before, so that its rows are corrections of nothing.
    """
    exported = mapping.kind == INTERACTIONS.name and "known_at" not in mapping.columns
    return began if undated(mapping) or (exported and not again) else None


def named(mapping: Mapping, sha256: str) -> dict[str, str]:
    """Return by what an import is known again: the file's content, its kind and the mapping."""
    mapped = hashlib.sha256(msgspec.json.encode(mapping, order="sorted")).hexdigest()
    return {"sha256": sha256, "kind": mapping.kind, "mapping_sha256": mapped}


def other_readings(tx: Tx, mapping: Mapping, sha256: str) -> list[Import]:
    """Return the last import of this very content by each other mapping, the newest first."""
    own = named(mapping, sha256)["mapping_sha256"]
    found = imports.of_content(tx, sha256=sha256, kind=mapping.kind)
    last = {one.mapping_sha256: one for one in reversed(found) if one.mapping}
    return [one for name, one in reversed(last.items()) if name != own]


def once(mapping: Mapping, converted: Converted, seen: Seen) -> Converted:
    """Set aside what a file without dates says twice of somebody: nobody knows which is newer."""
    if not undated(mapping):
        return converted
    again = seen.again(versions.subjects(mapping.relation, converted.rows))
    return converted.refusing(again, TWICE) if again.any() else converted


def checked(kind: str, mapping: Mapping, source: str = "") -> Mapping:
    """Return the mapping for this kind, with another source if one is given."""
    if mapping.kind != kind:
        raise WrongUse(f"the mapping is for {mapping.kind}, but {kind} are being imported")
    return msgspec.structs.replace(mapping, source=source) if source else mapping

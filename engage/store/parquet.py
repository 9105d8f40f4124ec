"""Files of the history: one folder a relation and day (or month), written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from engage.domain.relations import Relation
from engage.errors import StoreUnavailable
from engage.store.manifest import File

_FORMAT = {"day": "%Y-%m-%d", "month": "%Y-%m"}

NEVER_AHEAD = frozenset(
    {
        "events",
        "sessions",
        "interactions",
        "corrections",
        "transactions",
        "decisions",
        "outcomes",
        "links",
    }
)
"""Relations whose rows do not tell of the future, so that a later day cannot matter earlier."""


def write(folder: Path, relation: Relation, chunk: pa.Table, now: datetime) -> list[File]:
    """Write a chunk of rows, a file for each day (or month) they happened in."""
    time, partition = relation.time, "_partition"
    labels = pc.strftime(chunk[time], format=_FORMAT[relation.partition])
    ordered = chunk.append_column(partition, labels).sort_by(
        [(name, "ascending") for name in (partition, "person_id", time, "seq")]
    )
    ends = pc.run_end_encode(ordered[partition].combine_chunks())
    start, files = 0, []
    for label, end in zip(ends.values.to_pylist(), ends.run_ends.to_pylist(), strict=True):
        part = ordered.slice(start, end - start).drop_columns([partition])
        files.append(_save(folder, relation, label, part, now))
        start = end
    return files


def rewrite(
    folder: Path, relation: Relation, outdated: pa.Table, listed: list[File], now: datetime
) -> dict[str, File | None]:
    """Write files without their outdated rows (columns path, seq); return them by their old path."""
    by_path = {file.path: file for file in listed}
    renewed: dict[str, File | None] = {}
    for path in sorted(set(outdated["path"].to_pylist())):
        old = pq.ParquetFile(folder / path).read()
        drop = outdated.filter(pc.equal(outdated["path"], path))["seq"].combine_chunks()
        kept = old.filter(pc.invert(pc.is_in(old["seq"], drop)))
        partition = by_path[path].partition
        renewed[path] = _save(folder, relation, partition, kept, now) if len(kept) else None
    return renewed


def begins_after(relation: Relation, file: File, until: datetime) -> bool:
    """Return whether nothing in a file can have been known by then."""
    if relation.name not in NEVER_AHEAD:
        return False
    start = datetime.strptime(file.partition, _FORMAT[relation.partition]).replace(tzinfo=UTC)
    return start > until


def _save(folder: Path, relation: Relation, partition: str, part: pa.Table, now: datetime) -> File:
    first, last = (int(bound.as_py()) for bound in pc.min_max(part["seq"]).values())
    home = folder / relation.name / partition
    stem = f"{first:012d}-{last:012d}-{part.num_rows}"
    # A listed file is never written over: numbers are used once, and a compaction drops rows.
    path = home / f"{stem}.parquet"
    try:
        home.mkdir(parents=True, exist_ok=True)
        _write_whole(path, part)
    except OSError as error:
        raise StoreUnavailable(
            f"The history file {path} cannot be written: {error.strerror or error}. "
            "Make room or make the folder writable, then archive again; nothing is lost."
        ) from error
    return File(
        path=path.relative_to(folder).as_posix(),
        relation=relation.name,
        partition=partition,
        rows=part.num_rows,
        first_seq=first,
        last_seq=last,
        amends=False,
        written_at=now,
    )


def _write_whole(path: Path, part: pa.Table) -> None:
    unfinished = path.with_name(f".{path.name}.tmp")
    pq.write_table(part, unfinished, compression="zstd")
    _flush(unfinished)
    unfinished.replace(path)
    _flush(path.parent)
    _flush(path.parent.parent)


def _flush(path: Path) -> None:
    # The database is about to forget these rows: they must be on the disk, not on their way.
    with _opened(path) as descriptor:
        os.fsync(descriptor)


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)

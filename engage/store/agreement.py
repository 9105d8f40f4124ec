"""Whether the files of the history are what the database believes they are.

disagreements(tx, folder) -> list[str]
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from engage.domain.catalog import ARCHIVED
from engage.store import manifest
from engage.store.manifest import File
from engage.store.store import Tx


def disagreements(tx: Tx, folder: Path) -> list[str]:
    """Return one line for each file that is gone, altered or reaches beyond its watermark.

    Only what stands at a file's end is read (its number of rows, the range of `seq`), so that a
    history of any size is looked through in moments.
    """
    found = []
    for relation in ARCHIVED.values():
        mark = manifest.watermark(tx, relation)
        for file in manifest.files(tx, relation):
            found += [f"{file.path} {wrong}" for wrong in _wrong(folder, file, mark.seq)]
    return found


def _wrong(folder: Path, file: File, archived: int) -> Iterator[str]:
    if file.last_seq > archived:
        yield f"holds row {file.last_seq}, and only those up to {archived} are archived"
    path = folder / file.path
    if not path.is_file():
        yield "is gone"
        return
    try:
        told = pq.read_metadata(path)
    except (pa.ArrowInvalid, OSError):
        yield "cannot be read"
        return
    if told.num_rows != file.rows:
        yield f"has {told.num_rows} rows, and the database lists {file.rows}"
    first, last = _reach(told)
    if (first, last) != (file.first_seq, file.last_seq):
        yield f"holds rows {first} to {last}, not {file.first_seq} to {file.last_seq}"


def _reach(told: pq.FileMetaData) -> tuple[int, int]:
    """Return the lowest and the highest `seq`, as a file's last bytes tell."""
    place = told.schema.names.index("seq")
    groups = [told.row_group(n).column(place).statistics for n in range(told.num_row_groups)]
    return min(one.min for one in groups), max(one.max for one in groups)

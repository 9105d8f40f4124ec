"""A run of a file's rows, as text, that knows where each row stood."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

CHUNK_ROWS = 50_000
"""Rows held and committed at a time: a few tens of megabytes, a second or two of work."""


@dataclass(frozen=True, slots=True)
class Malformed:
    """A line that is not a row at all."""

    line: int
    reason: str
    raw: str


@dataclass(frozen=True, slots=True)
class Chunk:
    """A run of rows, all values as text; a missing value is null."""

    rows: pa.Table
    numbers: NDArray[np.int64]
    """Each row's place in the file, from 0, whatever the size of the chunks."""
    lines: NDArray[np.int64]
    """The line each row begins on, from 1; the row's own number in a Parquet file."""
    malformed: tuple[Malformed, ...] = ()
    bytes_read: int = 0
    """How far into the file, as it lies on disk, this chunk reaches."""

    def column(self, name: str) -> pa.Array:
        """Return a column; all null when no row of this chunk has it."""
        if name not in self.rows.column_names:
            return pa.nulls(self.rows.num_rows, pa.string())
        return self.rows.column(name).combine_chunks()

    def kept(self, mask: NDArray[np.bool_]) -> Chunk:
        """Return the chunk with only the rows that the mask marks."""
        return Chunk(self.rows.filter(pa.array(mask)), self.numbers[mask], self.lines[mask], (), 0)


def text_table(columns: Mapping[str, Sequence[str | None] | pa.Array]) -> pa.Table:
    """Return a table of trimmed text in which an empty value is null."""
    return pa.table({name: _trimmed(values) for name, values in columns.items()})


def _trimmed(values: Sequence[str | None] | pa.Array) -> pa.Array:
    text = values if isinstance(values, pa.Array) else pa.array(values, pa.string())
    trimmed = pc.utf8_trim_whitespace(text)
    return pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, pa.string()), trimmed)

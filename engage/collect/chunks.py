"""A run of a file's rows, as text, that knows where each row stood."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from engage.collect.encodings import foreign

CHUNK_ROWS = 50_000
"""Rows held and committed at a time: a few tens of megabytes, a second or two of work."""

CHUNK_CHARS = 1 << 24
"""A chunk ends earlier when its lines are as long as this together: rows may be wide."""

_Record = TypeVar("_Record")


class Meter:
    """Lines that pass by, how many characters they have, and whether all are of one encoding."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self.passed = 0
        self.mixed = False

    def lines(self) -> Iterator[str]:
        """Return the lines, counting them."""
        for line in self._lines:
            self.passed += len(line)
            self.mixed = self.mixed or foreign(line)
            yield line


def taken(records: Iterator[_Record], rows: int, meter: Meter) -> list[_Record]:
    """Return the records of the next chunk; none at the end."""
    found: list[_Record] = []
    until = meter.passed + CHUNK_CHARS
    for record in records:
        found.append(record)
        if len(found) == rows or meter.passed >= until:
            break
    return found


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

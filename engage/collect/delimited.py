"""Rows whose values are separated by commas, semicolons, tabs, bars or runs of blanks."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np

from engage.collect.chunks import Chunk, Malformed, Meter, taken, text_table
from engage.collect.encodings import foreign, lines_of, readable
from engage.collect.layout import BLANKS, DELIMITERS, Layout
from engage.collect.records import Record, records_of
from engage.errors import SourceFileError, WrongUse

_SAMPLE_LINES = 50
_STEADY = 0.9
"""A separator must give this share of the sample's lines the same number of values."""


def read(
    stream: io.BufferedReader,
    path: Path,
    layout: Layout,
    chunk_rows: int,
    tell: Callable[[], int],
) -> Iterator[Chunk]:
    """Return the rows of a delimited file; lines that are no rows come along as malformed.

    A header without rows gives one empty chunk, so that its columns are known.
    """
    lines = lines_of(stream, layout, path)
    for _ in islice(lines, layout.skip_lines):
        pass
    sample = list(islice(lines, _SAMPLE_LINES))
    delimiter = layout.delimiter or detect(sample)
    _must_be_known(delimiter)
    meter = Meter(_rejoined(sample, lines))
    records = records_of(meter.lines(), delimiter, layout.skip_lines)
    names = _names(records, layout, path)
    number = 0
    while (found := taken(records, chunk_rows, meter)) or not number:
        yield _chunk(_of_one_encoding(found) if meter.mixed else found, names, number, tell())
        if not found:
            return
        number += len(found)


def detect(sample: Sequence[str]) -> str:
    """Return the separator that cuts the sample's lines into the same number of values.

    Runs of blanks count only where no other separator stands in the first line; a file of one
    column has none, and a comma does no harm there.
    """
    steady = {d: width for d in DELIMITERS if (width := _width(sample, d)) > 1}
    if steady:
        return max(steady, key=lambda d: (steady[d], -DELIMITERS.index(d)))
    first = sample[0] if sample else ""
    if not any(d in first for d in DELIMITERS) and _width(sample, BLANKS) > 1:
        return BLANKS
    return ","


def _width(sample: Sequence[str], delimiter: str) -> int:
    """Return how many values the first line has, 0 when the others do not follow it."""
    widths = [len(values or ()) for _, values, *_ in records_of(iter(sample), delimiter, 0)]
    if not widths:
        return 0
    alike = Counter(widths)[widths[0]] / len(widths)
    return widths[0] if alike >= _STEADY else 0


def _must_be_known(delimiter: str) -> None:
    if delimiter != BLANKS and len(delimiter) != 1:
        raise WrongUse(f"[file] delimiter: {delimiter!r} is neither one character nor {BLANKS!r}")


def _rejoined(sample: Sequence[str], lines: Iterator[str]) -> Iterator[str]:
    yield from sample
    yield from lines


def _names(records: Iterator[Record], layout: Layout, path: Path) -> list[str]:
    """Return the columns' names; an unnamed column is called by its place."""
    if not layout.header:
        if not layout.columns:
            raise WrongUse("[file] header = false needs the columns' names: columns = [...]")
        return list(layout.columns)
    first = next(records, None)
    if first is None:
        raise SourceFileError(f"{path}: holds no header line")
    line, values, wrong, _ = first
    if values is None:
        raise SourceFileError(f"{path}: line {line}, the header, cannot be read: {wrong}")
    if foreign(whole := " | ".join(values)):
        reason, shown = readable(whole)
        raise SourceFileError(f"{path}: line {line}, the header: {reason} ({shown})")
    if layout.columns:
        _same_number(layout.columns, values, path)
        return list(layout.columns)
    names = [value.strip() or f"column_{place}" for place, value in enumerate(values, 1)]
    _must_differ(names, path)
    return names


def _same_number(given: Sequence[str], found: Sequence[str], path: Path) -> None:
    if len(given) != len(found):
        raise WrongUse(
            f"[file] columns gives {len(given)} names, but the header of {path} has {len(found)}"
        )


def _must_differ(names: Sequence[str], path: Path) -> None:
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        places = [str(place) for place, name in enumerate(names, 1) if name == twice[0]]
        raise SourceFileError(
            f"{path}: the header names the column {twice[0]!r} more than once (columns "
            f"{', '.join(places)}); give every column a name of its own with columns = [...] "
            "under [file] in the mapping"
        )


def _of_one_encoding(records: Sequence[Record]) -> list[Record]:
    """Return the records, those of another encoding without values but with the reason."""
    return [
        (record[0], None, *readable(whole)) if foreign(whole) else record
        for record in records
        for whole in (record[3] if record[1] is None else " | ".join(record[1]),)
    ]


def _chunk(records: Sequence[Record], names: Sequence[str], number: int, bytes_read: int) -> Chunk:
    width = len(names)
    fits = [values is not None and len(values) == width for _, values, *_ in records]
    whole = [values for (_, values, *_), fit in zip(records, fits, strict=True) if fit]
    columns = list(zip(*(values for values in whole if values is not None), strict=True))
    mask = np.array(fits, bool)
    lines = np.array([line for line, *_ in records], np.int64)
    return Chunk(
        rows=text_table(dict(zip(names, columns or [()] * width, strict=True))),
        numbers=np.flatnonzero(mask).astype(np.int64) + number,
        lines=lines[mask],
        malformed=tuple(
            _malformed(record, width) for record, fit in zip(records, fits, strict=True) if not fit
        ),
        bytes_read=bytes_read,
    )


def _malformed(record: Record, width: int) -> Malformed:
    line, values, wrong, text = record
    if values is None:
        return Malformed(line, wrong, text.strip()[:2000])
    reason = f"the number of values is not the header's {width}"
    return Malformed(line, reason, " | ".join(values)[:2000])

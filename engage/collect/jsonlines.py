"""Rows written as one JSON object per line."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from engage.collect.chunks import Chunk, Malformed, Meter, taken, text_table
from engage.collect.encodings import foreign, lines_of, readable
from engage.collect.layout import Layout
from engage.errors import SourceFileError

_ARRAY = re.compile(rb"\s*\[\s*\{")
_OBJECT = re.compile(rb"(\xef\xbb\xbf)?\s*\{")
_decode = msgspec.json.Decoder().decode


def looks_like(start: bytes, path: Path) -> bool:
    """Return whether a file that begins like this holds JSON lines."""
    if _ARRAY.match(start):
        raise SourceFileError(
            f"{path}: is one JSON array; write one object per line instead, for example with "
            "jq -c '.[]'"
        )
    return _OBJECT.match(start) is not None


def read(
    stream: io.BufferedReader,
    path: Path,
    layout: Layout,
    chunk_rows: int,
    tell: Callable[[], int],
) -> Iterator[Chunk]:
    """Return the rows of a JSON lines file; objects and lists inside a row stay JSON text."""
    meter = Meter(lines_of(stream, layout, path))
    lines = enumerate(meter.lines(), 1)
    filled = ((line, text) for line, text in lines if text.strip())
    number = 0
    while found := taken(filled, chunk_rows, meter):
        yield _chunk(found, number, tell())
        number += len(found)


def _chunk(records: Sequence[tuple[int, str]], number: int, bytes_read: int) -> Chunk:
    decoded = [_object(text) for _, text in records]
    mask = np.array([one is not None for one in decoded], bool)
    lines = np.array([line for line, _ in records], np.int64)
    rows = [one for one in decoded if one is not None]
    names = list(dict.fromkeys(name for row in rows for name in row))
    malformed = (
        _malformed(line, text)
        for (line, text), one in zip(records, decoded, strict=True)
        if one is None
    )
    return Chunk(
        rows=text_table({name: [as_text(row.get(name)) for row in rows] for name in names}),
        numbers=np.flatnonzero(mask).astype(np.int64) + number,
        lines=lines[mask],
        malformed=tuple(malformed),
        bytes_read=bytes_read,
    )


def _malformed(line: int, text: str) -> Malformed:
    wrong = "the line is not a JSON object"
    if foreign(text):
        wrong, text = readable(text)
    return Malformed(line, wrong, text.strip()[:2000])


def _object(text: str) -> dict[str, Any] | None:
    try:
        decoded = _decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return None
    return decoded if isinstance(decoded, dict) else None


def as_text(value: Any) -> str | None:
    """Return a JSON value as the text that a CSV file would hold for it."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    return msgspec.json.encode(value).decode()

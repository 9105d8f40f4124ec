"""Any table file becomes runs of rows of text: CSV, JSON lines or Parquet, packed or not.

What kind of file it is, is read off its content, never off its name.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import pyarrow as pa

from engage.collect import delimited, jsonlines, parquet
from engage.collect.chunks import CHUNK_ROWS, Chunk
from engage.collect.encodings import as_utf8, check_text, why_no_text
from engage.collect.layout import Layout
from engage.errors import SourceFileError

GZIP = b"\x1f\x8b"
PARQUET = b"PAR1"
ZIP = b"PK\x03\x04"
_BLOCK = 1 << 20
_SAMPLE = 1 << 16


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What a file is known by, whatever it is called."""

    sha256: str
    size: int
    """Bytes as it lies on disk."""


def fingerprint(path: Path, layout: Layout | None = None) -> Fingerprint:
    """Read a file once from end to end and return its fingerprint.

    A packed file that was cut off, or text that is not in its encoding, is found here, before
    a single row has been stored. Raises SourceFileError.
    """
    with _raw(path) as raw:
        digest = hashlib.file_digest(raw, "sha256").hexdigest()
    size = path.stat().st_size
    head = _head(path)
    if not head.startswith(PARQUET):
        with _raw(path) as raw:
            read_by = layout or Layout()
            check_text(_blocks(_unpacked(raw, head), read_by, path), read_by, path)
    return Fingerprint(digest, size)


def read(
    path: Path, layout: Layout | None = None, *, chunk_rows: int = CHUNK_ROWS
) -> Iterator[Chunk]:
    """Return the file's rows, a chunk at a time, every value as text and empty ones as null.

    Raises SourceFileError when the file is missing, a folder, empty, not a table, or cut off.
    """
    layout = layout or Layout()
    head = _head(path)
    if head.startswith(PARQUET):
        yield from parquet.read(path, chunk_rows)
        return
    with _raw(path) as raw:
        stream = cast("io.BufferedReader", io.BufferedReader(_Counted(_unpacked(raw, head), path)))
        start = stream.peek(_SAMPLE)[:_SAMPLE]
        _must_be_text(start, layout, path)
        is_json = jsonlines.looks_like(as_utf8(start, layout), path)
        reader = jsonlines.read if is_json else delimited.read
        yield from reader(stream, path, layout, chunk_rows, raw.tell)


def head_of(path: Path, layout: Layout | None = None) -> pa.Table:
    """Return a file's first thousand rows; their columns are the file's."""
    return next(read(path, layout, chunk_rows=1_000)).rows


def _raw(path: Path) -> io.BufferedReader:
    try:
        return path.open("rb")
    except FileNotFoundError:
        raise SourceFileError(f"{path}: there is no such file") from None
    except IsADirectoryError:
        raise SourceFileError(f"{path}: is a folder; name the files in it") from None
    except OSError as error:
        raise SourceFileError(f"{path}: cannot be opened ({error.strerror})") from None


def _head(path: Path) -> bytes:
    with _raw(path) as raw:
        head = raw.read(8)
    if not head:
        raise SourceFileError(f"{path}: is empty; a table with a header line was expected")
    if head.startswith(ZIP):
        raise SourceFileError(
            f"{path}: is a zip archive or an Excel workbook; unpack it, or save it as CSV"
        )
    return head


def _unpacked(raw: io.BufferedReader, head: bytes) -> IO[bytes]:
    packed: object = gzip.GzipFile(fileobj=raw) if head.startswith(GZIP) else raw
    return cast("IO[bytes]", packed)


def _must_be_text(start: bytes, layout: Layout, path: Path) -> None:
    if not start:
        raise SourceFileError(f"{path}: holds nothing once unpacked")
    if start.startswith(PARQUET):
        raise SourceFileError(f"{path}: is a packed Parquet file; unpack it first")
    if why := why_no_text(start, layout):
        raise SourceFileError(
            f"{path}: is neither text nor Parquet, for {why}; CSV, JSON lines and Parquet can be "
            "imported, gzipped or not"
        )


def _blocks(stream: IO[bytes], layout: Layout, path: Path) -> Iterator[bytes]:
    counted = _Counted(stream, path)
    first = True
    while (block := counted.read(_BLOCK)) or first:
        if first:
            _must_be_text(block[:_SAMPLE], layout, path)
        first = False
        yield block


class _Counted(io.RawIOBase):
    """A stream that says in words, and at which byte, that its packing is broken."""

    def __init__(self, stream: IO[bytes], path: Path) -> None:
        self._stream = stream
        self._path = path
        self._at = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        block = self._next(len(buffer))
        buffer[: len(block)] = block
        return len(block)

    def _next(self, size: int) -> bytes:
        try:
            block = self._stream.read(size)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise SourceFileError(
                f"{self._path}: the gzip data breaks off or is damaged after {self._at} unpacked "
                f"bytes ({error}); fetch the file again. Nothing after that point can be read"
            ) from None
        self._at += len(block)
        return block

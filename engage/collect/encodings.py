"""Bytes become lines of text, and a byte that is no text is named with its line."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterable, Iterator
from pathlib import Path

from engage.collect.layout import Layout
from engage.errors import SourceFileError, WrongUse

LONGEST_LINE = 1 << 26
"""Characters; a table has no longer line, but a file of another kind may have no line end at all."""

_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def encoding_of(start: bytes, layout: Layout) -> str:
    """Return the encoding to read by: a byte order mark tells it, else the layout does."""
    if start.startswith(_UTF16):
        return "utf-16"
    if start.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    try:
        return codecs.lookup(layout.encoding).name
    except LookupError:
        raise WrongUse(
            f"[file] encoding: there is no encoding named {layout.encoding!r}; "
            "utf-8, cp1252 and utf-16 are usual"
        ) from None


def check_text(blocks: Iterable[bytes], layout: Layout, path: Path) -> None:
    """Read everything and raise SourceFileError where it is not lines of text in its encoding."""
    decoder: codecs.IncrementalDecoder | None = None
    line, since = 1, 0
    for block in blocks:
        if decoder is None:
            decoder = codecs.getincrementaldecoder(encoding_of(block, layout))()
        try:
            text = decoder.decode(block)
        except UnicodeDecodeError as error:
            line += error.object[: error.start].count(b"\n")
            raise _not_text(path, line, error) from None
        line += text.count("\n")
        ends = max(text.rfind("\n"), text.rfind("\r"))
        since = since + len(text) if ends < 0 else len(text) - ends - 1
        if since > LONGEST_LINE:
            raise SourceFileError(
                f"{path}: line {line} has more than {LONGEST_LINE:,} characters; write one row "
                "per line"
            )
    try:
        if decoder is not None:
            decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise _not_text(path, line, error) from None


def lines_of(stream: io.BufferedReader, start: bytes, layout: Layout, path: Path) -> Iterator[str]:
    """Return the stream's lines with their ends, as text."""
    text = io.TextIOWrapper(stream, encoding_of(start, layout), newline="")
    number = 0
    try:
        for line in text:
            number += 1
            yield line
    except UnicodeDecodeError as error:
        raise _not_text(path, number + 1, error) from None


def _not_text(path: Path, line: int, error: UnicodeDecodeError) -> SourceFileError:
    byte = error.object[error.start] if error.start < len(error.object) else 0
    return SourceFileError(
        f"{path}: near line {line} the byte 0x{byte:02x} is not {error.encoding} text; "
        'if the file comes from a Windows program, write encoding = "cp1252" under [file] '
        "in the mapping"
    )

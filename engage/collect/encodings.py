"""Bytes become lines of text, and a byte that is no text is named with its line.

A UTF-8 file in which single lines are of another encoding, as when two exports were joined, is
read: those lines are marked by what Python makes of such bytes (`surrogateescape`) and set aside as
rows. A file of which most letters beyond ASCII are no UTF-8 is of another encoding, and is refused.
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from engage.collect.layout import Layout
from engage.errors import SourceFileError, WrongUse

LONGEST_LINE = 1 << 26
"""Characters; a table has no longer line, but a file of another kind may have no line end at all."""

_ESCAPED = re.compile("[\udc80-\udcff]")
_LETTER = re.compile("[^\x00-\x7f\udc80-\udcff]")
_CONTROL = re.compile("[\x01-\x08\x0e-\x19\x1c-\x1f\x7f]")
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_LOOKED_AT = 1 << 12
"""Bytes of a file's beginning that tell its encoding where no mark does."""


def encoding_of(start: bytes, layout: Layout) -> str:
    """Return the encoding to read by: a byte order mark tells it, else the layout does.

    UTF-16 shows itself without a mark, too: every second byte of plain letters is zero.
    """
    if start.startswith(_UTF16):
        return "utf-16"
    if start.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if wide := _utf16_without_mark(start[:_LOOKED_AT]):
        return wide
    try:
        return codecs.lookup(layout.encoding).name
    except LookupError:
        raise WrongUse(
            f"[file] encoding: there is no encoding named {layout.encoding!r}; "
            "utf-8, cp1252 and utf-16 are usual"
        ) from None


def _utf16_without_mark(start: bytes) -> str:
    """Return which UTF-16 a text is: most of one side's bytes are zero, hardly any of the other's."""
    even, odd = start[0::2], start[1::2]
    for zero, other, name in ((odd, even, "utf-16-le"), (even, odd, "utf-16-be")):
        if zero.count(0) * 2 > len(zero) and other.count(0) * 10 <= len(other):
            return name
    return ""


def why_no_text(start: bytes, layout: Layout) -> str:
    """Return what shows that a file with this beginning is no text, or nothing when it may be one."""
    text = start.decode(encoding_of(start, layout), "ignore")
    if "\0" in text:
        return "it holds zero bytes"
    if len(_CONTROL.findall(text)) * 20 > len(text):
        return "too many of its bytes stand for no letter"
    return ""


def as_utf8(start: bytes, layout: Layout) -> bytes:
    """Return the beginning of a file as it would be in UTF-8, as far as it can be read."""
    return start.decode(encoding_of(start, layout), "ignore").encode()


def check_text(blocks: Iterable[bytes], layout: Layout, path: Path) -> None:
    """Read everything and raise SourceFileError where it is not lines of text in its encoding."""
    decoder: codecs.IncrementalDecoder | None = None
    line, since = 1, 0
    foreign = _Foreign()
    for block in blocks:
        if decoder is None:
            name = encoding_of(block, layout)
            decoder = codecs.getincrementaldecoder(name)(_errors(name))
        try:
            text = decoder.decode(block)
        except UnicodeDecodeError as error:
            line += error.object[: error.start].count(b"\n")
            raise _not_text(path, line, error.object[error.start :], error.encoding) from None
        foreign.look(text, line)
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
            foreign.look(decoder.decode(b"", final=True), line)
    except UnicodeDecodeError as error:
        raise _not_text(path, line, error.object[error.start :], error.encoding) from None
    if foreign.bytes > foreign.letters:
        raise _not_text(path, foreign.line, foreign.first, "utf-8")


class _Foreign:
    """How much of a text is of another encoding."""

    def __init__(self) -> None:
        self.bytes = self.letters = self.line = 0
        self.first = b""

    def look(self, text: str, line: int) -> None:
        """Count the bytes that are no text and the letters beyond ASCII that are."""
        if text.isascii():
            return
        self.letters += len(_LETTER.findall(text))
        if (found := _ESCAPED.search(text)) is None:
            return
        self.bytes += len(_ESCAPED.findall(text))
        if not self.line:
            self.line = line + text.count("\n", 0, found.start())
            self.first = found[0].encode("utf-8", "surrogateescape")


def _errors(encoding: str) -> str:
    return "surrogateescape" if encoding.startswith("utf-8") else "strict"


def foreign(text: str) -> bool:
    """Return whether something in a text is of another encoding than its file."""
    return not text.isascii() and _ESCAPED.search(text) is not None


def readable(text: str) -> tuple[str, str]:
    """Return why a text of another encoding is no row, and the text as Windows would show it."""
    found = _ESCAPED.search(text)
    byte = ord(found[0]) - 0xDC00 if found else 0
    shown = text.encode("utf-8", "surrogateescape").decode("cp1252", "replace")
    return f"the byte 0x{byte:02x} is no utf-8 text, as the rest of the file is", shown


def lines_of(stream: io.BufferedReader, layout: Layout, path: Path) -> Iterator[str]:
    """Return the stream's lines with their ends, as text."""
    name = encoding_of(stream.peek(_LOOKED_AT), layout)
    text = io.TextIOWrapper(stream, name, _errors(name), newline="")
    number = 0
    try:
        for line in text:
            number += 1
            yield line
    except UnicodeDecodeError as error:
        raise _not_text(path, number + 1, error.object[error.start :], error.encoding) from None


def _not_text(path: Path, line: int, rest: bytes, encoding: str) -> SourceFileError:
    return SourceFileError(
        f"{path}: near line {line} the byte 0x{rest[:1].hex() or '00'} is not {encoding} text; "
        'if the file comes from a Windows program, write encoding = "cp1252" under [file] '
        "in the mapping"
    )

"""Lines become records: values between separators, over several lines where they are quoted."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator

from engage.collect.layout import BLANKS

Record = tuple[int, list[str] | None, str, str]
"""The line it begins on, its values, or why it has none and what stands on the line."""


def records_of(lines: Iterator[str], delimiter: str, line: int) -> Iterator[Record]:
    """Return the records that these lines make; `line` is how many lines came before."""
    if delimiter == BLANKS:
        for number, text in enumerate(lines, line + 1):
            if values := text.split():
                yield number, values, "", ""
        return
    held = _Held(lines, line)
    reader = csv.reader(held, delimiter=delimiter, strict=True)
    while True:
        begins = held.passed + 1
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            reason = _wrong(error, len(held.lines))
            yield begins, None, reason, held.give_back()
            continue
        held.lines.clear()
        if values:
            yield begins, values, "", ""


class _Held:
    """Lines, of which those of the last record are held until it is known to be one.

    A quotation mark that nobody closes swallows what follows, until a value is too long to be one:
    only the line it stands on is wrong, the others are given back and read again.
    """

    def __init__(self, lines: Iterator[str], passed: int) -> None:
        self._source, self._back = lines, deque[str]()
        self.passed = passed
        self.lines: list[str] = []

    def __iter__(self) -> _Held:
        return self

    def __next__(self) -> str:
        line = self._back.popleft() if self._back else next(self._source)
        self.lines.append(line)
        self.passed += 1
        return line

    def give_back(self) -> str:
        """Let all lines but the first be read again; return the first."""
        first, *others = self.lines
        self._back.extendleft(reversed(others))
        self.passed -= len(others)
        self.lines.clear()
        return first


def _wrong(error: csv.Error, lines: int) -> str:
    if "field limit" in str(error) and lines == 1:
        return f"a value is longer than {csv.field_size_limit():,} characters"
    if "field limit" in str(error) or "unexpected end" in str(error):
        return "a quotation mark is opened and not closed"
    return f"the quotation marks are wrong ({error})"

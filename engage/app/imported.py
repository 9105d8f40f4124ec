"""What came of an imported file, in numbers that add up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

import pyarrow as pa

from engage.collect.convert import Converted
from engage.collect.findings import without_value

SHOWN = 10
"""Faults that a report names one by one."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One row, or part of one, that was set aside."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Stored:
    """What came of a chunk's usable rows."""

    new: int
    differing: int = 0
    corrected: int = 0
    replaced: int = 0


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What came of a file; rows_read = new + known + left out + bad.

    A dry run without a database cannot tell known rows from new ones: `compared` is false, and all
    that are usable count as new.
    """

    file: str
    kind: str
    rows_read: int = 0
    rows_new: int = 0
    rows_corrected: int = 0
    """Of the new rows, those that say something else of a contact that was known."""
    rows_known: int = 0
    rows_differing: int = 0
    """Of the known rows, those that say something else than what is stored, which stays unless
    it is replaced."""
    rows_replaced: int = 0
    """Of the known rows, those whose word was taken instead of what was stored."""
    rows_taken_back: int = 0
    """What only an earlier reading of the same file saw: stretches of a roster, and rows where
    the import replaces."""
    rows_left_out: int = 0
    """Rows that the mapping's `[where]` does not take."""
    rows_bad: int = 0
    parts_bad: int = 0
    """Rows that were stored without a part that could not be read, such as a phone number."""
    reasons: Mapping[str, int] = field(default_factory=dict)
    """How often each fault was found, the most frequent first."""
    first_errors: tuple[Problem, ...] = ()
    import_id: str = ""
    """Empty after a dry run."""
    read_before: datetime | None = None
    """When this very file was last read to its end under this very mapping."""
    read_otherwise: datetime | None = None
    """When another mapping read this very file and brought rows that stand beside the new ones."""
    rows_before: int = 0
    """Rows that were read before the import was stopped; this report is of those behind them."""
    began: datetime | None = None
    """When the import first began."""
    dry_run: bool = False
    compared: bool = True

    @property
    def quarantined(self) -> int:
        """Return how many rows and parts were set aside."""
        return self.rows_bad + self.parts_bad

    def as_dict(self) -> dict[str, Any]:
        """Return the shape of `engage import --json`."""
        return {**asdict(self), "reasons": dict(self.reasons)}


class Count:
    """The numbers of an import while it goes on."""

    def __init__(self, file: str, kind: str) -> None:
        self.rows_read = 0
        self._file, self._kind = file, kind
        self._numbers: Counter[str] = Counter()
        self._reasons: Counter[str] = Counter()
        self._first: list[Problem] = []

    def add(self, converted: Converted, stored: Stored) -> None:
        """Count a chunk and what came of its usable rows."""
        parts = converted.extras.get("parts")
        self._numbers.update(
            rows_new=stored.new,
            rows_known=converted.rows.num_rows - stored.new,
            rows_differing=stored.differing,
            rows_corrected=stored.corrected,
            rows_replaced=stored.replaced,
            rows_left_out=converted.left_out,
            rows_bad=converted.bad.num_rows,
            parts_bad=0 if parts is None else parts.num_rows,
        )
        self.rows_read += converted.rows_read
        for table in (converted.bad, parts):
            if table is not None:
                self._note(table)

    def _note(self, faults: pa.Table) -> None:
        reasons = faults["reason"].to_pylist()
        self._reasons.update(map(without_value, reasons))
        shown = faults.slice(0, SHOWN)
        self._first += [
            Problem(line, reason)
            for line, reason in zip(
                shown["line"].to_pylist(), shown["reason"].to_pylist(), strict=True
            )
        ]
        self._first = sorted(self._first, key=lambda one: one.line)[:SHOWN]

    def report(self) -> ImportReport:
        """Return what was counted."""
        numbers: dict[str, Any] = dict(self._numbers)
        return ImportReport(
            file=self._file,
            kind=self._kind,
            rows_read=self.rows_read,
            **numbers,
            reasons=dict(self._reasons.most_common()),
            first_errors=tuple(self._first),
        )

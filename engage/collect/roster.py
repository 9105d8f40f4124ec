"""A roster is read as the clock on the wall showed its times, the hour of autumn twice.

Rosters are written in civil time. On the day of 25 hours a file lists an hour twice: what it says
of a queue and time the second time is of the second hour, wherever in the file it stands. Where it
says it but once, the row is of the first hour and `again_at` names the second, so that a plan can
take it for both. A time that says its own offset is taken at its word.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Collection
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engage.collect import fill as filling
from engage.collect import times
from engage.collect.chunks import Chunk
from engage.collect.findings import Findings, Mask, as_mask
from engage.collect.mapping import Mapping
from engage.collect.names import nearest
from engage.collect.schema import TIME
from engage.collect.times import Moments, Shown
from engage.domain.staffing import STAFFING

AGAIN = "(shown again)"
"""The column, no file's own, that marks the rows of the second of two hours. It goes with a row
into quarantine, where the rows that it followed in the file are not."""

OVERLAP = "starts_at: another row has the queue at this time; a roster says each time once"
_NEVER = np.datetime64("NaT", "us")
_LONGEST = np.timedelta64(7, "D")
_WITH_CLOCK = r"[T ]\d|:"

Spans = dict[tuple[str, int], list[tuple[int, int]]]
"""Beginnings and ends in microseconds, in order and apart, by queue and, where a file holds several
versions, by known_at."""


class Roster:
    """What a roster file has said so far, whatever the size of its chunks."""

    def __init__(self, mapping: Mapping, held: pa.Table | None = None) -> None:
        """`held`: rows of the same file that are stored, when its other rows are read again."""
        self._mapping = mapping
        self._by_clock = bool(mapping.columns["starts_at"].column)
        self._passed: Counter[tuple[object, ...]] = Counter()
        self._spans: Spans = {}
        if held is not None:
            self._overlapping({name: held[name] for name in held.column_names})

    def marked(self, chunk: Chunk) -> Chunk:
        """Return the chunk with the rows of the second of two hours marked.

        Rows that put nobody into an hour that no clock showed say nothing, and are left out.
        """
        if not self._by_clock:
            return chunk
        ignored = Findings(chunk.rows.num_rows)
        walls, civil, shown = self._read("starts_at", chunk, ignored)
        agents = filling.filled(
            STAFFING.column("agents"),
            self._mapping.columns["agents"],
            chunk,
            ignored,
            missing=self._mapping.file.missing,
        )
        nobody = _gone(walls, civil, shown) & as_mask(pc.equal(agents, 0.0))
        again = _marks(chunk) | self._repeated(chunk, walls, np.flatnonzero(~np.isnat(shown.again)))
        if again.any():
            marks = pa.array(["true"] * len(again), mask=~again)
            rest = chunk.rows.drop_columns([AGAIN] if AGAIN in chunk.rows.column_names else [])
            chunk = replace(chunk, rows=rest.append_column(AGAIN, marks))
        return chunk.kept(~nobody)

    def _repeated(self, chunk: Chunk, walls: Moments, places: np.ndarray) -> Mask:
        """Return which of these rows say a queue's time that was said before."""
        again = np.zeros(len(walls), bool)
        if not len(places):
            return again
        told = [self._told(name, chunk).to_pylist() for name in ("queue", "known_at")]
        for place in places.tolist():
            key = (*(values[place] for values in told), int(walls[place].astype(np.int64)))
            again[place] = key[0] is not None and self._passed[key] > 0
            self._passed[key] += 1
        return again

    def _told(self, name: str, chunk: Chunk) -> pa.Array:
        fill = self._mapping.columns.get(name)
        if fill is None:
            return pa.nulls(chunk.rows.num_rows, pa.string())
        column, ignored = STAFFING.column(name), Findings(chunk.rows.num_rows)
        return filling.meaning(fill, chunk, column, ignored, self._mapping.file.missing)

    def _read(self, name: str, chunk: Chunk, findings: Findings) -> tuple[Moments, Mask, Shown]:
        """Return a column's times as written, which are a clock's, and when that showed them."""
        fill, column = self._mapping.columns[name], STAFFING.column(name)
        text = filling.meaning(fill, chunk, column, findings, self._mapping.file.missing)
        walls, civil = times.told(text, name, findings, style=fill.format)
        first, again = walls.copy(), np.full(len(walls), _NEVER)
        if fill.zone != "UTC" and civil.any():
            shown = times.shown(walls[civil], fill.zone)
            first[civil], again[civil] = shown.first, shown.again
            # A date means its day, which in some zones begins at one o'clock.
            days = civil & np.isnat(first) & ~as_mask(pc.match_substring_regex(text, _WITH_CLOCK))
            if days.any():
                plain = text.filter(pa.array(days))
                first[days] = times.moments(
                    plain, name, Findings(len(plain)), style=fill.format, zone=fill.zone
                )
        return walls, civil, Shown(first, again)

    def times(self, chunk: Chunk, findings: Findings) -> dict[str, pa.Array]:
        """Return starts_at, again_at and, where it is a column of the file, ends_at.

        An end that the clock skips or shows twice, or whose beginning it shows twice, lies as long
        after the beginning as the clock says.
        """
        if not self._by_clock:
            return {}
        walls, civil, shown = self._read("starts_at", chunk, findings)
        marked = _marks(chunk) & ~np.isnat(shown.again)
        starts = np.where(marked, shown.again, shown.first)
        zone = self._mapping.columns["starts_at"].zone
        times.refuse_gone(_gone(walls, civil, shown), "starts_at", zone, findings)
        made = {"starts_at": starts, "again_at": np.where(marked, _NEVER, shown.again)}
        if self._mapping.columns["ends_at"].column:
            last, its_clock, its = self._read("ends_at", chunk, findings)
            odd = ~np.isnat(shown.again) | ~np.isnat(its.again) | _gone(last, its_clock, its)
            alike = civil & its_clock & (zone == self._mapping.columns["ends_at"].zone)
            made["ends_at"] = np.where(odd & alike, starts + (last - walls), its.first)
        return {name: pa.array(moments, TIME) for name, moments in made.items()}

    def check(self, columns: dict[str, pa.Array], findings: Findings) -> None:
        """Set aside stretches that end before they begin, or contradict an earlier row."""
        starts, ends = (_moments(columns[name]) for name in ("starts_at", "ends_at"))
        findings.refuse(ends <= starts, "ends_at: not after starts_at")
        findings.refuse(ends - starts > _LONGEST, "ends_at: more than a week after starts_at")
        good = pa.array(~findings.bad)
        clash = np.zeros(len(starts), bool)
        clash[~findings.bad] = self._overlapping(
            {name: columns[name].filter(good) for name in ("queue", "known_at", *_SPAN)}
        )
        findings.refuse(clash, OVERLAP)

    def _overlapping(self, columns: dict[str, pa.Array]) -> list[bool]:
        """Return which rows overlap an earlier one of their queue, and remember the others."""
        several = "known_at" in self._mapping.columns
        versions = _whole(columns["known_at"]) if several else [0] * len(columns["queue"])
        keys = zip(columns["queue"].to_pylist(), versions, strict=True)
        found = []
        for key, begin, end in zip(keys, *(_whole(columns[name]) for name in _SPAN), strict=True):
            spans = self._spans.setdefault(key, [])
            at = bisect_left(spans, (begin, end))
            found.append(_meets(spans, at, begin, end))
            if not found[-1]:
                spans.insert(at, (begin, end))
        return found

    def lacks(self, rows: pa.Table) -> Mask:
        """Return which rows are of a queue that the file names at a time of which it says nothing.

        For files without versions of their own.
        """
        keys = ((queue, 0) for queue in rows["queue"].to_pylist())
        found = []
        for key, begin, end in zip(keys, *(_whole(rows[name]) for name in _SPAN), strict=True):
            spans = self._spans.get(key, [])
            at = bisect_left(spans, (begin, end))
            found.append(bool(spans) and not _meets(spans, at, begin, end))
        return np.array(found, bool)


_SPAN = ("starts_at", "ends_at")


def _meets(spans: list[tuple[int, int]], at: int, begin: int, end: int) -> bool:
    """Return whether a span, whose place is there, overlaps one of these."""
    return (at > 0 and spans[at - 1][1] > begin) or (at < len(spans) and spans[at][0] < end)


def unknown(rows: pa.Table, queues: Collection[str]) -> dict[str, str]:
    """Return the queues of a roster that are none of these, each with what to say about it."""
    return {
        name: f"queue: settings.toml has no [queues.{name}]; {nearest(name, queues)}"
        for name in pc.unique(rows["queue"]).to_pylist()
        if name not in queues
    }


def _marks(chunk: Chunk) -> Mask:
    return as_mask(chunk.column(AGAIN).is_valid())


def _gone(walls: Moments, civil: Mask, shown: Shown) -> Mask:
    """Return which times no clock of the zone ever showed."""
    return civil & ~np.isnat(walls) & np.isnat(shown.first)


def _moments(values: pa.Array) -> Moments:
    return np.asarray(values.to_numpy(zero_copy_only=False), "datetime64[us]")


def _whole(values: pa.Array) -> list[int]:
    return values.cast(pa.int64()).to_pylist()  # type: ignore[no-any-return]

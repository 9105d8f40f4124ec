"""When a person may be called or messaged: all places and zones they may be in must allow it.

On-page offers are not bound: the person is awake, on our page. A message waits for the next
opening within the trigger's validity; a call with an agent who is free now does not wait.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

from engage.decide.board import CLASSES, Board, Flags, Masks, Moments, Whole
from engage.decide.holidays import closed_days
from engage.decide.hours import DAY, Spans, overlap, spans, zone_of
from engage.decide.rules import Rules
from engage.domain.actions import ON_PAGE, Action, ContactClass
from engage.domain.reasons import Reason

HORIZON = 9 * DAY
"""How far ahead openings are looked for: every weekly window comes up, a long holiday passes."""
NEVER = np.iinfo(np.int64).max


@dataclass
class Calendar:
    """The open hours ahead of a moment, worked out once for each distinct place, zone and class."""

    rules: Rules
    now: int
    """Microseconds since 1970."""
    _known: dict[tuple[str, str, ContactClass], Spans | None] = field(default_factory=dict)

    def open(
        self, places: tuple[str, ...], zones: tuple[str, ...], contact_class: ContactClass
    ) -> Spans | None:
        """Return when all places and zones allow contact, the guarded end taken off.

        None when no place or no zone is known, or one of the zones does not exist.
        """
        common: Spans | None = None
        for place in places:
            for zone in zones:
                found = self._local(place, zone, contact_class)
                if found is None:
                    return None
                common = found if common is None else overlap(common, found)
        return None if common is None else self._guarded(common)

    def _local(self, place: str, zone: str, contact_class: ContactClass) -> Spans | None:
        key = (place, zone, contact_class)
        if key not in self._known:
            self._known[key] = self._worked_out(*key)
        return self._known[key]

    def _worked_out(self, place: str, zone: str, contact_class: ContactClass) -> Spans | None:
        known_zone = zone_of(zone)
        if known_zone is None:
            return None
        # A day behind us, so that a window that is open now keeps its true beginning.
        start, end = self.now - DAY, self.now + HORIZON
        closed = self._closed(place.partition("-")[0], start, end)
        common: Spans | None = None
        for hours in self.rules.hours(place, contact_class):
            found = spans(hours, known_zone, start, end, closed)
            common = found if common is None else overlap(common, found)
        return common or []

    def _closed(self, country: str, start: int, end: int) -> frozenset[int]:
        years = {_year(start - DAY), _year(end + DAY)}
        return frozenset().union(*(closed_days(country, year) for year in years))

    def _guarded(self, found: Spans) -> Spans:
        guard = self.rules.end_guard // timedelta(microseconds=1)
        return [(first, last - guard) for first, last in found if last - guard > first]


def _year(at: int) -> int:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)).year


@dataclass(frozen=True)
class Groups:
    """Candidates that share places, zones and class, and so their open hours."""

    code: npt.NDArray[np.intp]
    """(n,) which group."""
    open: tuple[Spans | None, ...]
    """The open spans of each group; None where the zone is unknown."""

    @property
    def unknown(self) -> Flags:
        """Return (n,) whether nobody knows the hour there."""
        return np.asarray([found is None for found in self.open], bool)[self.code]


def groups(board: Board, calendar: Calendar) -> Groups:
    """Return the candidates grouped by where they may be and the class of the contact."""
    place_code, places = pd.factorize(board.people["places"].to_numpy())
    zone_code, zones = pd.factorize(board.people["zones"].to_numpy())
    person = place_code.astype(np.int64) * len(zones) + zone_code
    keys = person[board.who] * len(CLASSES) + board.class_code
    code, distinct = pd.factorize(keys)
    found = []
    for key in distinct.tolist():
        where, contact_class = divmod(key, len(CLASSES))
        place, zone = divmod(where, len(zones))
        found.append(calendar.open(places[place], zones[zone], CLASSES[contact_class]))
    return Groups(code, tuple(found))


@dataclass(frozen=True)
class Timing:
    """When each action would go out and until when it may, with what the hours refuse."""

    masks: Masks
    due: Moments
    """(n, a); for slots the caller sets it when a slot is chosen."""
    closes: Moments
    """(n, a) the end of the open hours; far away where hours do not bind."""


def timing(board: Board, found: Groups) -> Timing:
    """Return when each action may go out; messages wait for the next opening, calls do not."""
    now = int(board.now.astype(np.int64))
    opening, closing = next_open(found, now)
    deadline = board.deadline.astype(np.int64)
    due = np.full((board.n, len(board.actions)), now)
    closes = np.full(due.shape, NEVER)
    quiet, unknown = np.zeros(due.shape, bool), np.zeros(due.shape, bool)
    for column, action in enumerate(board.actions):
        if action.channel in ON_PAGE:
            continue
        unknown[:, column] = found.unknown
        if not action.slot:
            last = now if _happens_now(action) else np.maximum(deadline, now)
            quiet[:, column] = ~found.unknown & (opening > last)
            due[:, column], closes[:, column] = opening, closing
    masks = {Reason.QUIET_HOURS: quiet, Reason.UNKNOWN_ZONE: unknown}
    return Timing(masks, due.view("datetime64[us]"), closes.view("datetime64[us]"))


def _happens_now(action: Action) -> bool:
    """Return whether an agent who is free at this moment is part of the offer."""
    return bool(action.queue) and not action.slot


def next_open(found: Groups, now: int) -> tuple[Whole, Whole]:
    """Return (n,) the next moment at which contact is allowed, and when that ends again."""
    pairs = [
        next(
            ((max(now, first), last) for first, last in spans_ or [] if last > now), (NEVER, NEVER)
        )
        for spans_ in found.open
    ]
    table = np.asarray(pairs, np.int64).reshape(len(pairs), 2)[found.code]
    return table[:, 0], table[:, 1]

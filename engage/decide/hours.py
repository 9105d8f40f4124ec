"""Opening hours in local time, turned into exact moments: daylight saving, holidays, many zones."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from engage.errors import SettingsError

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SECOND = 1_000_000
MINUTE = 60 * SECOND
DAY = 24 * 60 * MINUTE
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STEP = DAY // 4
_MONDAY_OF_EPOCH = 3
"""1970-01-01 was a Thursday."""

Spans = list[tuple[int, int]]
"""Half-open spans of time in microseconds since 1970 UTC, in order, without overlap."""


@dataclass(frozen=True, slots=True)
class Window:
    """On which weekdays, and from which local time to which, something is open."""

    days: frozenset[int]
    """0 is Monday."""
    opens: int
    """Minutes after local midnight."""
    closes: int
    """The first minute that is closed again; 1440 is midnight."""

    @staticmethod
    def of(days: Iterable[str], opens: str, closes: str) -> Window:
        """Return the window that settings write as day names and HH:MM."""
        first, last = _minutes(opens), _minutes(closes)
        unknown = [day for day in days if day not in DAYS]
        if unknown:
            raise SettingsError(f"window day {unknown[0]!r} is not one of {', '.join(DAYS)}")
        if first >= last:
            raise SettingsError(f"window {opens}-{closes} opens after it closes; split it in two")
        return Window(frozenset(DAYS.index(day) for day in days), first, last)


def _minutes(text: str) -> int:
    hours, _, minutes = text.partition(":")
    if not (hours.isdigit() and minutes.isdigit() and int(minutes) < 60):
        raise SettingsError(f"time {text!r} is not HH:MM")
    total = int(hours) * 60 + int(minutes)
    if total > 1440:
        raise SettingsError(f"time {text!r} is past 24:00")
    return total


def microseconds(moment: datetime) -> int:
    """Return an aware moment as microseconds since 1970."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def day_number(day: date) -> int:
    """Return a date as days since 1970."""
    return day.toordinal() - _EPOCH.toordinal()


@lru_cache(maxsize=1024)
def zone_of(name: str) -> ZoneInfo | None:
    """Return the time zone of this IANA name, or None when there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def spans(
    windows: Sequence[Window], zone: ZoneInfo, start: int, end: int, closed: Collection[int] = ()
) -> Spans:
    """Return when these local windows are open between two moments.

    A moment is inside when the local clock shows a time inside a window, so an hour that
    daylight saving skips is short and one that it repeats counts twice. `closed` holds local
    days (since 1970) on which nothing is open.
    """
    found: Spans = []
    for first, last, offset in _steady(zone, start, end):
        for day in range((first + offset) // DAY, (last - 1 + offset) // DAY + 1):
            if day not in closed:
                found += _on_day(windows, day, offset, first, last)
    return merged(found)


def _on_day(windows: Sequence[Window], day: int, offset: int, first: int, last: int) -> Spans:
    weekday = (day + _MONDAY_OF_EPOCH) % 7
    midnight = day * DAY - offset
    cut = (
        (max(first, midnight + w.opens * MINUTE), min(last, midnight + w.closes * MINUTE))
        for w in windows
        if weekday in w.days
    )
    return [span for span in cut if span[0] < span[1]]


def _steady(zone: ZoneInfo, start: int, end: int) -> Iterable[tuple[int, int, int]]:
    """Yield (start, end, offset) for each stretch in which the zone's offset stays the same."""
    first, offset, at = start, _offset(zone, start), start
    while at < end:
        following = min(at + _STEP, end)
        if (after := _offset(zone, following)) != offset:
            change = _change(zone, at, following, offset)
            yield first, change, offset
            first, offset = change, after
        at = following
    yield first, end, offset


def _change(zone: ZoneInfo, low: int, high: int, before: int) -> int:
    """Return the first whole second, between two moments, at which the offset is another."""
    early, late = low // SECOND, -(-high // SECOND)
    while late - early > 1:
        middle = (early + late) // 2
        early, late = (
            (middle, late) if _offset(zone, middle * SECOND) == before else (early, middle)
        )
    return late * SECOND


def _offset(zone: ZoneInfo, at: int) -> int:
    moment = (_EPOCH + timedelta(microseconds=at)).astimezone(zone)
    shift = moment.utcoffset()
    assert shift is not None
    return shift // timedelta(microseconds=1)


def merged(found: Spans) -> Spans:
    """Return the same time with touching and overlapping spans joined."""
    joined: Spans = []
    for first, last in sorted(found):
        if joined and first <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        else:
            joined.append((first, last))
    return joined


def overlap(one: Spans, other: Spans) -> Spans:
    """Return the time that lies in both."""
    common: Spans = []
    i = j = 0
    while i < len(one) and j < len(other):
        first, last = max(one[i][0], other[j][0]), min(one[i][1], other[j][1])
        if first < last:
            common.append((first, last))
        if one[i][1] < other[j][1]:
            i += 1
        else:
            j += 1
    return common

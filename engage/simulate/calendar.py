"""When things happen: days, hours of the day, and the zones people live in.

Times inside the simulation are whole microseconds since 1970, UTC unless called local.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from engage.simulate.streams import Floats, Ints, pick

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
WEEK = 7 * DAY
OPENS, CLOSES = 10 * HOUR, 18 * HOUR
"""When agents phone and branches receive, local time."""
NEVER = np.iinfo(np.int64).max
"""The time of what does not happen."""

VISITS_BY_HOUR = (
    14, 8, 4, 2, 2, 4, 10, 20, 32, 38, 42, 44, 46, 42, 40, 40, 42, 48, 56, 66, 78, 74, 54, 30,
)  # fmt: skip
"""Visits for everyday matters: all day long, most after work."""

LATE_VISITS_BY_HOUR = (
    30, 16, 6, 3, 2, 3, 6, 10, 16, 20, 22, 24, 28, 24, 22, 22, 26, 32, 44, 66, 104, 136, 124, 74,
)  # fmt: skip
"""Visits for large decisions: when the children are in bed."""

VISITS_BY_WEEKDAY = (1.05, 1.0, 1.0, 0.95, 0.9, 0.9, 1.15)


def micros(moment: datetime) -> int:
    """Return a moment as microseconds since 1970."""
    aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    return (aware - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def moment(at: int) -> datetime:
    """Return microseconds since 1970 as an aware moment."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)


def weekday(day: Ints) -> Ints:
    """Return 0 for Monday to 6 for Sunday, of days since 1970."""
    return (day + 3) % 7


@dataclass(frozen=True, slots=True)
class Calendar:
    """The offset of each zone on each day, so that whole columns change between local and UTC.

    A change of clocks takes effect at midnight instead of in the small hours.
    """

    first_day: int
    offsets: NDArray[np.int64]
    """[zone, day] in microseconds."""
    busy: Floats
    """[day]: how much is on people's minds; 1 on an ordinary day."""

    @staticmethod
    def of(zones: tuple[str, ...], first: int, last: int) -> Calendar:
        """Return the calendar of these zones between two times, with two days to spare.

        Every day of it is an ordinary one.
        """
        first_day, days = first // DAY - 2, (last - first) // DAY + 5
        epoch = date(1970, 1, 1)
        noons = [
            datetime.combine(epoch + timedelta(days=first_day + k), datetime.min.time())
            + timedelta(hours=12)
            for k in range(days)
        ]
        offsets = [[_offset(noon, ZoneInfo(zone)) for noon in noons] for zone in zones]
        return Calendar(first_day, np.array(offsets, dtype=np.int64), np.ones(days))

    def utc(self, zone: Ints, local: Ints) -> Ints:
        """Return local times in UTC."""
        return local - self._at(zone, local)

    def local(self, zone: Ints, utc: Ints) -> Ints:
        """Return UTC times in local time."""
        return utc + self._at(zone, utc)

    def days(self, u: Floats, first: int, last: int, by_weekday: tuple[float, ...]) -> Ints:
        """Return a day since 1970 for each number in [0, 1), busier days more often."""
        span = np.arange(first // DAY, last // DAY, dtype=np.int64)
        busy = self.busy[span - self.first_day]
        return span[pick(u, np.array(by_weekday)[weekday(span)] * busy)]

    def _at(self, zone: Ints, times: Ints) -> Ints:
        day = np.clip(times // DAY - self.first_day, 0, self.offsets.shape[1] - 1)
        return np.asarray(self.offsets[zone, day])


def time_of_day(u: Floats, v: Floats, by_hour: tuple[int, ...]) -> Ints:
    """Return a time since midnight for each pair of numbers in [0, 1), to the millisecond."""
    return pick(u, by_hour) * HOUR + milliseconds(v * 3_600.0)


def milliseconds(seconds: Floats) -> Ints:
    """Return seconds as whole milliseconds, counted in microseconds.

    Whole milliseconds, because the last bit of a logarithm may differ between machines.
    """
    return np.floor(seconds * 1_000.0).astype(np.int64) * 1_000


def in_office_hours(calendar: Calendar, zone: Ints, utc: Ints, u: Floats) -> Ints:
    """Return each time, moved on to somewhere in the next opening when it falls outside one.

    Open: Monday to Saturday, 10:00 to 18:00 local; `u` in [0, 1) says where in the opening.
    """
    local = calendar.local(zone, utc)
    day, clock = local // DAY, local % DAY
    closed = (clock < OPENS) | (clock >= CLOSES) | (weekday(day) == 6)
    day = day + (clock >= CLOSES)
    day = day + (weekday(day) == 6)
    in_opening = OPENS + milliseconds(u * ((CLOSES - OPENS) // SECOND))
    return np.where(closed, calendar.utc(zone, day * DAY + in_opening), utc)


def _offset(noon: datetime, zone: ZoneInfo) -> int:
    offset = noon.replace(tzinfo=zone).utcoffset()
    assert offset is not None
    return offset // timedelta(microseconds=1)

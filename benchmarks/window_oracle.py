"""When a person in the United States may be contacted, by the table of the contact policy alone.

Nothing here knows Engage: a moment is turned into the wall clock's time by zoneinfo, and weekday,
time and holiday are looked at one after the other, minute by minute.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pandas as pd
from pandas.tseries.holiday import USFederalHolidayCalendar

GUARD = 10
"""Minutes before a window ends in which no provider is called."""
MON, TUE, WED, THU, FRI, SAT, SUN = range(7)
WEEKDAYS, WEEKEND = (MON, TUE, WED, THU, FRI), (SAT, SUN)
Hours = dict[int, tuple[int, int]]
"""Weekday to the first open hour and the first that is closed again; a day without a row is closed."""


def _every(days: Iterable[int], opens: int, closes: int) -> Hours:
    return dict.fromkeys(days, (opens, closes))


# Window, service and marketing, US.
CLASSES: dict[str, Hours] = {
    "service": _every((*WEEKDAYS, SAT), 9, 20) | {SUN: (12, 18)},
    "marketing": _every(WEEKDAYS, 10, 17),
}
NO_SUNDAY, ALL = (*WEEKDAYS, SAT), (*WEEKDAYS, SAT, SUN)
# State table, contacts being automated; "PA no Sun" and every other state within 8-21.
STATES: dict[str, Hours] = {
    "AL": _every(NO_SUNDAY, 8, 20),
    "CA": _every(ALL, 9, 21),
    "CT": _every(ALL, 9, 20),
    "FL": _every(ALL, 8, 20),
    "IL": _every(ALL, 9, 21),
    "KY": _every(ALL, 10, 21),
    "LA": _every(NO_SUNDAY, 8, 20),
    "ME": _every(WEEKDAYS, 9, 17),
    "MD": _every(ALL, 8, 20),
    "MA": _every(ALL, 8, 20),
    "MI": _every(ALL, 9, 21),
    "MN": _every(ALL, 9, 21),
    "MS": _every(NO_SUNDAY, 8, 20),
    "NV": _every(ALL, 9, 20),
    "NJ": _every(ALL, 8, 20),
    "NM": _every(ALL, 9, 21),
    "OK": _every(ALL, 8, 20),
    "PA": _every(NO_SUNDAY, 8, 21),
    "RI": _every(WEEKDAYS, 9, 18) | _every(WEEKEND, 10, 17),
    "TX": _every(NO_SUNDAY, 9, 21) | {SUN: (12, 21)},
    "WA": _every(ALL, 8, 20),
    "WY": _every(ALL, 8, 20),
}
ELSE = _every(ALL, 8, 21)


def inside(moment: datetime, state: str, zones: Iterable[str], contact_class: str) -> bool:
    """Return whether this moment may be used, on the clock of every zone the person may be in."""
    return all(_open(moment.astimezone(ZoneInfo(zone)), state, contact_class) for zone in zones)


def _open(local: datetime, state: str, contact_class: str) -> bool:
    if (local.month, local.day) in holidays(local.year):
        return False
    for hours in (CLASSES[contact_class], STATES.get(state, ELSE)):
        if local.weekday() not in hours:
            return False
        opens, closes = hours[local.weekday()]
        minute = local.hour * 60 + local.minute  # 19:49:59 is minute 19:49: open; 19:50:00 is not
        if not 60 * opens <= minute < 60 * closes - GUARD:
            return False
    return True


@cache
def holidays(year: int) -> frozenset[tuple[int, int]]:
    """Return the national holidays (5 U.S.C. 6103) as month and day: their own and the observed."""
    calendar = USFederalHolidayCalendar()
    days: set[pd.Timestamp] = set(calendar.holidays(f"{year}-01-01", f"{year}-12-31"))
    for rule in calendar.rules:
        own = rule.dates(pd.Timestamp(year, 1, 1), pd.Timestamp(year, 12, 31))
        days |= set(own)
        if rule.month and rule.day and rule.offset is None:
            days.add(pd.Timestamp(year, rule.month, rule.day))
    return frozenset((day.month, day.day) for day in days)


def changes(zone: str, first: datetime, last: datetime) -> list[datetime]:
    """Return the days on which this zone's clock is put forward or back."""
    found, day = [], first
    while day < last:
        following = day + timedelta(days=1)
        if day.astimezone(ZoneInfo(zone)).dst() != following.astimezone(ZoneInfo(zone)).dst():
            found.append(day)
        day = following
    return found

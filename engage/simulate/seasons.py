"""When in the year people have more or less on their mind: month ends, and Germany's holidays."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from engage.simulate.calendar import DAY, HOUR, milliseconds
from engage.simulate.streams import Draws, Flags, Floats, Ints

MONTH_END = 1.6
"""How much busier the last two days and the first day of a month are, when salaries come in."""
HOLIDAY = 0.2
"""How much of an ordinary day is left on a public holiday."""
AT_NIGHT = 0.5
"""The share of return visits about large decisions that move to the night."""
_EPOCH = date(1970, 1, 1)
_AFTER_EASTER = (-2, 0, 1, 39, 49, 50)
"""Good Friday, Easter, Ascension, Whitsun: days after Easter Sunday."""
_FIXED = ((1, 1), (5, 1), (10, 3), (12, 25), (12, 26))


def easter(year: int) -> date:
    """Return Easter Sunday of a year (Gauss; the form of Butcher 1876)."""
    a, b, c = year % 19, year // 100, year % 100
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    k = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    m = (a + 11 * h + 22 * k) // 451
    month, day = divmod(h + k - 7 * m + 114, 31)
    return date(year, month, day + 1)


def holidays(year: int) -> frozenset[date]:
    """Return the public holidays of all of Germany, and Easter and Whit Sunday."""
    moving = (easter(year) + timedelta(days=days) for days in _AFTER_EASTER)
    return frozenset((*moving, *(date(year, *one) for one in _FIXED)))


def busyness(first_day: int, days: int) -> Floats:
    """Return how busy each of some days since 1970 is, 1 for an ordinary one."""
    dates = [_EPOCH + timedelta(days=first_day + k) for k in range(days)]
    closed = frozenset[date]().union(*(holidays(year) for year in {one.year for one in dates}))
    busy = [(one + timedelta(days=2)).day <= 3 for one in dates]
    quiet = [one in closed for one in dates]
    return np.where(quiet, HOLIDAY, np.where(busy, MONTH_END, 1.0))


def nights(clock: Ints, late: Flags, seed: int) -> Ints:
    """Return times of day of every visit [matter, visit], some returns about `late` ones at night.

    At night: from nine in the evening to one in the morning.
    """
    draws = Draws(seed, "seasons")
    moves = late[:, None] & (draws.uniform("returns", *clock.shape) < AT_NIGHT)
    moves[:, 0] = False
    hour = milliseconds(draws.uniform("night", *clock.shape) * 4 * 3_600)
    return np.where(moves, (21 * HOUR + hour) % DAY, clock)

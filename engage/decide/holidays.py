"""National holidays on which nobody is called or messaged, where a country's rules say so."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from functools import lru_cache

import pandas as pd
from pandas.tseries.offsets import Easter

from engage.decide.hours import day_number

_SATURDAY, _SUNDAY = 5, 6


@lru_cache(maxsize=64)
def closed_days(country: str, year: int) -> frozenset[int]:
    """Return a year's holidays of a country as days since 1970; none where no rule is known.

    The United States: 5 U.S.C. 6103. France: Code du travail L3133-1 (décret D223-9 bars calls).
    Australia: the national public holidays of the telemarketing industry standard 2017.
    """
    rule = _RULES.get(country)
    return frozenset(day_number(day) for day in rule(year)) if rule else frozenset()


def _united_states(year: int) -> Iterable[date]:
    for month, day in ((1, 1), (6, 19), (7, 4), (11, 11), (12, 25)):
        yield from _with_observed(date(year, month, day))
    yield date(year, 12, 31) if date(year + 1, 1, 1).weekday() == _SATURDAY else date(year, 1, 1)
    for month, weekday, nth in ((1, 0, 3), (2, 0, 3), (9, 0, 1), (10, 0, 2), (11, 3, 4)):
        yield _nth(year, month, weekday, nth)
    yield date(year, 5, 31) - timedelta(days=date(year, 5, 31).weekday())


def _france(year: int) -> Iterable[date]:
    for month, day in ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)):
        yield date(year, month, day)
    for after_easter in (1, 39, 50):
        yield _easter(year) + timedelta(days=after_easter)


def _australia(year: int) -> Iterable[date]:
    for month, day in ((1, 1), (1, 26), (4, 25), (12, 25), (12, 26)):
        yield from _with_observed(date(year, month, day))
    if date(year, 12, 25).weekday() in {_SATURDAY, _SUNDAY}:  # Boxing Day moves on behind it
        yield date(year, 12, 27)
        yield date(year, 12, 28)
    for after_easter in (-2, 1):
        yield _easter(year) + timedelta(days=after_easter)


def _easter(year: int) -> date:
    return (pd.Timestamp(year, 1, 1) + Easter()).date()


def _with_observed(day: date) -> Iterable[date]:
    """Yield a fixed holiday and, when it falls on a weekend, the working day it moves to.

    Both the Friday before and the Monday after are kept free: places differ, the stricter wins.
    """
    yield day
    if day.weekday() == _SATURDAY:
        yield day - timedelta(days=1)
        yield day + timedelta(days=2)
    elif day.weekday() == _SUNDAY:
        yield day + timedelta(days=1)


def _nth(year: int, month: int, weekday: int, nth: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (nth - 1))


_RULES: dict[str, Callable[[int], Iterable[date]]] = {
    "US": _united_states,
    "FR": _france,
    "AU": _australia,
}

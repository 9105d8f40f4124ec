"""What a queue's recorded contacts say of its coming half hours, by the clock of its own zone."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from engage.decide.hours import DAY, MINUTE
from engage.decide.inbound import HALF_HOURS, WEEKS, Days, Flags, Floats, Week, busyness, learn

HALF_HOUR = 30 * MINUTE
REACH = (7 * WEEKS + 2) * DAY
"""As far back as anything is learned from, in microseconds."""


@dataclass(frozen=True)
class Foreseen:
    """How many contacts are expected, and how sure that is, one entry for each half hour."""

    contacts: Floats
    certainty: Floats
    """The shape of the Gamma variable, with mean one, by which it may be more or less."""


@dataclass(frozen=True)
class _Local:
    """Half hours by the local clock."""

    day: Days
    """Since 1970."""
    slot: Days
    """0 for midnight to 47."""


def foresee(
    at: Days, contacts: Floats, zone: ZoneInfo, starts: Days, closed: Collection[int] = ()
) -> Foreseen | None:
    """Return what is expected in half hours ahead; None when too little is recorded.

    at: the UTC half hours in microseconds, in order, in which `contacts` came in; one that is missing
    had none. starts: those asked about, the first is the running one. closed: public holidays,
    local days since 1970. Today is put right by what was recorded of it; behind the last contact
    that is known nothing is taken for silence, as the record may lag.
    """
    ahead, past = _local(starts, zone), _local(at, zone)
    today = int(ahead.day[0])
    before = past.day < today
    week = _learned(past, contacts, before, today, closed)
    if week is None:
        return None
    days = np.arange(today, int(ahead.day.max()) + 1)
    by_day = week.expected(days, _among(days, closed))
    found = by_day[ahead.day - today, ahead.slot]
    certainty = week.doubt(found)
    told = _so_far(past, contacts, today)
    if len(told):
        left = ahead.day == today
        silent = int(ahead.slot[0]) - len(told)
        busy = busyness(told, by_day[0, : len(told)], week, silent + int(left.sum()))
        found[left] *= busy.factor[silent:]
        certainty[left] = week.doubt(found[left], busy.certainty)
    return Foreseen(found, certainty)


def _learned(
    past: _Local, contacts: Floats, before: Flags, today: int, closed: Collection[int]
) -> Week | None:
    """Return the week as known at the beginning of today, from the first day that has contacts."""
    if not before.any():
        return None
    first = int(past.day[before].min())
    counts = np.zeros((today - first, HALF_HOURS))
    np.add.at(counts, (past.day[before] - first, past.slot[before]), contacts[before])
    return learn(counts, today - 1, _among(np.arange(first, today), closed))


def _so_far(past: _Local, contacts: Floats, today: int) -> Floats:
    """Return today's contacts by half hour, up to the one before the last that is known."""
    mine = past.day == today
    if not mine.any():
        return np.empty(0)
    counts = np.bincount(past.slot[mine], contacts[mine], HALF_HOURS)
    return counts[: past.slot[mine].max()].astype(np.float64)


def _among(days: Days, closed: Collection[int]) -> Flags:
    return np.isin(days, np.fromiter(closed, np.int64))


def _local(at: Days, zone: ZoneInfo) -> _Local:
    moments = pd.DatetimeIndex(at.view("datetime64[us]"), tz="UTC").tz_convert(zone)
    local = moments.tz_localize(None).to_numpy().astype("datetime64[us]").astype(np.int64)
    return _Local(local // DAY, local % DAY // HALF_HOUR)

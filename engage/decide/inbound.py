"""How many contacts will come in: learned by weekday and half hour, put right within the day.

A contact centre's arrivals are a Poisson stream whose rate has the shape of the weekday and a busyness
of the day that nobody knows beforehand (Brown et al. 2005, Journal of the American Statistical
Association 100:36-50; Jongbloed and Koole 2001, Applied Stochastic Models in Business and Industry
17:307-318). The shape is a mean of past weeks, the busyness a Gamma variable around one, so what was
seen of a day so far says by how much the rest of it is busier.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Whole = npt.NDArray[np.int64]
Days = npt.NDArray[np.int64]
"""Local days since 1970."""

HALF_HOURS = 48
FEWEST_DAYS = 14
"""Of fewer recorded days no weekday was seen twice, and nothing is forecast."""
WEEKS = 16
"""Older weeks say nothing more."""
_HALF_LIFE_WEEKS = 8.0
_OUTLYING = 2.5
"""Robust standard deviations from its weekday's median, beyond which a day counts less."""
_RECENT_DAYS = 4
_FADES = 0.4
"""What each day further back weighs in the level of the last days."""
_DOUBT = 0.6
"""The weight of "as always" beside that of the last days, the newest of which weighs `_FADES`."""
_MOST = 0.25
"""No level of the last days is believed to be farther from "as always" than this."""
_LASTS = 0.7
"""What each day ahead keeps of the level of the last days."""
_HALF_LIFE_HALF_HOURS = 4.0
_PASSES = 0.9
"""What each half hour ahead keeps of how busy the day was so far."""
_WIDEST, _NARROWEST = 4.0, 400.0
"""Bounds of the certainty of a day's busyness, 1 / variance: a half, and a twentieth."""
_CLUMPED = 10.0
"""No half hours are taken to scatter more than this many times as much as Poisson counts."""


@dataclass(frozen=True)
class Week:
    """What is expected of an ordinary week, and how it has been of late."""

    last_day: int
    """The last day that was learned from."""
    shape: Floats
    """(7, 48) contacts by weekday, Monday first, and local half hour."""
    level: float
    """By what share the last days were busier than their weekdays."""
    certainty: float
    """1 / variance of a day's busyness around one."""
    scatter: float
    """Variance of a half hour's contacts over their mean, once the day's busyness is known."""

    def doubt(self, expected: Floats, certainty: npt.ArrayLike | None = None) -> Floats:
        """Return the certainty of each half hour's contacts: 1 / variance, relative to its mean.

        A half hour is as uncertain as its day (`certainty`, by default the week's) and scatters on
        its own.
        """
        day = 1 / np.asarray(self.certainty if certainty is None else certainty, np.float64)
        own = (self.scatter - 1) / np.maximum(expected, 1.0)
        return np.asarray(1 / (day + own))

    def expected(self, days: Days, closed: Flags) -> Floats:
        """Return (d, 48) contacts on these days, as seen from the end of the last day.

        `closed`: public holidays, which are taken for the quietest day of the week.
        """
        ahead = np.maximum(days - self.last_day - 1, 0)
        busier = 1 + self.level * _LASTS**ahead
        ordinary = self.shape[weekday(days)] * busier[:, None]
        quiet: Floats = self.shape[self.shape.sum(axis=1).argmin()]
        return np.where(closed[:, None], quiet, ordinary)


def learn(counts: Floats, last_day: int, closed: Flags) -> Week | None:
    """Return what past days say of the coming ones; None when there are too few.

    counts: (d, 48) contacts by local day, the last one last, and half hour. closed: (d,) holidays,
    which are learned from by nobody. Days far from others of their weekday (an outage, a feed that
    was down) count less.
    """
    days = np.arange(last_day - len(counts) + 1, last_day + 1)
    open_days = ~closed
    if int(open_days.sum()) < FEWEST_DAYS:
        return None
    shape = np.stack([_shape(counts, days, open_days, one) for one in range(7)])
    usual = shape.sum(axis=1)[weekday(days)]
    known = open_days & (usual > 0)
    ratio = np.divide(counts.sum(axis=1), usual, out=np.ones(len(days)), where=known) - 1
    return Week(
        last_day,
        shape,
        _level(ratio, known),
        _certainty(ratio[known], usual[known]),
        _scatter(counts[known], (shape[weekday(days)] * (1 + ratio[:, None]))[known]),
    )


def weekday(days: Days) -> Days:
    """Return 0 for Monday to 6 for Sunday."""
    return (days + 3) % 7


def _shape(counts: Floats, days: Days, open_days: Flags, one: int) -> Floats:
    """Return (48,) the mean of a weekday's past, the newest weighing most."""
    since = days[-1] - 7 * WEEKS
    rows = np.flatnonzero((weekday(days) == one) & open_days & (days > since))
    if not len(rows):
        return np.zeros(HALF_HOURS)
    totals = counts[rows].sum(axis=1)
    median = np.median(totals)
    # A standard deviation of a normal variable is 1.4826 times its median distance from the median.
    spread = 1.4826 * np.median(np.abs(totals - median)) + 0.02 * median + 1
    apart = np.abs(totals - median) / spread
    trusted = np.minimum(1.0, _OUTLYING / np.maximum(apart, 1e-9)) ** 2
    weight = trusted * 0.5 ** ((days[-1] - days[rows]) / 7 / _HALF_LIFE_WEEKS)
    return np.asarray(weight @ counts[rows] / weight.sum())


def _level(ratio: Floats, known: Flags) -> float:
    weight = np.where(known, 0.0, 0.0)
    back = np.arange(1, min(_RECENT_DAYS, len(ratio)) + 1)
    weight[-back] = np.where(known[-back], _FADES**back, 0.0)
    kept = np.clip(ratio, -_MOST, _MOST)
    return float((weight * kept).sum() / (weight.sum() + _DOUBT))


def _certainty(ratio: Floats, usual: Floats) -> float:
    """Return 1 / variance of the busyness of a day, what Poisson chance adds taken off.

    Half of the distance between the quartiles, over .6745, is the standard deviation of a normal
    variable; outlying days do not move it.
    """
    low, high = np.quantile(ratio, [0.25, 0.75])
    variance = ((high - low) / 2 / 0.6745) ** 2 - float(np.mean(1 / usual))
    return float(np.clip(1 / max(variance, 1e-9), _WIDEST, _NARROWEST))


def _scatter(counts: Floats, said: Floats) -> float:
    """Return Pearson's chi-square over its count of half hours, outlying ones cut off."""
    often = said >= 1
    if not often.any():
        return 1.0
    apart = (counts[often] - said[often]) ** 2 / said[often]
    cut = np.quantile(apart, 0.99)
    return float(np.clip(np.minimum(apart, cut).mean(), 1.0, _CLUMPED))


@dataclass(frozen=True)
class Busyness:
    """How much busier than expected the next half hours of a day are, Gamma distributed."""

    factor: Floats
    """(h,) the means, from the half hour that is running on."""
    certainty: float
    """The shape: 1 / variance relative to the mean."""


def busyness(seen: Floats, expected: Floats, week: Week, ahead: int) -> Busyness:
    """Return how busy the coming half hours of a day are, from those so far, the newest last.

    The posterior of a Gamma variable with mean one and the week's certainty after counts that
    scatter as they did (each is worth 1 / scatter Poisson counts). A half hour weighs half as much
    when it is two hours older, and what it says of one ahead fades likewise: what drives callers
    passes.
    """
    age = np.arange(len(seen) - 1, -1, -1.0)
    weight = 0.5 ** (age / _HALF_LIFE_HALF_HOURS) / week.scatter
    gained, awaited = float(weight @ seen), float(weight @ expected)
    busier = (week.certainty + gained) / (week.certainty + awaited) - 1
    factor = np.asarray(1 + busier * _PASSES ** np.arange(ahead), np.float64)
    return Busyness(factor, week.certainty + awaited)

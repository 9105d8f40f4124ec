"""Whether predicted customer value may stand in for realised margin, found on people of long ago.

For a person i who was valued at qualifying (V0) and again later (V1, see `clv`), M is the margin that
came in over a window of 180 or 365 days from the later moment on, and k the window's share of the
time that a value is about. If the stand-in is fair, then

    slope       of M on k (V1 - V0), given V0, is 1: who is said to be worth more brings more
    intercept   M - k V0 where no change was predicted is 0
    difference  effect on M less effect on k V1 is 0: what outreach changes in the prediction is what
                it changes in the money (the surrogate index of Athey, Chetty, Imbens and Kang 2019)

V0 stands on one side of the slope only, as a covariate: subtracted on both, its errors alone would
make a slope. The share of the effect that the stand-in explains (Freedman, Graubard and Schatzkin
1992, with the index as the surrogate) is told where the effect on margin is more than chance.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
from scipy.stats import norm, rankdata
from scipy.stats import t as student

from engage.domain.effects import Estimate
from engage.measure.effect import compare

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

FEWEST = 100
"""With fewer people, in each group where there are two, nothing is said."""
STEEP = (0.5, 2.0)
"""A slope between these is one that money follows."""
OF_THE_EFFECT = 0.5
"""Margin must confirm the effect on the stand-in but for so much of it."""
OF_THE_MARGIN = 0.05
"""By so much of what comes in the level may be off."""


class Verdict(StrEnum):
    """What the people of long ago say of the stand-in."""

    HOLDS = "holds"
    DOES_NOT_HOLD = "does not hold"
    TOO_EARLY = "too early to tell"


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with its 95 % interval."""

    estimate: float
    low: float
    high: float

    def within(self, low: float, high: float) -> bool:
        """Return whether the whole interval lies there."""
        return low <= self.low and self.high <= high

    def outside(self, low: float, high: float) -> bool:
        """Return whether none of the interval lies there."""
        return self.high < low or high < self.low


@dataclass(frozen=True, slots=True)
class Relation:
    """How realised margin went with what was predicted, person by person."""

    people: int
    slope: Figure
    intercept: Figure
    rank_correlation: Figure
    """Of realised margin with predicted value (Spearman)."""


@dataclass(frozen=True, slots=True)
class Arms:
    """The effect on the stand-in beside the effect on realised margin, minor units per person."""

    on_surrogate: Estimate
    on_margin: Estimate
    difference: Estimate
    """On margin less on the stand-in."""
    explained: float
    """On the stand-in over on margin; NaN where the latter may be chance."""


def relation(realised: Floats, predicted: Floats, before: Floats | None = None) -> Relation:
    """Return how realised margin goes with predicted value, in minor units over the same window.

    With `before`, the slope is that of the change from it, given it, and the intercept what came in
    beyond it where no change was predicted. Least squares, with intervals that hold when spread
    grows with the value (White 1980, HC1); those of the rank correlation are Bonett and Wright's of
    2000.
    """
    n, ones = len(realised), np.ones(len(realised))
    if before is None:
        design, outcome = np.column_stack([predicted, ones]), realised
    else:
        centred = before - before.mean()
        design = np.column_stack([predicted - before, ones, centred])
        outcome = realised - before
    found, error = _least_squares(design, outcome)
    width = float(student.isf(0.025, max(n - design.shape[1], 1)))
    slope, intercept = (_figure(found[one], width * error[one]) for one in (0, 1))
    return Relation(n, slope, intercept, _spearman(realised, predicted))


def _least_squares(design: Floats, outcome: Floats) -> tuple[Floats, Floats]:
    scale = np.maximum(np.abs(design).max(axis=0), 1e-12)
    x = design / scale
    inverse = np.linalg.pinv(x.T @ x)
    found = inverse @ x.T @ outcome
    rest = outcome - x @ found
    n, k = x.shape
    meat = (x * (rest**2)[:, None]).T @ x * n / max(n - k, 1)
    return found / scale, np.sqrt(np.maximum(np.diag(inverse @ meat @ inverse), 0.0)) / scale


def _spearman(one: Floats, other: Floats) -> Figure:
    ranks = rankdata(one), rankdata(other)
    if min(np.ptp(ranks[0]), np.ptp(ranks[1])) == 0:
        return Figure(math.nan, math.nan, math.nan)
    found = float(np.corrcoef(*ranks)[0, 1])
    sure = min(max(found, -1 + 1e-12), 1 - 1e-12)
    width = float(norm.isf(0.025)) * math.sqrt((1 + sure**2 / 2) / max(len(one) - 3, 1))
    low, high = (math.tanh(math.atanh(sure) + sign * width) for sign in (-1, 1))
    return Figure(found, low, high)


def _figure(estimate: float, width: float) -> Figure:
    return Figure(float(estimate), float(estimate - width), float(estimate + width))


def arms(
    realised: Floats,
    predicted: Floats,
    before: Floats,
    treated: Mask,
    weights: Floats | None = None,
) -> Arms:
    """Return the effect on the stand-in and on margin, and how far they are apart.

    The same people and the same covariate, `before`, in all three, so that the difference is that
    of the two effects and its interval knows how they go together.
    """

    def effect(values: Floats, name: str) -> Estimate:
        return compare(values, treated, estimand=name, covariate=before, weights=weights).estimate

    stand_in = effect(predicted, "predicted value over the window, minor units per person")
    money = effect(realised, "realised margin over the window, minor units per person")
    apart = effect(realised - predicted, "realised margin less what was predicted")
    sure = money.low > 0 or money.high < 0
    explained = stand_in.estimate / money.estimate if sure else math.nan
    return Arms(stand_in, money, apart, explained)


def level(realised: Floats, predicted: Floats) -> Figure:
    """Return by how much more came in than was predicted, on average."""
    apart, n = realised - predicted, len(realised)
    error = float(apart.std(ddof=1)) / math.sqrt(n)
    return _figure(float(apart.mean()), float(student.isf(0.025, n - 1)) * error)


def verdict(found: Relation, apart: Figure, allowed: float) -> Verdict:
    """Return what that says: both must hold, one that surely does not is enough.

    The slope lies between a half and two, and the error `apart`, of the effect or of the level, is no
    larger than `allowed`. It surely does not hold where the interval of the slope lies outside, or
    that of the error leaves out zero without being small enough; else it is too early to tell.
    """
    wrong = apart.outside(0.0, 0.0) and not apart.within(-allowed, allowed)
    if found.slope.outside(*STEEP) or wrong:
        return Verdict.DOES_NOT_HOLD
    if found.slope.within(*STEEP) and apart.within(-allowed, allowed):
        return Verdict.HOLDS
    return Verdict.TOO_EARLY

"""How a model in use does, week by week, against what became of the people it scored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from engage.domain.scores import Objective
from engage.scoring.quality import quality

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
Moments = NDArray[np.datetime64]

GROUPS = 10
"""At most so many groups of equal numbers of rows in order of score judge honesty."""
FEWEST_PEOPLE = 50
"""In a group, and at all: with fewer, one unlikely outcome makes a difference that looks certain."""
_MONDAY = np.datetime64("1970-01-05", "D")
_SHOWN = ("n", "base_rate", "roc_auc", "brier", "ece", "ece_by_chance", "ngini", "rmse", "bias")


@dataclass(frozen=True, slots=True)
class Honesty:
    """Whether stated chances or amounts still agree with what happened."""

    rows: int
    people: int
    stated: float
    """Mean score."""
    happened: float
    """Mean outcome."""
    error: float
    """Expected calibration error beyond chance; for an amount |bias|, as a share of the total."""
    p: float
    """Chance of as large a difference in the worst group, over all, were scores honest."""
    broken: bool

    def words(self) -> str:
        """Return the finding in a sentence."""
        return (
            f"{self.stated:.3g} was stated and {self.happened:.3g} happened on average over "
            f"{self.rows} matured rows; the calibration error beyond chance is {self.error:.3f}"
        )


def by_week(
    objective: Objective, as_of: Moments, actual: Floats, predicted: Floats
) -> list[dict[str, Any]]:
    """Return the figures of each week's rows, the oldest first; `week` is its Monday (UTC)."""
    days = as_of.astype("datetime64[D]")
    week = (days - _MONDAY) // np.timedelta64(7, "D")
    found = []
    for one in np.unique(week):
        rows = week == one
        figures = quality(objective, actual[rows], predicted[rows])
        shown = {name: figures[name] for name in _SHOWN if name in figures}
        monday = str(_MONDAY + one * np.timedelta64(7, "D"))
        found.append({"week": monday, "stated": float(predicted[rows].mean()), **shown})
    return found


def honesty(
    objective: Objective,
    actual: Floats,
    predicted: Floats,
    person: Whole,
    *,
    largest_error: float,
    chance: float,
) -> Honesty | None:
    """Return whether scores still mean what they say; None when too few people have matured.

    In all rows and in each of up to ten groups by score, the sum of (outcome - score) is compared
    with its spread over people, whose rows are alike; for a chance the spread is at least the
    binomial one times the design effect of all rows (Kish 1965). Broken: the worst is rarer than `chance` over all of them (Bonferroni), and the
    calibration error beyond what chance explains is above `largest_error`.
    """
    codes, who = np.unique(person, return_inverse=True)
    if len(codes) < FEWEST_PEOPLE:
        return None
    order = np.argsort(predicted, kind="stable")
    number = min(GROUPS, len(codes) // FEWEST_PEOPLE)
    groups = [order, *np.array_split(order, number)]
    least = _least_spread(objective, actual, predicted, who)
    chances = [_chance(actual, predicted, who, one, float(least[one].sum())) for one in groups]
    p = min(1.0, len(groups) * min(chances))
    figures = quality(objective, actual, predicted)
    if objective is Objective.PROBABILITY:
        error = max(0.0, (figures["ece"] or 0.0) - (figures["ece_by_chance"] or 0.0))
    else:
        error = abs(figures["bias"] or 0.0)
    return Honesty(
        rows=len(actual),
        people=len(codes),
        stated=float(predicted.mean()),
        happened=float(actual.mean()),
        error=error,
        p=p,
        broken=bool(p < chance and error > largest_error),
    )


def _least_spread(objective: Objective, actual: Floats, predicted: Floats, who: Whole) -> Floats:
    """Return what each row adds at least to the variance of a sum of differences."""
    if objective is not Objective.PROBABILITY:
        return np.zeros(len(actual))
    own = predicted * (1 - predicted)
    sums = np.bincount(who, weights=actual - predicted)
    clumping = max(1.0, float((sums**2).sum()) / max(float(own.sum()), 1e-300))
    return np.asarray(clumping * own, dtype=np.float64)


def _chance(actual: Floats, predicted: Floats, who: Whole, rows: Whole, least: float) -> float:
    """Return the two-sided chance of this group's difference under honest scores."""
    miss = actual[rows] - predicted[rows]
    sums = np.bincount(who[rows], weights=miss)
    people = len(np.unique(who[rows]))
    spread = max(float((sums**2).sum()) * people / max(people - 1, 1), least)
    if spread <= 0:
        return 1.0
    return 2 * float(stats.t.sf(abs(miss.sum()) / np.sqrt(spread), max(people - 1, 1)))


def label_delay(
    shares: Sequence[float], horizon_h: float, totals: Sequence[float]
) -> dict[str, Any]:
    """Return when outcomes show: the share of them known by each part of the horizon.

    `shares`: parts of the horizon, the last one 1. `totals`: the sum of labels had each of them
    been the horizon. `half_h`: hours after which half of them show, on a straight line between
    the parts; None when there is no outcome.
    """
    whole = totals[-1] if totals else 0.0
    if whole <= 0:
        return {"shown_by": {}, "half_h": None}
    shown = [max(0.0, min(1.0, total / whole)) for total in totals]
    parts = {
        f"{share * horizon_h:g} h": round(one, 4) for share, one in zip(shares, shown, strict=True)
    }
    half = float(np.interp(0.5, np.maximum.accumulate([0.0, *shown]), [0.0, *shares])) * horizon_h
    return {"shown_by": parts, "half_h": round(half, 2)}

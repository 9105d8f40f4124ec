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
"""Groups of equal numbers of rows in order of score, over which honesty is judged."""
FEWEST_PEOPLE = 50
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

    In all rows and in each of ten groups by score, the sum of (outcome - score) is compared with
    its spread over people, whose rows are alike; for a chance the spread is at least the binomial
    one. Broken: the worst is rarer than `chance` over all of them (Bonferroni), and the
    calibration error beyond what chance explains is above `largest_error`.
    """
    codes, who = np.unique(person, return_inverse=True)
    if len(codes) < FEWEST_PEOPLE:
        return None
    order = np.argsort(predicted, kind="stable")
    groups = [order, *(one for one in np.array_split(order, GROUPS) if len(one))]
    p = min(1.0, len(groups) * min(_chance(objective, actual, predicted, who, g) for g in groups))
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


def _chance(
    objective: Objective, actual: Floats, predicted: Floats, who: Whole, rows: Whole
) -> float:
    """Return the two-sided chance of this group's difference under honest scores."""
    miss = actual[rows] - predicted[rows]
    sums = np.bincount(who[rows], weights=miss)
    people = len(np.unique(who[rows]))
    spread = float((sums**2).sum()) * people / max(people - 1, 1)
    if objective is Objective.PROBABILITY:
        spread = max(spread, float((predicted[rows] * (1 - predicted[rows])).sum()))
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

"""How good a model is at each age of a visit: an offer is timed by it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from engage.domain.scores import Objective
from engage.scoring.metrics import roc_auc_error
from engage.scoring.segments import FEWEST_ROWS, figures

Floats = NDArray[np.float64]

EDGES = (1.0, 3.0, 10.0, 30.0)
"""Minutes since the visit began at which an age ends and the next begins."""
AGES = ("under 1", "1 to 3", "3 to 10", "10 to 30", "30 and more")
"""The ages in words; a visit of just 3 minutes is 3 to 10."""
UNKNOWN = "not known"


def by_minute(
    objective: Objective,
    minutes: Floats,
    actual: Floats,
    predicted: Floats,
    person: NDArray[np.int64],
) -> list[dict[str, Any]]:
    """Return the figures of the visits of each age, the youngest first.

    `minutes` since each visit began as of its moment, NaN where that is not known. An age of fewer
    than FEWEST_ROWS visits has a `note` in place of figures: they would be chance.
    """
    place = np.searchsorted(EDGES, minutes, side="right")
    place[np.isnan(minutes)] = len(AGES)
    return [
        {"minutes": age} | _of_age(objective, actual[rows], predicted[rows], person[rows])
        for number, age in enumerate((*AGES, UNKNOWN))
        if len(rows := np.flatnonzero(place == number)) or number < len(AGES)
    ]


def _of_age(
    objective: Objective, actual: Floats, predicted: Floats, person: NDArray[np.int64]
) -> dict[str, Any]:
    if len(actual) < FEWEST_ROWS:
        return {"n": len(actual), "note": f"fewer than {FEWEST_ROWS} visits: no figures"}
    people = len(np.unique(person))
    found: dict[str, Any] = {**figures(objective, actual, predicted), "people": people}
    if found.get("roc_auc") is None:
        return found
    error = roc_auc_error(actual, predicted, person)
    reach = float(stats.t.ppf(0.975, people - 1)) * error if people > 1 else float("inf")
    low, high = max(found["roc_auc"] - reach, 0.0), min(found["roc_auc"] + reach, 1.0)
    return {**found, "roc_auc_low": low, "roc_auc_high": high}

"""The figures a model is judged by, under the names that `models evaluate` prints."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engage.domain.scores import Objective
from engage.scoring import metrics

Floats = NDArray[np.float64]


def quality(
    objective: Objective,
    actual: Floats,
    predicted: Floats,
    person: NDArray[np.int64] | None = None,
) -> dict[str, float | None]:
    """Return the figures of these predictions; None where a figure cannot be known.

    A chance: roc_auc, pr_auc, brier, ece. An amount: rmse, bias, ngini. Both: n, base_rate, and how
    large the calibration error would be by chance alone (`ece_by_chance`, `bias_by_chance`), the
    latter over people where `person` says whose each row is.
    """
    if objective is Objective.PROBABILITY:
        found = {
            "roc_auc": metrics.roc_auc(actual, predicted),
            "pr_auc": metrics.pr_auc(actual, predicted),
            "brier": metrics.brier(actual, predicted),
            "ece": metrics.ece(actual, predicted),
            "ece_by_chance": metrics.ece_by_chance(predicted),
        }
    else:
        found = {
            "rmse": metrics.rmse(actual, predicted),
            "bias": metrics.bias(actual, predicted),
            "bias_by_chance": metrics.bias_by_chance(actual, predicted, person),
            "ngini": metrics.ngini(actual, predicted),
        }
    base_rate = float(actual.mean()) if len(actual) else float("nan")
    figures: dict[str, float | None] = {"n": len(actual)}
    for name, value in {"base_rate": base_rate, **found}.items():
        figures[name] = value if np.isfinite(value) else None
    return figures

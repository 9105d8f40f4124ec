"""How good scores are: do they rank, are they honest, and how far off are they.

Every function takes `actual` and `predicted`, two arrays of the same length, and does not depend on
the order of the rows. Figures that cannot be known, such as a ranking where all are alike, are NaN.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from engage.scoring.calibrate import error_of_mean

Floats = NDArray[np.float64]

BINS = 15


def roc_auc(actual: Floats, predicted: Floats) -> float:
    """Return the chance that a subject with the outcome scores above one without it.

    The Mann-Whitney statistic; ties count half.
    """
    positives = int(actual.sum())
    negatives = len(actual) - positives
    if positives == 0 or negatives == 0:
        return float("nan")
    ranks = rankdata(predicted)[actual == 1].sum()
    return float((ranks - positives * (positives + 1) / 2) / (positives * negatives))


def roc_auc_error(actual: Floats, predicted: Floats, person: NDArray[np.int64]) -> float:
    """Return the standard error of `roc_auc` over people; NaN where that cannot be known.

    Obuchowski (1997), "Nonparametric analysis of clustered ROC curve data", Biometrics 53(2): the
    squared sums of what each person's rows add, from the share of rows of the other outcome that
    each beats or is beaten by. Rows of one `person` are one piece of evidence.
    """
    area = roc_auc(actual, predicted)
    _, who = np.unique(person, return_inverse=True)
    people = len(np.bincount(who))
    if not np.isfinite(area) or people < 2:
        return float("nan")
    positive = actual == 1
    ranks, added = rankdata(predicted), np.empty(len(actual))
    for own, sign in ((positive, 1.0), (~positive, -1.0)):
        others = len(actual) - int(own.sum())
        below = (ranks[own] - rankdata(predicted[own])) / others
        share = below if sign > 0 else 1 - below
        added[own] = (share - area) / own.sum()
    return float(np.sqrt((np.bincount(who, weights=added) ** 2).sum() * people / (people - 1)))


def pr_auc(actual: Floats, predicted: Floats) -> float:
    """Return the average precision: how pure the top of the list is, at every depth.

    Sum over distinct scores of (recall gained) x (precision there), without interpolation.
    """
    positives = actual.sum()
    if positives == 0:
        return float("nan")
    order = np.argsort(-predicted, kind="stable")
    found = np.cumsum(actual[order])
    last_of_tie = np.append(np.diff(predicted[order]) != 0, True)
    seen = np.arange(1, len(actual) + 1)[last_of_tie]
    found = found[last_of_tie]
    gained = np.diff(found, prepend=0.0) / positives
    return float((gained * found / seen).sum())


def brier(actual: Floats, predicted: Floats) -> float:
    """Return the mean squared distance between the stated chance and what happened."""
    return float(np.mean((predicted - actual) ** 2)) if len(actual) else float("nan")


def ece(actual: Floats, predicted: Floats, bins: int = BINS) -> float:
    """Return the expected calibration error: how far stated chances are from shares, on average.

    Bins of equal numbers of rows in order of score; the mean over rows of |share - mean score|.
    Equal scores share the mean outcome of their tie, so that no row order can move the figure.
    """
    if not len(actual):
        return float("nan")
    return float(
        sum(abs(outcome.sum() - score.sum()) for outcome, score in _binned(actual, predicted, bins))
        / len(actual)
    )


def ece_by_chance(predicted: Floats, bins: int = BINS) -> float:
    """Return the calibration error that perfectly honest scores would show by chance.

    The mean absolute deviation of a normal with the bin's binomial variance: sqrt(2 v / pi).
    """
    if not len(predicted):
        return float("nan")
    noise = (
        np.sqrt(2 / np.pi * (score * (1 - score)).sum())
        for _, score in _binned(predicted, predicted, bins)
    )
    return float(sum(noise) / len(predicted))


def _binned(actual: Floats, predicted: Floats, bins: int) -> list[tuple[Floats, Floats]]:
    order = np.argsort(predicted, kind="stable")
    scores = predicted[order]
    _, tie, size = np.unique(scores, return_inverse=True, return_counts=True)
    outcomes = (np.bincount(tie, weights=actual[order]) / size)[tie]
    return [
        (outcome, score)
        for outcome, score in zip(
            np.array_split(outcomes, bins), np.array_split(scores, bins), strict=True
        )
        if len(score)
    ]


def rmse(actual: Floats, predicted: Floats) -> float:
    """Return the root of the mean squared error, in the unit of the amount."""
    return float(np.sqrt(np.mean((predicted - actual) ** 2))) if len(actual) else float("nan")


def bias(actual: Floats, predicted: Floats) -> float:
    """Return by how much the predicted total is off, as a share of the actual total."""
    total = actual.sum()
    return float((predicted.sum() - total) / abs(total)) if total else float("nan")


def bias_by_chance(
    actual: Floats, predicted: Floats, person: NDArray[np.int64] | None = None
) -> float:
    """Return the standard error of `bias`, from the spread of the errors of rows or of people.

    Rows of one `person` are one piece of evidence: one huge customer looked at in twelve months is
    wrong twelve times for one reason.
    """
    total = abs(actual.sum())
    if not total or len(actual) < 2:
        return float("nan")
    return error_of_mean(predicted - actual, person) * len(actual) / float(total)


def ngini(actual: Floats, predicted: Floats) -> float:
    """Return the normalised Gini: 1 when amounts are ranked perfectly, 0 when at random.

    cov(amount, rank of prediction) / cov(amount, rank of amount), ties at their mean rank.
    """
    best = _concentration(actual, actual)
    return float(_concentration(actual, predicted) / best) if best else float("nan")


def _concentration(actual: Floats, by: Floats) -> float:
    ranks = rankdata(by)
    return float((actual * (ranks - ranks.mean())).sum())

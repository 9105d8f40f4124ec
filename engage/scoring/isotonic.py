"""A rising curve of any shape makes chances honest, where it is clearly better than a sigmoid."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from engage.scoring.calibrate import Calibration, People, error_of_mean, fit_sigmoid, settle

Floats = NDArray[np.float64]

FEWEST = 1_000
"""With fewer rows the sigmoid mostly does better (Niculescu-Mizil and Caruana 2005)."""
FOLDS = 5
CLEARLY = 2.0
"""So many standard errors, over people, must the gain be from zero."""


def most_honest(raw: Floats, label: Floats, person: People) -> Calibration:
    """Return the curve that states the honest chances of raw scores.

    The sigmoid, settled; or the isotonic curve where rows of people that neither had seen have a
    log-loss clearly below the sigmoid's. The curve flattens whole stretches, which costs ranking,
    and follows chance where rows are few, so that the sigmoid stands in doubt.
    """
    straight = settle(fit_sigmoid(raw, label), raw, label)
    if len(raw) < FEWEST or straight.slope <= 0:
        return straight
    gain = _gain(raw, label, person)
    error = error_of_mean(gain, person)
    return fit_isotonic(raw, label) if gain.mean() > CLEARLY * error else straight


def fit_isotonic(raw: Floats, label: Floats) -> Calibration:
    """Return the rising curve of least squared error (Ayer et al. 1955), as knots between which it is straight.

    A knot stands at the middle of each block of pooled neighbours, at its share of positives, as
    if one row more had been seen there at the mean of all: no chance becomes 0 or 1.
    """
    order = np.lexsort((label, raw))
    scores, firsts, rows = np.unique(raw[order], return_index=True, return_counts=True)
    positives = np.add.reduceat(label[order], firsts)
    found = isotonic_regression(positives / rows, weights=rows.astype(np.float64))
    begins = found.blocks[:-1]
    size = np.add.reduceat(rows, begins)
    middle = np.add.reduceat(scores * rows, begins) / size
    share = (np.add.reduceat(positives, begins) + label.mean()) / (size + 1)
    rising = np.maximum.accumulate(share)
    return Calibration("isotonic", knots=tuple(zip(middle.tolist(), rising.tolist(), strict=True)))


def _gain(raw: Floats, label: Floats, person: People) -> Floats:
    """Return by how much less log-loss each row has under the curve, both fitted on other people."""
    fold = np.unique(person, return_inverse=True)[1] % FOLDS
    gain = np.zeros(len(raw))
    for one in range(FOLDS):
        own, others = fold == one, fold != one
        if not own.any() or len(np.unique(label[others])) < 2:
            continue
        sigmoid = settle(fit_sigmoid(raw[others], label[others]), raw[others], label[others])
        curve = fit_isotonic(raw[others], label[others])
        losses = [_loss(by.apply(raw[own]), label[own]) for by in (sigmoid, curve)]
        gain[own] = losses[0] - losses[1]
    return gain


def _loss(chance: Floats, label: Floats) -> Floats:
    bounded = np.clip(chance, 1e-12, 1 - 1e-12)
    return -np.where(label == 1, np.log(bounded), np.log1p(-bounded))

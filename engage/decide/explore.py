"""Mostly the best action, sometimes another or none, with the exact chance of each written down."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engage.decide.board import Flags, Numbers


def propensities(
    allowed: Flags, best: npt.NDArray[np.intp], share: Numbers, floor: float
) -> Numbers:
    """Return (m, a + 1) the chance of each allowed action, and of none in the last column.

    (1 - e) for the best plus e / |A| for each of A = allowed and none. `share` (m,) is e; while
    it is above 0 it is raised until every member of A has at least `floor`. Each row sums to
    one: what the others leave is the best one's.
    """
    choices = allowed.sum(axis=1) + 1
    explored = np.where(share > 0, np.clip(np.maximum(share, floor * choices), 0, 1), 0)
    each = explored / choices
    chance = np.zeros((len(allowed), allowed.shape[1] + 1))
    chance[:, :-1] = np.where(allowed, each[:, None], 0)
    chance[:, -1] = each
    chance[np.arange(len(best)), best] = 1 - each * (choices - 1)
    return chance


def nothing(chance: Numbers, where: Flags) -> Numbers:
    """Return these chances, with none certain in some rows: those of an A/A comparison."""
    certain = np.zeros(chance.shape[1])
    certain[-1] = 1
    return np.where(where[:, None], certain, chance)


def pick(chance: Numbers, draws: Numbers) -> npt.NDArray[np.intp]:
    """Return (m,) the column that each draw in [0, 1) falls on; never one without a chance."""
    passed = (draws[:, None] >= np.cumsum(chance, axis=1)).sum(axis=1)
    last = chance.shape[1] - 1 - np.argmax(chance[:, ::-1] > 0, axis=1)
    at: npt.NDArray[np.intp] = np.minimum(passed, last)
    return at

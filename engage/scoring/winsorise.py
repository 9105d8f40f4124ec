"""One customer who earns what hundreds do must not teach the model what the others are worth."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LARGEST_SHARE = 0.05
"""The most that one person's amount may make up of all that is learned from."""
ALWAYS_ALLOWED = 10.0
"""An amount up to so many times the mean is learned as it is, however few people there are."""
ROUNDS = 200


def winsorised(amount: Floats, person: NDArray[np.int64]) -> Floats:
    """Return the amounts with those beyond a limit set to it, losses alike: what trees learn from.

    The limit is LARGEST_SHARE x people times the mean amount, at least ALWAYS_ALLOWED times; the
    mean is that of the limited amounts themselves, over rows with an amount. With thousands of
    buyers nothing is limited, as no one weighs enough. Trees alone learn from these: calibration
    and judgement see what was really earned.
    """
    limit = largest_learned(amount, person)
    return np.clip(amount, -limit, limit)


def largest_learned(amount: Floats, person: NDArray[np.int64]) -> float:
    """Return the limit of `winsorised`, in the amounts' unit; infinite where nothing is earned."""
    size = np.sort(np.abs(amount[amount != 0]))
    if not len(size):
        return float("inf")
    people = len(np.unique(person[amount != 0]))
    times = max(LARGEST_SHARE * people, ALWAYS_ALLOWED)
    limit = times * float(size.mean())
    for _ in range(ROUNDS):
        lower = times * float(np.minimum(size, limit).mean())
        if lower >= limit * (1 - 1e-12):
            break
        limit = lower
    return limit

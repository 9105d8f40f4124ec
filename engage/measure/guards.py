"""When a figure must not be believed: uneven arms, and many comparisons at once."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from scipy.stats import chi2

MISMATCH = 0.001
"""A sample-ratio p-value below this withholds the effect."""


def sample_ratio_p(n_treated: int, n_held_out: int, share: npt.ArrayLike) -> float:
    """Return how likely arms this uneven are when people were really drawn with this share.

    `share` is the held-out share, one number or one per person where it was changed over time.
    Chi-square with one degree of freedom on the number held out; 1.0 where nobody could be drawn.
    """
    people = n_treated + n_held_out
    shares = np.broadcast_to(np.asarray(share, np.float64), people)
    variance = float((shares * (1 - shares)).sum())
    if variance <= 0:
        return 1.0
    return float(chi2.sf((n_held_out - float(shares.sum())) ** 2 / variance, 1))


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Return each p-value corrected for looking at several effects at once (Holm 1979).

    The chance of even one false finding among them stays below the level. Values that are not
    numbers stay so and are not counted.
    """
    known = sorted((p, name) for name, p in p_values.items() if p == p)  # noqa: PLR0124 - NaN
    corrected = dict.fromkeys(p_values, float("nan"))
    least = 0.0
    for place, (p, name) in enumerate(known):
        least = max(least, min(1.0, (len(known) - place) * p))
        corrected[name] = least
    return corrected

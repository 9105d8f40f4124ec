"""How sure a share is, and the difference of two shares, also where nobody or everybody succeeds."""

from __future__ import annotations

import math

from scipy.stats import norm


def wilson(share: float, people: float, alpha: float = 0.05) -> tuple[float, float]:
    """Return the score interval of a share among so many people (Wilson 1927)."""
    z = float(norm.isf(alpha / 2))
    middle = (share + z * z / (2 * people)) / (1 + z * z / people)
    width = z / (1 + z * z / people)
    width *= math.sqrt(share * (1 - share) / people + z * z / (4 * people * people))
    return max(middle - width, 0.0), min(middle + width, 1.0)


def newcombe(
    treated: float, n_treated: float, held_out: float, n_held_out: float, alpha: float = 0.05
) -> tuple[float, float]:
    """Return the interval of the difference of two shares (Newcombe 1998, method 10).

    Made of the two score intervals, so that it never leaves [-1, 1] and is not empty where no one
    succeeded. With weights, give the effective numbers of people.
    """
    low_t, high_t = wilson(treated, n_treated, alpha)
    low_h, high_h = wilson(held_out, n_held_out, alpha)
    difference = treated - held_out
    return (
        difference - math.hypot(treated - low_t, high_h - held_out),
        difference + math.hypot(high_t - treated, held_out - low_h),
    )

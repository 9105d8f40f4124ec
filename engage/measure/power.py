"""What can be told apart with so many people, and how long that takes."""

from __future__ import annotations

import math
from datetime import timedelta

from scipy.optimize import brentq
from scipy.stats import norm

LARGEST = 10_000_000_000


def minimum_detectable_effect(
    people: float,
    *,
    share: float,
    base_rate: float | None = None,
    sd: float | None = None,
    power: float = 0.8,
    alpha: float = 0.05,
) -> float:
    """Return the smallest effect that is found with this power among so many qualified people.

    `share` is the held-out share. Give `base_rate`, the share of the held-out who succeed anyway,
    or `sd`, the standard deviation of an amount. For a rate each arm has its own variance and half
    a person is allowed for counts being whole (Fleiss, Levin and Paik 2003, 4.2); infinite when no
    effect could be found.
    """
    held_out, treated = people * share, people * (1 - share)
    if min(held_out, treated) <= 0:
        return math.inf
    z = float(norm.isf(alpha / 2) + norm.isf(1 - power))
    if base_rate is None:
        if sd is None:
            raise ValueError("give base_rate for a rate, or sd for an amount")
        return z * sd * math.sqrt(1 / held_out + 1 / treated)
    whole = (1 / held_out + 1 / treated) / 2

    def short(effect: float) -> float:
        raised = base_rate + effect
        variance = base_rate * (1 - base_rate) / held_out + raised * (1 - raised) / treated
        return effect - whole - z * math.sqrt(variance)

    most = 1 - base_rate
    if short(most) < 0:
        return math.inf
    return float(brentq(short, 0.0, most))


def people_needed(
    effect: float,
    *,
    share: float,
    base_rate: float | None = None,
    sd: float | None = None,
    power: float = 0.8,
    alpha: float = 0.05,
) -> int:
    """Return how many qualified people show an effect of this size; see the function above.

    Raises ValueError when no number of people would.
    """

    def missing(people: float) -> float:
        found = minimum_detectable_effect(
            people, share=share, base_rate=base_rate, sd=sd, power=power, alpha=alpha
        )
        return min(found, 1e300) - effect

    if effect <= 0 or missing(LARGEST) > 0:
        raise ValueError(f"no number of people shows an effect of {effect:g}")
    few, many = 1.0, 2.0
    while missing(many) > 0:
        few, many = many, 2 * many
    while many - few > 0.5:
        middle = (few + many) / 2
        few, many = (middle, many) if missing(middle) > 0 else (few, middle)
    return math.ceil(many)


def days_until(
    effect: float,
    *,
    per_day: float,
    horizon: timedelta,
    share: float,
    base_rate: float | None = None,
    sd: float | None = None,
    power: float = 0.8,
    alpha: float = 0.05,
) -> float:
    """Return the days until an effect of this size can be told: qualifying, then the horizon.

    `per_day` is how many new people qualify a day; infinite when that is none.
    """
    if per_day <= 0:
        return math.inf
    needed = people_needed(
        effect, share=share, base_rate=base_rate, sd=sd, power=power, alpha=alpha
    )
    return math.ceil(needed / per_day) + horizon / timedelta(days=1)

"""What is believed of each action and of leaving alone while there is little evidence.

Beta-Binomial posteriors of the chance of the goal, made once a day from matured decisions only. The
triggers lend each other strength: the prior of an action is what it did under all of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import beta

from engage.decide.board import Flags, Numbers
from engage.errors import WrongUse

WEAKEST, STRONGEST = 2.0, 1000.0
"""A prior counts as at least and at most so many decisions."""
QUANTILES = 257
"""Places at which each posterior is looked at; more change the chances by less than 1e-4."""


@dataclass(frozen=True)
class Beliefs:
    """Posteriors Beta(a, b), (t, k + 1) by trigger and action; none is the last column."""

    a: Numbers
    b: Numbers

    @property
    def lift(self) -> Numbers:
        """Return (t, k) what each action is expected to add to the chance of the goal."""
        mean = self.a / (self.a + self.b)
        return np.asarray(mean[:, :-1] - mean[:, -1:])


def learn(reached: Numbers, tried: Numbers) -> Beliefs:
    """Return the posteriors from counts of matured decisions, (t, k + 1) each.

    The prior of each column by the method of moments over triggers (Kleinman 1973, JASA).
    """
    if (reached < 0).any() or (reached > tried).any():
        raise WrongUse("more decisions reached the goal than were tried; count each decision once")
    priors = [_prior(reached[:, one], tried[:, one]) for one in range(tried.shape[1])]
    a, b = (np.asarray([prior[side] for prior in priors]) for side in (0, 1))
    return Beliefs(a + reached, b + tried - reached)


def _prior(reached: Numbers, tried: Numbers) -> tuple[float, float]:
    """Return a and b of what one action did under all triggers."""
    total = float(tried.sum())
    mean = (float(reached.sum()) + 0.5) / (total + 1)
    seen = tried > 0
    groups = int(seen.sum())
    strength = WEAKEST
    if groups > 1:
        rates, weights = reached[seen] / tried[seen], tried[seen]
        spread = float((weights * (rates - mean) ** 2).sum())
        chance = mean * (1 - mean)
        between = spread - chance * (groups - 1)
        scale = total - float((weights**2).sum()) / total
        share = between / (chance * (scale - (groups - 1))) if scale > groups - 1 else 1.0
        strength = STRONGEST if share <= 0 else 1 / share - 1
    strength = float(np.clip(strength, WEAKEST, STRONGEST))
    return mean * strength, (1 - mean) * strength


def chances(
    a: Numbers, b: Numbers, cost: Numbers, stake: float, allowed: Flags, floor: float
) -> Numbers:
    """Return (k + 1,) with which chance each is done: that of being worth most (Thompson 1933).

    `a`, `b` (k + 1,): the posteriors of one trigger; `cost` (k,) in the units of `stake`; `allowed`
    (k + 1,). Worth is stake x (chance - chance alone) - cost, so that what is compared is the
    *difference*; the chance alone is common to all and is compared with as the last column. By
    quadrature, not by draws; each allowed one keeps `floor`.
    """
    if stake <= 0:
        raise WrongUse(
            "nothing is at stake, so nothing can be weighed; refuse it before it is drawn"
        )
    shift = np.append(cost, 0.0) / stake
    columns = np.flatnonzero(allowed)
    places = np.linspace(0, 1, QUANTILES)
    grid = np.unique([beta.ppf(places, a[one], b[one]) - shift[one] for one in columns])
    below = np.stack([beta.cdf(grid + shift[one], a[one], b[one]) for one in columns])
    middle = (below[:, 1:] + below[:, :-1]) / 2
    best = [
        float((np.diff(own) * np.delete(middle, place, axis=0).prod(axis=0)).sum())
        for place, own in enumerate(below)
    ]
    found = np.zeros(len(a))
    least = min(floor, 1 / len(columns))
    found[columns] = least + (1 - least * len(columns)) * np.asarray(best) / sum(best)
    return found

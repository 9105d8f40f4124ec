"""What is believed of each action and of leaving alone while there is little evidence.

Beta-Binomial posteriors of the chance of the goal, made once a day from matured decisions only. The
triggers lend each other strength: what is borrowed is the *difference* an action makes, because how
many reach a goal anyway is another matter under each trigger.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import beta, norm

from engage.decide.board import Flags, Numbers
from engage.errors import WrongUse

WEAKEST, STRONGEST = 2.0, 1000.0
"""A prior counts as at least and at most so many decisions."""
QUANTILES = 257
"""Places at which each posterior is looked at; more change the chances by less than 1e-4."""
_INSIDE = 1e-3
"""A prior chance stays so far away from never and always."""


@dataclass(frozen=True)
class Counts:
    """What came of matured decisions, (t, k) each by trigger and action.

    `alone_*` are those who were left alone though the same action was allowed: what it is compared
    with. Not whole numbers where chances were unequal (`evidence.counts`).
    """

    reached: Numbers
    tried: Numbers
    alone_reached: Numbers
    alone_tried: Numbers

    def __post_init__(self) -> None:
        """Refuse what cannot have been counted."""
        for reached, tried in (
            (self.reached, self.tried),
            (self.alone_reached, self.alone_tried),
        ):
            if (reached < 0).any() or (reached > tried + _ROUNDED).any():
                raise WrongUse(
                    "more decisions reached the goal than were tried; count each decision once"
                )


_ROUNDED = 1e-9


@dataclass(frozen=True)
class Beliefs:
    """Posteriors Beta(a, b) of each action and Beta(alone_a, alone_b) without it, (t, k) each."""

    a: Numbers
    b: Numbers
    alone_a: Numbers
    alone_b: Numbers

    @property
    def lift(self) -> Numbers:
        """Return (t, k) what each action is expected to add to the chance of the goal."""
        return np.asarray(_mean(self.a, self.b) - _mean(self.alone_a, self.alone_b))

    def interval(self, level: float = 0.95) -> tuple[Numbers, Numbers]:
        """Return (t, k) between what the lift lies with this probability, by the normal law."""
        spread = _variance(self.a, self.b) + _variance(self.alone_a, self.alone_b)
        width = float(norm.isf((1 - level) / 2)) * np.sqrt(spread)
        return np.asarray(self.lift - width), np.asarray(self.lift + width)


def learn(found: Counts, prior_lift: Numbers, strength: float) -> Beliefs:
    """Return the posteriors from counts of matured decisions.

    Without evidence an action adds `prior_lift`, (k,), and that counts as so many decisions
    (`strength`). What it did under the other triggers moves it, weighted by how much they tell of a
    difference, n m / (n + m) of n tried and m left alone. The prior of those left alone is fitted by
    the method of moments over triggers (Kleinman 1973, JASA).
    """
    alone_a, alone_b = _alone(found)
    alone = _mean(alone_a, alone_b)
    both = found.tried + found.alone_tried
    tells = found.tried * found.alone_tried / np.where(both > 0, both, 1)
    rate = found.reached / np.where(found.tried > 0, found.tried, 1)
    added = tells * (rate - alone)
    of_others, told = added.sum(axis=0) - added, tells.sum(axis=0) - tells
    lift = (strength * prior_lift + of_others) / (strength + told)
    prior = np.clip(alone + lift, _INSIDE, 1 - _INSIDE)
    return Beliefs(
        a=prior * strength + found.reached,
        b=(1 - prior) * strength + np.maximum(found.tried - found.reached, 0),
        alone_a=alone_a,
        alone_b=alone_b,
    )


def _alone(found: Counts) -> tuple[Numbers, Numbers]:
    columns = range(found.tried.shape[1])
    priors = [_prior(found.alone_reached[:, k], found.alone_tried[:, k]) for k in columns]
    a, b = (np.asarray([prior[side] for prior in priors]) for side in (0, 1))
    missed = np.maximum(found.alone_tried - found.alone_reached, 0)
    return a + found.alone_reached, b + missed


def _mean(a: Numbers, b: Numbers) -> Numbers:
    return np.asarray(a / (a + b))


def _variance(a: Numbers, b: Numbers) -> Numbers:
    return np.asarray(a * b / ((a + b) ** 2 * (a + b + 1)))


def _prior(reached: Numbers, tried: Numbers) -> tuple[float, float]:
    """Return a and b of what came of those left alone under all triggers."""
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

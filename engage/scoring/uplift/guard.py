"""Do what is best for all, and something else only for those where the log shows that it is better.

A learner always finds somebody for whom another action looks better; on rare and huge outcomes that
is mostly luck, and acting on it loses. So a share of those with the largest promised advantage is
set apart, widest to narrowest, and what the deviation gained is estimated by doubly robust scores
from people whom the promise never saw. Only where even the lower bound of that gain is above
nothing may the policy deviate, and of the shares that pass the one that gained most is taken. All
shares are bounded at once, so that the chance to adopt a deviation that loses is at most `ALPHA`,
whichever is picked: a high-confidence policy improvement (Thomas, Theocharous and Ghavamzadeh 2015,
ICML) with several thresholds tested together (Cho et al. 2024, CSPI-MT, arXiv 2408.12004) on
cross-fitted scores (Athey and Wager 2021). The bound is that of the largest of their statistics,
which lie one inside the other and so are wrong together: less is asked of each than if each were
wrong by itself (Westfall and Young 1993).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from engage.scoring.uplift.trial import Flags, Floats, Places, Trial
from engage.scoring.uplift.value import Value, mean_over_people, under

ALPHA = 0.05
SHARES = (1.0, 0.7, 0.5, 0.3, 0.2, 0.1, 0.05)
"""Of those who are promised more than by the best single action."""
DRAWS, DRAWN_BY = 100_000, 1
"""Normals from which a quantile is read, to some hundredths of a standard error, and their seed."""


@dataclass(frozen=True, slots=True)
class Guard:
    """The best single action, and how large a promise must be to leave it."""

    best: int
    """Its column; the last one is to leave everybody alone."""
    threshold: float
    """Deviate where more than this is promised; infinite where nothing is proved."""
    gain: Value | None
    """What the deviation gained per row, with the bound that was asked of it."""

    def policy(self, promised: Floats, allowed: Flags) -> Places:
        """Return (n,) what to do: `promised` (n, k + 1) net of costs, among what is allowed.

        Where the best single action is not allowed, what promises most is done.
        """
        held = np.where(allowed, promised, -np.inf)
        own = held.argmax(axis=1)
        base = _single(self.best, allowed, own)
        return np.asarray(np.where(_advantage(held, own, base) > self.threshold, own, base))

    def single(self, promised: Floats, allowed: Flags) -> Places:
        """Return (n,) what would be done without any deviation."""
        own = np.where(allowed, promised, -np.inf).argmax(axis=1)
        return _single(self.best, allowed, own)


def guard(trial: Trial, promised: Floats, worth: Floats, *, critical: float | None = None) -> Guard:
    """Return the guard that a trial supports.

    `promised` (n, k + 1): what a learner that never saw the row's person expects of each action;
    `worth` (n, k + 1): doubly robust scores; both net of costs. `critical`: so many standard errors
    must lie below a gain; without, as many as `ALPHA` asks of the thresholds of this promise alone.
    """
    thresholds, gained = deviations(trial, promised, worth)
    asked = critical_value(gained, trial.person) if critical is None else critical
    found = Guard(best_single(trial, worth), float("inf"), None)
    for threshold, column in zip(thresholds, gained.T, strict=True):
        gain = mean_over_people(column, trial.person, alpha=2 * float(norm.sf(asked)))
        if gain.low > 0 and (found.gain is None or gain.estimate > found.gain.estimate):
            found = Guard(found.best, threshold, gain)
    return found


def deviations(trial: Trial, promised: Floats, worth: Floats) -> tuple[list[float], Floats]:
    """Return each threshold that is tried, and (n, thresholds) what deviating there gained."""
    best = best_single(trial, worth)
    held = np.where(trial.allowed, promised, -np.inf)
    own = held.argmax(axis=1)
    base = _single(best, trial.allowed, own)
    advantage = _advantage(held, own, base)
    gained = under(worth, own) - under(worth, base)
    thresholds = _thresholds(advantage)
    each = [np.where(advantage > threshold, gained, 0.0) for threshold in thresholds]
    return thresholds, np.column_stack(each) if each else np.zeros((len(gained), 0))


def critical_value(gained: Floats, person: Places) -> float:
    """Return how many standard errors the best of these means lies above zero by chance.

    (n, m): all m at once, with probability `ALPHA` at most. Their errors are those of sums over
    people, whose correlations are kept: the quantile of the largest of m such normals, from draws
    that are always the same.
    """
    if not gained.shape[1]:
        return float(norm.isf(ALPHA))
    who = np.unique(person, return_inverse=True)[1]
    centred = gained - gained.mean(axis=0)
    sums = np.column_stack([np.bincount(who, weights=column) for column in centred.T])
    spread = np.sqrt((sums**2).sum(axis=0))
    seen = sums[:, spread > 0] / spread[spread > 0]
    if not seen.shape[1]:
        return float(norm.isf(ALPHA))
    values, vectors = np.linalg.eigh(seen.T @ seen)
    # The symmetric root: which way eigenvectors point differs from machine to machine.
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    drawn = np.random.default_rng(DRAWN_BY).standard_normal((DRAWS, seen.shape[1])) @ root
    return float(np.quantile(drawn.max(axis=1), 1 - ALPHA))


def best_single(trial: Trial, worth: Floats) -> int:
    """Return the one column that is worth most for everybody who may have it.

    Where it may not be done it counts as leaving alone, so that an action for few is not taken for
    the best of all.
    """
    alone = worth[:, -1:]
    means = np.where(trial.allowed, worth, alone).mean(axis=0)
    return int(np.argmax(np.round(means, 12)))


def _single(best: int, allowed: Flags, own: Places) -> Places:
    return np.asarray(np.where(allowed[:, best], best, own))


def _advantage(held: Floats, own: Places, base: Places) -> Floats:
    return np.asarray(under(held, own) - under(held, base))


def _thresholds(advantage: Floats) -> list[float]:
    """Return the promises above which each share of those promised anything lies."""
    promised = advantage[advantage > 0]
    if not len(promised):
        return []
    return [0.0, *(float(np.quantile(promised, 1 - share)) for share in SHARES[1:])]

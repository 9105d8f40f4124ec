"""Which learner earned its place, and what a policy chosen in this way is worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engage.scoring.uplift.budget import qini
from engage.scoring.uplift.guard import ALPHA, Guard, critical_value, deviations, guard
from engage.scoring.uplift.learners import LEARNERS, Learned, crossed, s_learner, scores
from engage.scoring.uplift.trees import Fit
from engage.scoring.uplift.trial import Floats, Places, Trial
from engage.scoring.uplift.value import (
    Value,
    difference,
    mean_over_people,
    net,
    policy_value,
    under,
)

FOLDS = 2
"""Of people: one half learns, the other tells what it is worth, both ways."""


@dataclass(frozen=True, slots=True)
class Money:
    """What a trial's goals are worth and its actions cost, in minor units."""

    stake: Floats
    """(n,)"""
    cost: Floats
    """(n, k)"""

    def net(self, outcomes: Floats) -> Floats:
        """Return (n, k + 1) chances of the goal as money, costs taken off."""
        return net(outcomes, self.cost, self.stake)

    def rows(self, chosen: Places) -> Money:
        """Return some rows."""
        return Money(self.stake[chosen], self.cost[chosen])


@dataclass(frozen=True, slots=True)
class Choice:
    """A learner, and how far it may leave the best single action."""

    learner: str
    guard: Guard


@dataclass(frozen=True, slots=True)
class Policy:
    """What a trial supports: how it is decided, and what that is worth to people it never saw."""

    choice: Choice
    learned: Learned
    value: Value
    """Money per decision."""
    single: Value
    """The same of the best single action for everybody."""
    gain: Value
    """Of the one over the other, person by person."""
    deviates: float
    """Share of decisions that are not the best single action."""
    ranks: Mapping[str, Value]
    """How much better than by lot those who gain by an action are ranked (Qini), by action."""


def choose(trial: Trial, money: Money, fit: Fit, names: Sequence[str]) -> Choice:
    """Return the first of these learners unless a later one is proved to earn more.

    Each is held by its guard, all thresholds of all learners at once; compared are the policies on
    people whom the learners never saw.
    """
    worth = money.net(scores(trial, crossed(trial, s_learner, FOLDS, fit, "choose")))
    promised = {
        name: money.net(crossed(trial, LEARNERS[name], FOLDS, fit, "choose")) for name in names
    }
    tried = [deviations(trial, promised[name], worth)[1] for name in names]
    asked = critical_value(np.concatenate(tried, axis=1), trial.person)
    chosen: Choice | None = None
    earned = np.zeros(len(trial))
    for name in names:
        held = guard(trial, promised[name], worth, critical=asked)
        mine = under(worth, held.policy(promised[name], trial.allowed))
        if chosen is None or _leads(mine - earned, trial, len(names) - 1):
            chosen, earned = Choice(name, held), mine
    if chosen is None:
        raise ValueError("name at least one learner")
    return chosen


def _leads(lead: Floats, trial: Trial, comparisons: int) -> bool:
    return mean_over_people(lead, trial.person, alpha=2 * ALPHA / comparisons).low > 0


def learn_policy(trial: Trial, money: Money, fit: Fit, names: Sequence[str]) -> Policy:
    """Return the policy that a trial supports, with its worth.

    What is chosen for all is chosen on all; its worth is that of choosing in the same way on one half
    of the people for the other, so that no figure is about people whom the choice had seen.
    """
    fold = trial.fold(FOLDS, fit.seed, "judge")
    policy, single = np.zeros(len(trial), np.int64), np.zeros(len(trial), np.int64)
    promised = np.zeros(trial.chance.shape)
    for one in range(FOLDS):
        own, other = np.flatnonzero(fold == one), np.flatnonzero(fold != one)
        choice = choose(trial.rows(other), money.rows(other), fit, names)
        told = LEARNERS[choice.learner](trial.rows(other), fit)(trial.matrix[own])
        promised[own] = money.rows(own).net(told)
        policy[own] = choice.guard.policy(promised[own], trial.allowed[own])
        single[own] = choice.guard.single(promised[own], trial.allowed[own])
    worth = money.net(scores(trial, crossed(trial, s_learner, FOLDS, fit, "judge")))
    choice = choose(trial, money, fit, names)
    return Policy(
        choice=choice,
        learned=LEARNERS[choice.learner](trial, fit),
        value=policy_value(trial, worth, policy),
        single=policy_value(trial, worth, single),
        gain=difference(trial, worth, policy, single),
        deviates=float((policy != single).mean()),
        ranks={name: qini(trial, worth, promised, k) for k, name in enumerate(trial.actions)},
    )

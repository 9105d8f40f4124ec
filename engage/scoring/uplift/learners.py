"""Rows of a trial become what each action would do for each person.

Every learner is a function of a trial and returns a function of a matrix: (n, f) to (n, k + 1),
what is expected under each action and, last, under none. Only differences to the last column mean
anything: for X and DR it is 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import lightgbm as lgb
import numpy as np

from engage.scoring.uplift.trees import Fit, ask, grow
from engage.scoring.uplift.trial import Floats, Places, Trial

Learner = Callable[[Trial, Fit], "Learned"]

INNER = 2
"""Folds in which the DR-learner's own outcome model is crossed."""


@dataclass(frozen=True)
class Learned:
    """What a learner found, to be asked about any number of rows."""

    learner: str
    kinds: int
    """How many actions there are beside none."""
    boosters: tuple[lgb.Booster, ...]
    threads: int

    def __call__(self, matrix: Floats) -> Floats:
        """Return (n, k + 1) what is expected of each row under each action and, last, under none."""
        return _ASKED[self.learner](self, matrix)


def s_learner(trial: Trial, fit: Fit) -> Learned:
    """Learn one model of everybody's outcome, in which the action is a feature like any other.

    What the data does not show of an action is taken to be alike for all, so that this learner is
    the slowest to see differences between people (Künzel, Sekhon, Bickel and Yu 2019, PNAS).
    """
    told = _told(trial.matrix, trial.action, len(trial.actions))
    trees = grow(told, trial.outcome, _weights(trial), fit)
    return Learned("S", len(trial.actions), (trees,), fit.threads)


def t_learner(trial: Trial, fit: Fit) -> Learned:
    """Learn a model of the outcome for each action by itself (ibid.)."""
    trees = [
        _grown(trial, np.flatnonzero(trial.action == column), trial.outcome, fit)
        for column in range(len(trial.actions) + 1)
    ]
    return Learned("T", len(trial.actions), tuple(trees), fit.threads)


def x_learner(trial: Trial, fit: Fit) -> Learned:
    """Learn what each did beyond what a model expects of them under the other side (ibid.)."""
    under = t_learner(trial, fit)(trial.matrix)
    alone = np.flatnonzero(trial.action == len(trial.actions))
    trees = []
    for column in range(len(trial.actions)):
        mine = np.flatnonzero(trial.action == column)
        trees.append(_grown(trial, mine, trial.outcome - under[:, -1], fit))
        trees.append(_grown(trial, alone, under[:, column] - trial.outcome, fit))
    return Learned("X", len(trial.actions), tuple(trees), fit.threads)


def dr_learner(trial: Trial, fit: Fit) -> Learned:
    """Learn each person's doubly robust difference (Kennedy 2023, Electronic J. of Statistics)."""
    worth = scores(trial, crossed(trial, s_learner, INNER, fit, "scores"))
    trees = []
    for column in range(len(trial.actions)):
        both = np.flatnonzero(trial.allowed[:, column] & trial.allowed[:, -1])
        difference = worth[both, column] - worth[both, -1]
        trees.append(grow(trial.matrix[both], difference, np.ones(len(both)), fit))
    return Learned("DR", len(trial.actions), tuple(trees), fit.threads)


LEARNERS: Mapping[str, Learner] = {
    "S": s_learner,
    "T": t_learner,
    "X": x_learner,
    "DR": dr_learner,
}


def _ask_one(learned: Learned, matrix: Floats) -> Floats:
    under = [
        ask(
            learned.boosters,
            _told(matrix, np.full(len(matrix), column), learned.kinds),
            learned.threads,
        )
        for column in range(learned.kinds + 1)
    ]
    return np.concatenate(under, axis=1)


def _ask_each(learned: Learned, matrix: Floats) -> Floats:
    return ask(learned.boosters, matrix, learned.threads)


def _ask_pairs(learned: Learned, matrix: Floats) -> Floats:
    each = ask(learned.boosters, matrix, learned.threads)
    effects = each.reshape(len(matrix), learned.kinds, 2).mean(axis=2)
    return np.column_stack([effects, np.zeros(len(matrix))])


def _ask_differences(learned: Learned, matrix: Floats) -> Floats:
    return np.column_stack([ask(learned.boosters, matrix, learned.threads), np.zeros(len(matrix))])


_ASKED: Mapping[str, Callable[[Learned, Floats], Floats]] = {
    "S": _ask_one,
    "T": _ask_each,
    "X": _ask_pairs,
    "DR": _ask_differences,
}


def crossed(trial: Trial, learner: Learner, folds: int, fit: Fit, purpose: str) -> Floats:
    """Return (n, k + 1) what a learner that never saw a row's person expects of each action."""
    fold = trial.fold(folds, fit.seed, purpose)
    expected = np.zeros(trial.chance.shape)
    for one in range(folds):
        told = learner(trial.rows(np.flatnonzero(fold != one)), fit)
        expected[fold == one] = told(trial.matrix[fold == one])
    return expected


def scores(trial: Trial, expected: Floats) -> Floats:
    """Return (n, k + 1) the doubly robust outcome of each row under each action.

    What the model expects, and for what was done also what it missed, weighted by 1 / chance
    (augmented inverse propensity: Robins, Rotnitzky and Zhao 1994). With `expected` crossed by
    person and the chances known, means of these are unbiased however wrong the model is
    (Chernozhukov et al. 2018; Athey and Wager 2021).
    """
    found = expected.copy()
    rows = np.arange(len(trial))
    missed = trial.outcome - expected[rows, trial.action]
    found[rows, trial.action] += missed / trial.taken
    return found


def _told(matrix: Floats, action: Places, kinds: int) -> Floats:
    """Return the features with one column more for each action: whether it was done."""
    return np.column_stack([matrix, action[:, None] == np.arange(kinds)[None, :]])


def _weights(trial: Trial) -> Floats:
    """Return 1 / chance of what was done, so that who was likelier to be drawn does not count more."""
    weights = 1 / trial.taken
    return np.asarray(weights / weights.mean())


def _grown(trial: Trial, rows: Places, label: Floats, fit: Fit) -> lgb.Booster:
    return grow(trial.matrix[rows], label[rows], _weights(trial)[rows], fit)

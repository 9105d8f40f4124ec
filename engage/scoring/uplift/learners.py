"""Rows of a trial become what each action would do for each person.

Every learner is a function of a trial and returns a function of a matrix: (n, f) to (n, k + 1),
what is expected under each action and, last, under none. Only differences to the last column mean
anything: for X and DR it is 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import lightgbm as lgb
import numpy as np

from engage.scoring.uplift.trees import Fit, ask, grow
from engage.scoring.uplift.trial import Floats, Places, Trial

Expected = Callable[[Floats], Floats]
Learner = Callable[[Trial, Fit], Expected]

INNER = 2
"""Folds in which the DR-learner's own outcome model is crossed."""


def s_learner(trial: Trial, fit: Fit) -> Expected:
    """Learn one model of everybody's outcome, in which the action is a feature like any other.

    What the data does not show of an action is taken to be alike for all, so that this learner is
    the slowest to see differences between people (Künzel, Sekhon, Bickel and Yu 2019, PNAS).
    """
    kinds = len(trial.actions)
    trees = grow(_told(trial.matrix, trial.action, kinds), trial.outcome, _weights(trial), fit)

    def expected(matrix: Floats) -> Floats:
        under = [
            ask([trees], _told(matrix, np.full(len(matrix), column), kinds), fit.threads)
            for column in range(kinds + 1)
        ]
        return np.concatenate(under, axis=1)

    return expected


def t_learner(trial: Trial, fit: Fit) -> Expected:
    """Learn a model of the outcome for each action by itself (ibid.)."""
    trees = [
        _grown(trial, np.flatnonzero(trial.action == column), trial.outcome, fit)
        for column in range(len(trial.actions) + 1)
    ]
    return lambda matrix: ask(trees, matrix, fit.threads)


def x_learner(trial: Trial, fit: Fit) -> Expected:
    """Learn what each did beyond what a model expects of them under the other side (ibid.)."""
    under = t_learner(trial, fit)(trial.matrix)
    alone = np.flatnonzero(trial.action == len(trial.actions))
    pairs = []
    for column in range(len(trial.actions)):
        mine = np.flatnonzero(trial.action == column)
        pairs.append(
            (
                _grown(trial, mine, trial.outcome - under[:, -1], fit),
                _grown(trial, alone, under[:, column] - trial.outcome, fit),
            )
        )

    def expected(matrix: Floats) -> Floats:
        effects = [ask(pair, matrix, fit.threads).mean(axis=1) for pair in pairs]
        return np.stack([*effects, np.zeros(len(matrix))], axis=1)

    return expected


def dr_learner(trial: Trial, fit: Fit) -> Expected:
    """Learn each person's doubly robust difference (Kennedy 2023, Electronic J. of Statistics)."""
    worth = scores(trial, crossed(trial, s_learner, INNER, fit, "scores"))
    trees = []
    for column in range(len(trial.actions)):
        both = np.flatnonzero(trial.allowed[:, column] & trial.allowed[:, -1])
        difference = worth[both, column] - worth[both, -1]
        trees.append(grow(trial.matrix[both], difference, np.ones(len(both)), fit))

    def expected(matrix: Floats) -> Floats:
        return np.column_stack([ask(trees, matrix, fit.threads), np.zeros(len(matrix))])

    return expected


LEARNERS: Mapping[str, Learner] = {
    "S": s_learner,
    "T": t_learner,
    "X": x_learner,
    "DR": dr_learner,
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

"""What a policy is worth per row, from a log that did something else."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from engage.errors import WrongUse
from engage.scoring.uplift.trial import Floats, Places, Trial


@dataclass(frozen=True, slots=True)
class Value:
    """A mean per row with its interval over people."""

    estimate: float
    low: float
    high: float
    error: float
    people: int


def mean_over_people(values: Floats, person: Places, *, alpha: float = 0.05) -> Value:
    """Return the mean of a column with a normal interval that lets rows of a person be alike.

    The error is that of sums over people (Liang and Zeger 1986): of one person with ten rows no
    more is learned than the ten have not in common.
    """
    estimate = float(values.mean())
    sums = np.bincount(np.unique(person, return_inverse=True)[1], weights=values - estimate)
    people = len(sums)
    error = float(np.sqrt((sums**2).sum() * people / max(people - 1, 1)) / len(values))
    width = float(norm.isf(alpha / 2)) * error
    return Value(estimate, estimate - width, estimate + width, error, people)


def under(worth: Floats, policy: Places) -> Floats:
    """Return (n,) each row's worth under the action that a policy gives it."""
    return np.asarray(worth[np.arange(len(policy)), policy])


def policy_value(trial: Trial, worth: Floats, policy: Places, *, alpha: float = 0.05) -> Value:
    """Return what a policy, (n,) a column for each row, is worth per row.

    `worth` (n, k + 1) is `learners.scores`, less costs (`net`). Raises WrongUse when the policy
    does what the log gave no chance: no log can answer that.
    """
    _answerable(trial, policy)
    return mean_over_people(under(worth, policy), trial.person, alpha=alpha)


def difference(
    trial: Trial, worth: Floats, policy: Places, other: Places, *, alpha: float = 0.05
) -> Value:
    """Return how much more a policy is worth than another, compared person by person."""
    _answerable(trial, policy)
    _answerable(trial, other)
    return mean_over_people(under(worth, policy) - under(worth, other), trial.person, alpha=alpha)


def net(worth: Floats, cost: Floats, stake: Floats | float = 1.0) -> Floats:
    """Return worth x stake - cost: what each action earns where a goal is worth `stake`.

    `cost` (k,) or (n, k) of each action; to do nothing costs nothing. `stake` is a number or (n,).
    """
    scale = np.reshape(np.asarray(stake, np.float64), (-1, 1))
    rows = np.atleast_2d(cost)
    return np.asarray(worth * scale - np.column_stack([rows, np.zeros(len(rows))]))


def _answerable(trial: Trial, policy: Places) -> None:
    asked = trial.chance[np.arange(len(trial)), policy]
    if (asked <= 0).any():
        raise WrongUse(
            f"the policy does in {int((asked <= 0).sum())} rows what the log gave no chance there; "
            f"choose among the allowed actions, or explore first"
        )

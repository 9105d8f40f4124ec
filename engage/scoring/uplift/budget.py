"""Whom to choose when only some may be contacted, and how well a learner ranks them."""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

from engage.scoring.uplift.trial import Floats, Places, Trial
from engage.scoring.uplift.value import Value, mean_over_people, under


def within(policy: Places, promised: Floats, share: float) -> Places:
    """Return the policy with contacts only for the share of rows who are promised most by it.

    `promised` (n, k + 1) net of costs; nobody is contacted who is promised nothing. Ties go to the
    earlier row.
    """
    none = promised.shape[1] - 1
    gain = under(promised, policy) - promised[:, none]
    order = np.argsort(-gain, kind="stable")[: int(share * len(policy))]
    chosen = order[gain[order] > 0]
    limited = np.full(len(policy), none, dtype=np.int64)
    limited[chosen] = policy[chosen]
    return limited


def qini(trial: Trial, worth: Floats, promised: Floats, column: int) -> Value:
    """Return how much better than by lot a learner ranks those who gain by one action.

    The area between the gain of contacting the top of the list, at every depth, and that of
    contacting as many at random, per row (Radcliffe 2007), from doubly robust differences. As a mean
    of difference x (1/2 - rank) it has an interval over people (rank-weighted average treatment
    effects: Yadlowsky et al. 2025, JASA); 0 is a list by lot. Rows in which the action or none had
    no chance are left out.
    """
    both = np.flatnonzero(trial.allowed[:, column] & trial.allowed[:, -1])
    gained = worth[both, column] - worth[both, -1]
    depth = (rankdata(promised[both, -1] - promised[both, column]) - 0.5) / len(both)
    return mean_over_people(gained * (0.5 - depth), trial.person[both])


def response(
    trial: Trial, worth: Floats, promised: Floats, policy: Places, shares: tuple[float, ...]
) -> dict[float, Value]:
    """Return what the policy is worth when only each of these shares may be contacted."""
    return {
        share: mean_over_people(under(worth, within(policy, promised, share)), trial.person)
        for share in shares
    }

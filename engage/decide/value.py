"""What each action is worth for each candidate: what it adds, less all that it costs anybody."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from engage.decide import deviation, minutes
from engage.decide.answering import Hours
from engage.decide.board import LIFT, Board, Flags, Numbers
from engage.decide.capacity import Plan
from engage.decide.minutes import USUAL

_DIGITS = 4
"""Totals are compared, so their last bits are rounded away: ten-thousandths of a minor unit."""


@dataclass(frozen=True)
class Parts:
    """The value of each action, in its parts, in minor units of money."""

    uplift: Numbers
    """(n, a) what the action adds to the chance of the goal."""
    stake: Numbers
    """(n,) what is lost when the goal is missed."""
    cost: Numbers
    """(a,) what the channel costs."""
    price: Numbers
    """(n, a) the agent's minutes at the price of their queue, and what a place in a message budget costs."""
    annoyance: Numbers
    """(n, a) what the contact costs in goodwill; nothing when the customer asked for it."""
    minutes: Numbers
    """(n, a) of an agent, as expected."""
    reached: Numbers
    """(n, a) the chance that a call is answered at its hour; NaN where that does not count."""
    usual: float
    """The same at any hour: what the uplift, which is that of all calls, answered or not, stands for."""
    hours: Hours
    """At which hours calls would be made."""
    total: Numbers
    """(n, a) uplift x stake x reached / usual - cost - price - annoyance"""

    def at(self, rows: np.ndarray[tuple[int], np.dtype[np.intp]]) -> Parts:
        """Return the parts of some candidates."""
        return Parts(
            self.uplift[rows],
            self.stake[rows],
            self.cost,
            self.price[rows],
            self.annoyance[rows],
            self.minutes[rows],
            self.reached[rows],
            self.usual,
            self.hours.at(rows),
            self.total[rows],
        )


def parts(
    board: Board, plan: Plan, possible: Flags, hours: Hours, attempt_min: float = 0.0
) -> Parts:
    """Return the value of every action for every candidate, with its parts.

    `possible` (n, a): what nothing stands against but, perhaps, its value. A call takes the agent's
    minutes for a conversation if it is answered, and `attempt_min` if not. What an action adds is
    known of all calls, whether answered or not: of one that is answered it is uplift / usual, and
    at an hour at which `reached` of them are, uplift x reached / usual.
    """
    stake = board.candidates["stake_minor"].to_numpy(np.float64)
    cost = np.asarray([action.cost_minor for action in board.actions], np.float64)
    busy, chance = minutes.handle(board, plan.learned), hours.chance(plan.learned)
    called = np.round(minutes.expected(busy, chance, attempt_min), _DIGITS)
    spent = np.where(np.isnan(chance) | (busy == 0), busy, called)
    usual = plan.learned.reached.get(USUAL, np.nan)
    per_minute = np.asarray([plan.minute(action) for action in board.actions], np.float64)
    goodwill = board.by_action([action.annoyance_minor for action in board.actions], np.float64)
    annoyance = np.where(board.requested[:, None], 0.0, goodwill)
    message = [plan.message.get(action.channel, 0.0) for action in board.actions]
    price = spent * per_minute + np.asarray(message, np.float64)
    less = cost + price + annoyance
    believed = np.stack([_uplift(board, column) for column in range(len(board.actions))], axis=1)
    uplift = deviation.uplift(board, believed, less, stake, possible)
    adds = np.where(np.isnan(chance), uplift, np.clip(uplift * (chance / usual), -1.0, 1.0))
    total = np.round(adds * stake[:, None] - cost - price - annoyance, _DIGITS)
    return Parts(uplift, stake, cost, price, annoyance, spent, chance, float(usual), hours, total)


def _uplift(board: Board, column: int) -> Numbers:
    """Return (n,) what is believed of an action: by the evidence where there is some, else beforehand."""
    action = board.actions[column]
    name = f"{LIFT}{action.name}"
    if name not in board.candidates:
        return np.full(board.n, action.prior_lift)
    learned = pd.to_numeric(board.candidates[name]).fillna(action.prior_lift)
    return learned.to_numpy(np.float64)


def below_price(board: Board, worth: Parts, minimum_minor: int) -> Flags:
    """Return (n, a) what is worth less than the minimum.

    What the customer asked for, and whom the company must serve, is not weighed.
    """
    weighed: Flags = (worth.total < minimum_minor) & ~board.exempt[:, None]
    return weighed

"""What may be done is weighed, and one action is drawn by its chance; a replay draws it again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engage.decide import assignment, explore, value
from engage.decide.answering import Hours
from engage.decide.board import Board, Flags, Refusals
from engage.decide.capacity import Plan
from engage.decide.rules import Rules
from engage.decide.value import Parts
from engage.decide.verdict import Verdict
from engage.domain.ids import draw_column
from engage.domain.reasons import Reason


@dataclass(frozen=True)
class Weighed:
    """What each action is worth to each candidate, and what stands against it."""

    refused: Refusals
    offered: Flags
    """(n, a) what the trigger lists, and what stands in for it."""
    worth: Parts
    possible: Flags
    """(n, a) what nothing but its value may stand against."""

    @property
    def allowed(self) -> Flags:
        """Return (n, a) what may be done."""
        return self.offered & self.refused.none


def weigh(
    board: Board, refused: Refusals, offered: Flags, rules: Rules, plan: Plan, hours: Hours
) -> Weighed:
    """Return what each action is worth; below price is refused where nothing else is against it."""
    possible = offered & refused.none
    worth = value.parts(board, plan, possible, hours, rules.attempt_min)
    unworthy = value.below_price(board, worth, rules.minimum_minor)
    refused.add({Reason.BELOW_PRICE: unworthy & refused.none})
    return Weighed(refused, offered, worth, possible)


def draw(
    board: Board,
    weighed: Weighed,
    rows: npt.NDArray[np.intp],
    ids: npt.NDArray[np.object_],
    rules: Rules,
    salt: bytes,
    secret: bytes,
) -> Verdict:
    """Look up or draw the arms, then draw an action for each by its chance."""
    allowed, worth = weighed.allowed[rows], weighed.worth.at(rows)
    best = np.where(allowed, worth.total, -np.inf).argmax(axis=1)
    share = board.by_trigger([t.exploration for t in board.triggers], np.float64)[rows]
    share = np.where(board.exempt[rows], 0.0, share)
    chance = explore.propensities(allowed, best, share, rules.exploration_floor)
    chance = explore.nothing(chance, board.aa[rows])
    drawn = np.asarray(draw_column(secret, ids, "action"), np.float64)
    return Verdict(
        board=board,
        rows=rows,
        ids=ids,
        arms=assignment.assign(board, rows, rules, salt),
        allowed=allowed,
        refused=weighed.refused.bits[rows],
        offered=weighed.offered[rows],
        worth=worth,
        chance=chance,
        draw=drawn,
        drawn=explore.pick(chance, drawn),
    )

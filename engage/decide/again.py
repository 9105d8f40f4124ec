"""Decisions of the past are made once more from their log, by the code that made them.

What the gates refused is taken from the log, as the moment has passed; all that follows from it is
calculated again: worth, price, chances, arm, draw, action and id.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from engage.decide.answering import Hours
from engage.decide.board import BIT, Board, Flags, Refusals, used
from engage.decide.capacity import Plan, offered
from engage.decide.choice import draw, weigh
from engage.decide.naming import decision_ids, width
from engage.decide.records import decisions
from engage.decide.rules import Rules
from engage.domain.actions import Action
from engage.domain.reasons import Reason
from engage.domain.triggers import Trigger


@dataclass(frozen=True)
class Logged:
    """Decisions as they were logged, `n` of them, column by column."""

    ids: npt.NDArray[np.object_]
    candidates: pd.DataFrame
    """As `policy.decide` is given them; `moment` is NaT where it was not stored."""
    known: pd.DataFrame
    """One row a decision: must_serve, and the stored arms as `context.build` has them."""
    triggers: tuple[Trigger, ...]
    code: npt.NDArray[np.intp]
    """(n,) which trigger, in the version of then."""
    refused: Sequence[Mapping[str, Sequence[str]]]
    """What stood against each action that was offered."""
    hours: Sequence[Mapping[str, Mapping[str, float]]] = ()
    """At which hours each action's call would have been made: the slots of then are gone."""

    @property
    def nameless(self) -> Flags:
        """Return (n,) whose id cannot be derived, as their moment was not stored."""
        asked = np.asarray([width(one) > 0 for one in self.triggers], bool)[self.code]
        lost: Flags = asked & self.candidates["moment"].isna().to_numpy()
        return lost

    def board(self, actions: tuple[Action, ...] = ()) -> Board:
        """Return the decisions laid out as candidates, each with what was known of its person."""
        places = np.arange(len(self.candidates), dtype=np.intp)
        nowhen = np.datetime64("NaT", "us")  # the moment of a run plays no part in what follows
        return Board(self.candidates, self.known, places, self.triggers, self.code, actions, nowhen)


def names(logged: Logged) -> npt.NDArray[np.object_]:
    """Return (n,) the decision ids, derived again; the stored one where that cannot be."""
    board = logged.board()
    made = np.asarray([*decision_ids(board, np.arange(board.n)), ""], object)[:-1]
    return np.where(logged.nameless, logged.ids, made)


def again(
    logged: Logged,
    actions: Mapping[str, Action],
    rules: Rules,
    plan: Plan,
    *,
    salt: bytes,
    secret: bytes,
) -> pd.DataFrame:
    """Return the decisions as they come out now, in the columns of the log and their order.

    `rules`, `actions` and the prices of `plan` are those of then. One column more, `ghost`: what
    would have been done to whom is held out.
    """
    board = logged.board(used(logged.triggers, actions))
    refused = _refused(board, logged.refused)
    at_once = board.by_action([not action.slot for action in board.actions], bool)
    not_now = refused.because(Reason.NO_CAPACITY) | refused.because(Reason.INCIDENT)
    hours = Hours.logged(logged.hours or [{}] * board.n, board.names)
    weighed = weigh(board, refused, offered(board, not_now & at_once), rules, plan, hours)
    verdict = draw(board, weighed, np.arange(board.n), names(logged), rules, salt, secret)
    made = decisions(verdict, rules, plan, run_id="")
    would = verdict.names[verdict.drawn]
    return made.assign(ghost=pd.Series(would, dtype=object).where(verdict.arms.held, None))


def _refused(board: Board, logged: Sequence[Mapping[str, Sequence[str]]]) -> Refusals:
    """Return what the gates refused; whether an action is below price is judged anew."""
    refused = Refusals(board)
    columns = {name: column for column, name in enumerate(board.names)}
    for row, told in enumerate(logged):
        for name in told.keys() & columns.keys():
            reasons = set(told[name]) - {Reason.BELOW_PRICE}
            for reason in reasons:
                refused.bits[row, columns[name]] |= BIT[Reason(reason)]
    return refused

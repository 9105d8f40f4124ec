"""The outcome of the draws for everybody who qualified, before it is written down as rows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from engage.decide.assignment import Arms
from engage.decide.board import Board, Flags, Numbers
from engage.decide.value import Parts
from engage.domain.actions import NONE


@dataclass(frozen=True)
class Verdict:
    """What was drawn for the qualified, `m` entries in the order of `rows`."""

    board: Board
    rows: npt.NDArray[np.intp]
    """(m,) their rows on the board."""
    ids: npt.NDArray[np.object_]
    """(m,) decision ids."""
    arms: Arms
    allowed: Flags
    """(m, a)"""
    refused: npt.NDArray[np.uint32]
    """(m, a) why an action was not allowed, as bits."""
    offered: Flags
    """(m, a) what the trigger lists, and what stands in for it."""
    worth: Parts
    chance: Numbers
    """(m, a + 1) the propensities; none is last."""
    draw: Numbers
    drawn: npt.NDArray[np.intp]
    """(m,) what was drawn; for the held out what would have been done."""

    @property
    def none(self) -> int:
        """Return the column of leaving somebody alone."""
        return len(self.board.actions)

    @cached_property
    def action(self) -> npt.NDArray[np.intp]:
        """Return (m,) what is really done: none for the held out."""
        return np.where(self.arms.held, self.none, self.drawn)

    @cached_property
    def propensity(self) -> Numbers:
        """Return (m,) the chance of what is done, given the arm: certain for the held out."""
        mine = self.chance[np.arange(len(self.rows)), self.drawn]
        return np.where(self.arms.held, 1.0, mine)

    @cached_property
    def names(self) -> npt.NDArray[np.object_]:
        """Return the actions' names by column, none behind them."""
        return np.asarray([*self.board.names, NONE], object)

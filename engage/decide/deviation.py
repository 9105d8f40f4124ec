"""Where a learned policy may leave the action that is best for all, what it learned counts."""

from __future__ import annotations

import numpy as np
import pandas as pd

from engage.decide.board import ABOVE, LEARNED, SINGLE, Board, Flags, Numbers
from engage.domain.actions import NONE


def uplift(
    board: Board, believed: Numbers, less: Numbers, stake: Numbers, possible: Flags
) -> Numbers:
    """Return (n, a) what each action adds: learned of the person, or believed of all.

    What was learned counts for a candidate to whom it promises more than the policy's threshold above
    the best single action, among what is `possible` (n, a); `less` (n, a) is what each action costs.
    Where that action is not possible nothing tells the two apart, and what is believed counts.
    """
    if ABOVE not in board.candidates:
        return believed
    learned = np.stack(
        [_learned(board, column, believed) for column in range(len(board.actions))], 1
    )
    promised = np.column_stack([learned * stake[:, None] - less, np.zeros(board.n)])
    may = np.column_stack([possible, np.ones(board.n, bool)])
    own = np.where(may, promised, -np.inf).argmax(axis=1)
    rows = np.arange(board.n)
    base = _single(board)
    base = np.where((base >= 0) & may[rows, base], base, own)
    above = pd.to_numeric(board.candidates[ABOVE]).fillna(np.inf).to_numpy(np.float64)
    deviates = promised[rows, own] - promised[rows, base] > above
    return np.where(deviates[:, None], learned, believed)


def _learned(board: Board, column: int, believed: Numbers) -> Numbers:
    name = f"{LEARNED}{board.actions[column].name}"
    if name not in board.candidates:
        return believed[:, column]
    told = pd.to_numeric(board.candidates[name]).to_numpy(np.float64)
    return np.where(np.isnan(told), believed[:, column], told)


def _single(board: Board) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """Return (n,) the column of each candidate's best single action; -1 where there is none."""
    names = pd.Index([*board.names, NONE])
    return names.get_indexer(pd.Index(board.candidates[SINGLE].astype("object")))

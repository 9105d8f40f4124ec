"""One offer per person over all triggers, chosen by value before any arm is looked at."""

from __future__ import annotations

import numpy as np

from engage.decide.board import Board, Flags, Numbers


def winners(board: Board, allowed: Flags, total: Numbers) -> Flags:
    """Return (n,) the one candidate of each person whose best allowed action is worth most.

    What the customer asked for comes before any value, and whom a condition holds for before who is
    let in from the band below one; an A/A comparison, which helps nobody, comes last. Ties go by trigger, then by subject.
    Because arms play no part, the treated and the held out lose the very same candidates.
    """
    able = np.flatnonzero(allowed.any(axis=1))
    best = np.where(allowed[able], total[able], -np.inf).max(axis=1, initial=-np.inf)
    # Rows stand in the order of trigger and subject, so that their position breaks ties.
    explored = np.isfinite(board.band[able])
    order = np.lexsort(
        (able, -best, explored, board.aa[able], ~board.requested[able], board.who[able])
    )
    people = board.who[able][order]
    first = np.ones(len(order), bool)
    first[1:] = people[1:] != people[:-1]
    won = np.zeros(board.n, bool)
    won[able[order][first]] = True
    return won

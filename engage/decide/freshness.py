"""Whether the moment is still there: recent features, a visitor on the page, a new offer."""

from __future__ import annotations

import numpy as np
import pandas as pd

from engage.decide.board import Board, Flags, Masks
from engage.decide.naming import windows
from engage.decide.rules import Rules
from engage.domain.actions import ON_PAGE
from engage.domain.reasons import Reason


def refused(board: Board, rules: Rules) -> Masks:
    """Refuse stale features, offers that come too late, and a subject that stands here twice."""
    as_of = board.moments("as_of")
    stale = np.isnat(as_of) | (as_of < board.now - np.timedelta64(rules.stale_after))
    return {
        Reason.STALE_FEATURES: stale[:, None],
        Reason.EXPIRED: _too_late(board),
        Reason.DUPLICATE: _repeated(board)[:, None],
    }


def _too_late(board: Board) -> Flags:
    """Return (n, a): past the deadline, or shown on a page that nobody looks at any more."""
    late: Flags = np.isnat(board.deadline) | (board.deadline < board.now)
    on_page = board.by_action([action.channel in ON_PAGE for action in board.actions], bool)
    life = board.by_action([a.life for a in board.actions], "timedelta64[us]")
    left = np.isnat(board.alive)[:, None] | (board.alive[:, None] + life <= board.now)
    gone: Flags = late[:, None] | (on_page & board.on_visit[:, None] & left)
    return gone


def _repeated(board: Board) -> Flags:
    """Return (n,): the same trigger, subject and window stands in an earlier row.

    Rows are in order, so the newest features of a subject come first and are kept.
    """
    subjects = board.candidates["subject_id"]
    same = (subjects == subjects.shift()).to_numpy() & (board.code == np.roll(board.code, 1))
    if not same.any():
        return np.zeros(board.n, bool)
    key = {"trigger": board.code, "subject": subjects, "window": windows(board)}
    repeated: Flags = pd.DataFrame(key).duplicated().to_numpy()
    return repeated

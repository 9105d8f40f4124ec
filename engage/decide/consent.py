"""Whether the person agreed to be contacted this way, recently enough, and has not opted out."""

from __future__ import annotations

import numpy as np

from engage.decide.board import Board, Flags, Masks, Moments
from engage.decide.rules import Rules
from engage.domain.reasons import Reason


def refused(board: Board, rules: Rules) -> Masks:
    """Refuse without consent for the action's purpose, with one too old, and after an opt-out.

    An opt-out on any channel stops every proactive contact, on the page too, unless the settings
    had it stop that channel alone.
    """
    shape = (board.n, len(board.actions))
    missing, expired = np.zeros(shape, bool), np.zeros(shape, bool)
    for column, action in enumerate(board.actions):
        if action.needs:
            given = board.person(f"consent:{action.needs}").astype("datetime64[us]")
            missing[:, column], expired[:, column] = standing(given, rules, board.now)
    stopped = np.repeat(board.person("suppressed").astype(bool)[:, None], shape[1], axis=1)
    for column, action in enumerate(board.actions):
        if f"suppressed:{action.channel}" in board.people:
            stopped[:, column] |= board.person(f"suppressed:{action.channel}").astype(bool)
    return {
        Reason.NO_CONSENT: missing,
        Reason.CONSENT_EXPIRED: expired,
        Reason.SUPPRESSED: stopped,
    }


def standing(given: Moments, rules: Rules, now: np.datetime64) -> tuple[Flags, Flags]:
    """Return (never given or taken back, given too long ago) for consents of these moments."""
    missing = np.isnat(given)
    return missing, ~missing & (given < now - np.timedelta64(rules.consent_life))

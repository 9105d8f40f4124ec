"""Whether we hold what a channel needs: a number, an address, a page that is being looked at."""

from __future__ import annotations

import numpy as np

from engage.decide.board import Board, Flags, Masks
from engage.decide.rules import Rules
from engage.domain.actions import ON_PAGE, ChannelName
from engage.domain.reasons import Reason

NEEDS = {
    ChannelName.CALLBACK: "has_phone",
    ChannelName.SMS: "has_phone",
    "whatsapp": "has_phone",
    "email": "has_email",
}
"""What the context must say for a channel."""
NEEDS_NOTHING = frozenset({ChannelName.DRY_RUN})


def refused(board: Board, _: Rules) -> Masks:
    """Refuse actions whose channel cannot reach the person; a channel nobody knows reaches none."""
    columns = [_reached(board, action.channel) for action in board.actions]
    return {Reason.NO_CHANNEL: ~np.stack(columns, axis=1)}


def _reached(board: Board, channel: str) -> Flags:
    if channel in ON_PAGE:
        return board.on_visit
    if channel in NEEDS:
        return board.person(NEEDS[channel]).astype(bool)
    return np.full(board.n, channel in NEEDS_NOTHING)

"""Whether a trigger may approach anybody at all right now."""

from __future__ import annotations

from engage.decide.board import Board, Masks
from engage.decide.rules import Rules
from engage.domain.reasons import Reason
from engage.domain.triggers import TriggerState


def refused(board: Board, rules: Rules) -> Masks:
    """Refuse triggers that are not live and, during an outage, outreach (or all but slots).

    What the customer asked for goes on during an outage.
    """
    live = board.by_trigger([t.state is TriggerState.LIVE for t in board.triggers], bool)
    spared = {"": True, "pause": False}
    paused = board.by_action(
        [not spared.get(rules.incident, action.slot) for action in board.actions], bool
    )
    return {
        Reason.NOT_APPROVED: ~live[:, None],
        Reason.INCIDENT: paused & ~board.requested[:, None],
    }

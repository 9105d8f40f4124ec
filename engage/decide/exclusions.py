"""Who must be left alone: exclusion lists, browsers that ask not to be tracked, sensitive matters."""

from __future__ import annotations

from engage.decide.board import CLASSES, Board, Masks
from engage.decide.rules import Rules
from engage.domain.actions import ContactClass
from engage.domain.reasons import Reason


def refused(board: Board, rules: Rules) -> Masks:
    """Refuse people on an exclusion list, marketing to who asked for privacy, and wrong channels.

    Who must be served is helped but not marketed to. A sensitive matter may only be taken up in
    `rules.sensitive_channels`.
    """
    marketing = board.class_code == CLASSES.index(ContactClass.MARKETING)
    private = board.person("gpc").astype(bool) | board.flag("gpc")
    open_channel = board.by_action(
        [action.channel not in rules.sensitive_channels for action in board.actions], bool
    )
    listed = board.person("must_serve").astype(bool) & marketing
    excluded = board.person("excluded").astype(bool) | listed
    return {
        Reason.EXCLUDED: excluded[:, None],
        Reason.GPC: (marketing & private)[:, None],
        Reason.SENSITIVE: board.flag("sensitive")[:, None] & open_channel,
    }

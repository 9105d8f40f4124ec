"""Whether a person has heard from us enough: one rolling budget over channels and triggers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from engage.decide.board import Board, Flags, Masks
from engage.decide.rules import HARD_CEILING, Caps, Rules
from engage.domain.actions import ChannelName
from engage.domain.reasons import Reason

FAMILY: dict[str, str] = {
    ChannelName.SMS: "sms",
    "whatsapp": "sms",
    ChannelName.CALLBACK: "call",
    ChannelName.CHAT_OFFER: "chat",
    "email": "email",
}
"""Which budget a channel draws on."""
COUNTED = ("sms_24h", "sms_7d", "sms_30d", "call_24h", "call_7d", "chat_24h", "email_7d")
"""Columns of the context that have a cap of the same name."""
NO_LIMIT = np.iinfo(np.int64).max


def refused(board: Board, rules: Rules) -> Masks:
    """Refuse over a channel's cap, over the ceiling, while resting, while an offer is open.

    What the customer asked for counts in none of these; it has limits of its own, by request.
    """
    families = [FAMILY.get(action.channel, "") for action in board.actions]
    outreach = ~board.requested
    full = {family: _full(board, rules.caps, family) for family in set(families)}
    asked = {family: _asked_enough(board, rules.caps, family) for family in set(families)}
    over = np.stack([np.where(outreach, full[f], asked[f]) for f in families], axis=1)
    ceiling = board.person("all_24h") >= min(rules.caps.ceiling_24h, HARD_CEILING)
    resting = board.person("rest_until").astype("datetime64[us]") > board.now
    over |= (outreach & _over_in_country(board, rules))[:, None]
    return {
        Reason.CAP: over,
        Reason.CEILING: (outreach & ceiling)[:, None],
        Reason.RESTING: (outreach & resting)[:, None],
        Reason.OPEN_ACTION: (outreach & board.person("open_action").astype(bool))[:, None],
    }


def _over_in_country(board: Board, rules: Rules) -> Flags:
    """Return (n,) whether a country the person may be in allows no more contacts this month."""
    if not rules.attempts_30d:
        return np.zeros(board.n, bool)
    code, places = pd.factorize(board.people["places"].to_numpy())
    limits = [
        min((rules.attempts_30d.get(place[:2], NO_LIMIT) for place in where), default=NO_LIMIT)
        for where in places
    ]
    over: Flags = board.person("all_30d") >= np.asarray(limits, np.int64)[code][board.who]
    return over


def _full(board: Board, caps: Caps, family: str) -> Flags:
    """Return (n,) whether the person's budget for this family of channels is used up."""
    full = np.zeros(board.n, bool)
    for column in COUNTED:
        if column.startswith(f"{family}_"):
            full |= board.person(column) >= getattr(caps, column)
    if family == "chat":
        full |= _for_subject(board, "chat") >= caps.chat_session
    return full


def _asked_enough(board: Board, caps: Caps, family: str) -> Flags:
    """Return (n,) whether what was asked for has been tried as often as it may be."""
    if family == "call":
        dialled: Flags = board.person("requested_dials_24h") >= caps.requested_dials_24h
        return dialled
    return _for_subject(board, "requested") >= caps.requested_messages


def _for_subject(board: Board, kind: str) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return (n,) how many contacts of a kind this person has had about this very subject.

    Few people have any, so only their rows are looked at one by one.
    """
    counts = np.zeros(board.n, np.int64)
    heard = board.person("by_subject")
    rows = np.flatnonzero(pd.notna(heard))
    subjects = board.candidates["subject_id"].to_numpy()
    for row in rows:
        counts[row] = heard[row].get((kind, subjects[row]), 0)
    return counts

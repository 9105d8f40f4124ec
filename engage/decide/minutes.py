"""How many minutes of an agent an action takes: by what the contact is about, as recorded so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from engage.decide.board import TOPICS, Board, Numbers
from engage.domain.actions import Action, ChannelName

USUAL = ""
"""Stands for any topic that too little is known of, and for any hour."""


@dataclass(frozen=True)
class Learned:
    """What the records say of an agent's minutes; kept with the plan, so that a replay has it too."""

    handle: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Minutes of a contact, by queue and topic, `USUAL` among the topics; only queues of which enough
    contacts are known."""
    reached: Mapping[str, float] = field(default_factory=dict)
    """Chance that somebody answers our call, by band of local hours (`answering.BANDS`) and `USUAL`;
    nothing where too few calls are known."""

    @property
    def body(self) -> dict[str, object]:
        """Return what was learned in plain values, to be stored with the plan."""
        told = {"handle": self.handle, "reached": self.reached}
        return {name: one for name, one in told.items() if one}

    @staticmethod
    def told(body: Mapping[str, Mapping[str, object]]) -> Learned:
        """Return what a stored plan learned."""
        return Learned(**body)  # type: ignore[arg-type] # as `body` gives it

    def of(self, action: Action, topic: str = USUAL) -> float:
        """Return how long an agent is busy with one whom the action reaches."""
        if not action.agent_minutes:
            return 0.0
        known = self.handle.get(action.queue, {})
        return known.get(topic, known.get(USUAL, action.agent_minutes))

    def usual(self, action: Action, attempt_min: float) -> float:
        """Return the minutes that are expected of an action, whatever it is about and whenever."""
        chance = self.reached.get(USUAL)
        handle = self.of(action)
        if chance is None or not handle or not dials(action):
            return handle
        return chance * handle + (1 - chance) * attempt_min


def dials(action: Action) -> bool:
    """Return whether the action is a call that somebody must answer."""
    return action.channel == ChannelName.CALLBACK


def expected(handle: Numbers, chance: Numbers, attempt_min: float) -> Numbers:
    """Return an agent's minutes for a call: the conversation if it is answered, else the attempt."""
    return chance * handle + (1 - chance) * attempt_min


def handle(board: Board, learned: Learned) -> Numbers:
    """Return (n, a) how long an agent is busy with each action, by what the candidate is about.

    That is its `topic`, of a contact, or its `journey`, of a visit.
    """
    if not learned.handle:
        minutes = board.by_action([one.agent_minutes for one in board.actions], np.float64)
        return np.broadcast_to(minutes, (board.n, len(board.actions)))
    code, topics = pd.factorize(_topics(board))
    rows = [[learned.of(one, topic) for one in board.actions] for topic in topics.tolist()]
    table = np.asarray(rows, np.float64).reshape(len(topics), len(board.actions))
    return table[code]


def _topics(board: Board) -> pd.Series[str]:
    told = pd.Series(USUAL, board.candidates.index, dtype=object)
    for name in TOPICS:
        if name in board.candidates:
            own = board.candidates[name].astype(object)
            told = told.where(own.isna(), own.astype(str))
    return told

"""An action: the one thing that may be offered, what it costs and what it needs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

NONE = "none"
"""The action of leaving somebody alone; it is decided, stored and measured like any other."""


class ContactClass(StrEnum):
    """Why somebody is contacted; the rules that bind depend on it."""

    REQUESTED = "requested"
    SERVICE = "service"
    MARKETING = "marketing"


class ChannelName(StrEnum):
    """The ways out of the building."""

    CHAT_OFFER = "chat_offer"
    CALLBACK = "callback"
    SMS = "sms"
    DRY_RUN = "dry_run"


ON_PAGE = frozenset({ChannelName.CHAT_OFFER})
"""Channels that reach somebody who is awake and on our page: quiet hours do not bind them."""


@dataclass(frozen=True, slots=True)
class Action:
    """What may be offered, with what it costs the company and the customer."""

    name: str
    channel: str
    cost_minor: int = 0
    agent_minutes: float = 0.0
    queue: str = ""
    """Whose minutes; empty when no agent is needed."""
    annoyance_minor: int = 0
    needs: str = ""
    """The consent purpose; empty when none is needed."""
    life: timedelta = timedelta(minutes=30)
    prior_lift: float = 0.0
    """Believed effect on the chance of the goal, until there is evidence."""
    slot: bool = False
    """Booked into a free slot instead of happening now."""
    fallback: str = ""
    """The action offered instead when no agent is free."""

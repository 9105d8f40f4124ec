"""What a customer writes back, and what it may mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Meaning(StrEnum):
    """What a customer's message asks of us."""

    STOP = "stop"
    """Contact them no more."""
    START = "start"
    """Contact them again."""
    HELP = "help"
    """Say who we are and how to stop."""
    DIGIT = "digit"
    """The answer to a question of ours that offered digits."""
    UNSURE = "unsure"
    """It may mean stop: contact them no more until a person has read it."""
    OTHER = "other"
    """Nothing of the kind; a person reads it."""


@dataclass(frozen=True, slots=True)
class Understood:
    """What a message was taken to mean, and by which rule."""

    meaning: Meaning
    digit: int | None = None
    """The digit, where the meaning is one."""
    rule: str = ""
    """The rule that said so: ours, never the customer's words."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One message from a customer, as the provider handed it over."""

    provider_id: str
    channel: str
    sender: str
    """The customer's number, E.164."""
    recipient: str
    """Our own number."""
    body: str
    received_at: datetime
    opt_out: str = ""
    """STOP, START or HELP where the provider took it for that and has answered by itself."""
    raw: Mapping[str, Any] = field(default_factory=dict)
    """Everything the provider said about it."""

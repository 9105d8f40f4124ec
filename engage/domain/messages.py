"""A message on its way out, and the states it may pass through."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class MessageState(StrEnum):
    """Where a message is between the decision and the customer."""

    DUE = "due"
    CLAIMED = "claimed"
    SENDING = "sending"
    UNKNOWN = "unknown"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"
    SUPPRESSED = "suppressed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    DEAD = "dead"


_S = MessageState
TRANSITIONS: dict[MessageState, frozenset[MessageState]] = {
    # Straight to sent: it was given up as never sent, and the provider tells otherwise.
    _S.DUE: frozenset({_S.CLAIMED, _S.EXPIRED, _S.CANCELLED, _S.SUPPRESSED, _S.SENT, _S.DELIVERED}),
    _S.CLAIMED: frozenset(
        {
            _S.SENDING,
            _S.DUE,
            _S.SUPPRESSED,
            _S.EXPIRED,
            _S.CANCELLED,
            _S.DEAD,
            _S.SENT,
            _S.DELIVERED,
        }
    ),
    _S.SENDING: frozenset(
        {_S.SENT, _S.DELIVERED, _S.UNKNOWN, _S.FAILED, _S.DUE, _S.EXPIRED, _S.DEAD}
    ),
    _S.UNKNOWN: frozenset({_S.SENT, _S.DELIVERED, _S.FAILED, _S.DUE, _S.DEAD}),
    _S.SENT: frozenset({_S.DELIVERED, _S.FAILED}),
    _S.DELIVERED: frozenset(),
    _S.FAILED: frozenset(),
    _S.SUPPRESSED: frozenset(),
    _S.EXPIRED: frozenset(),
    _S.CANCELLED: frozenset(),
    _S.DEAD: frozenset(),
}

ANSWERS = frozenset({"stop_confirmed", "start_confirmed", "help_given"})
"""Actions that nobody decides: they answer what a customer wrote, at once and once."""

OPEN_STATES = frozenset({_S.DUE, _S.CLAIMED, _S.SENDING, _S.UNKNOWN})
"""States in which a message may still reach the customer."""

REACHED_STATES = frozenset({_S.SENT, _S.DELIVERED})


def may_pass(before: MessageState, after: MessageState) -> bool:
    """Return whether a message may go from one state to the other."""
    return after in TRANSITIONS[before]


@dataclass(frozen=True, slots=True)
class Message:
    """What a channel is asked to deliver."""

    message_id: str
    decision_id: str
    person_id: str
    channel: str
    action: str
    destination: str
    body: str
    reference: str
    """Short code that stands in the body, by which an uncertain delivery is found again."""
    expires_at: datetime
    details: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a channel knows once a message has left."""

    provider_id: str
    state: MessageState = MessageState.SENT
    note: str = ""

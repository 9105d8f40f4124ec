"""What Twilio says of a message on its way, in the order in which it can only get on.

Reports come twice, late and in any order; a signature has no date, so an old one can be sent again.
Therefore a report counts only where it is further on than all before it, and the end is the end.
"""

from __future__ import annotations

from collections.abc import Iterable

from engage.domain.messages import MessageState

RANK: dict[str, int] = {
    "scheduled": 0,
    "accepted": 0,
    "queued": 1,
    "sending": 2,
    "sent": 3,
    "delivered": 10,
    "undelivered": 10,
    "failed": 10,
    "canceled": 10,
    "read": 11,
}
"""How far on each status is (https://www.twilio.com/docs/messaging/guides/outbound-message-status)."""

_ARRIVED = frozenset({"delivered", "read"})
_LOST = frozenset({"undelivered", "failed", "canceled"})


def furthest(statuses: Iterable[str]) -> str:
    """Return the status that counts of those reported so far, in the order they came in.

    The furthest one; of two ends the first. What Twilio may say one day and we do not know is left
    out. Empty when nothing is known.
    """
    counts = ""
    for status in statuses:
        # A message that was lost was not read afterwards.
        if RANK.get(status, -1) > RANK.get(counts, -1) and counts not in _LOST:
            counts = status
    return counts


def state_of(status: str) -> MessageState | None:
    """Return where a message of this status is in our own terms; None for an unknown status."""
    if status in _ARRIVED:
        return MessageState.DELIVERED
    if status in _LOST:
        return MessageState.FAILED
    return MessageState.SENT if status in RANK else None

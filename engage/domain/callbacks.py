"""A call-back: a promise to phone somebody in a slot that an agent is free to keep."""

from __future__ import annotations

from enum import StrEnum


class CallbackState(StrEnum):
    """Where a call-back is between the offer and the conversation."""

    OFFERED = "offered"
    BOOKED = "booked"
    DIALLED = "dialled"
    REACHED = "reached"
    NOT_REACHED = "not_reached"
    CANCELLED = "cancelled"
    LAPSED = "lapsed"


OPEN_CALLBACKS = frozenset({CallbackState.OFFERED, CallbackState.BOOKED, CallbackState.DIALLED})

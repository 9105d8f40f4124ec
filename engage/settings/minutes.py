"""What an agent's minutes go into: how long contacts take, and who answers when we call."""

from __future__ import annotations

from engage.settings.base import Section, key


class Minutes(Section):
    """How long contacts take and who answers when called, as learned from what was recorded."""

    learned_d: int = key(
        "contacts and calls of so many days are learned from", 56, unit="days", ge=1, le=366
    )
    fewest: int = key(
        "of fewer contacts of a queue, or fewer calls, nothing is learned: the action's `agent_min` "
        "counts, and every hour is alike",
        30,
        unit="contacts",
        ge=2,
    )
    not_reached: tuple[str, ...] = key(
        "how calls of ours are closed in which nobody was reached; in all others somebody was, if "
        "the record says that they talked, or how it was closed",
        (
            "no answer",
            "no_answer",
            "no-answer",
            "not reached",
            "not_reached",
            "busy",
            "failed",
            "canceled",
            "voicemail",
            "answering machine",
        ),
        unit="dispositions",
    )

"""What a look at a model in use may find."""

from __future__ import annotations

from enum import StrEnum


class Alarm(StrEnum):
    """Something that makes a model's scores worth less than they were."""

    UNCALIBRATED = "uncalibrated"
    """Scores no longer mean what they say."""
    DRIFTED = "drifted"
    """The people it scores are others than those it was trained on."""
    STALE = "stale"
    """A feature is no longer fed."""


STEADY = "steady"
UNKNOWN = "unknown"
"""Too few people to tell."""

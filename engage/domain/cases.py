"""A case: somebody worth following up, on one ranked list for web and contact centre alike."""

from __future__ import annotations

from enum import StrEnum


class CaseState(StrEnum):
    """Where a case is; agents close it with how it ended."""

    OPEN = "open"
    WORKING = "working"
    CLOSED = "closed"

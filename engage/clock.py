"""The one place time comes from, so that a simulated day runs the same code as a real one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Anything that says what time it is, in UTC with microseconds."""

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""
        return datetime.now(UTC)


class MovingClock:
    """A clock that somebody sets: for the demonstration, for tests, and for `--at`."""

    def __init__(self, start: datetime) -> None:
        self._now = as_utc(start)

    def now(self) -> datetime:
        """Return the moment the clock was last set to."""
        return self._now

    def set(self, moment: datetime) -> None:
        """Move to a moment."""
        self._now = as_utc(moment)

    def advance(self, by: timedelta) -> None:
        """Move forward."""
        self._now += by


def as_utc(moment: datetime) -> datetime:
    """Return the same moment in UTC; a moment without a zone is taken as UTC."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)

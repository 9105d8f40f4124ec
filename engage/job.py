"""A job: one thing Engage does by the clock, at what times, and what happens when a time was missed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from engage.app.app import App
from engage.domain.runs import JobReport


class CatchUp(StrEnum):
    """What to do about times that passed while nothing was running."""

    ONCE = "once"
    """Run once for all of them."""
    SKIP = "skip"
    """Let them go: the work would come too late."""


@dataclass(frozen=True, slots=True)
class Every:
    """Due again and again, this long apart, counted from midnight UTC on 1 January 1970."""

    period: timedelta

    def last_due(self, now: datetime, zone: ZoneInfo) -> datetime:  # noqa: ARG002 - the same question as to a daily job
        """Return the latest due time that is not after `now`."""
        epoch = datetime(1970, 1, 1, tzinfo=UTC)
        return now - (now - epoch) % self.period

    def words(self) -> str:
        """Return the schedule as people say it."""
        seconds = self.period.total_seconds()
        return f"every {seconds / 60:g} min" if seconds >= 60 else f"every {seconds:g} s"


@dataclass(frozen=True, slots=True)
class Daily:
    """Due once per civil day at this wall-clock time, whatever daylight saving does.

    A time that the clocks skip is taken as much later as they skip; a time that comes twice is
    taken the first time only.
    """

    at: time

    def last_due(self, now: datetime, zone: ZoneInfo) -> datetime:
        """Return the latest due time that is not after `now`."""
        today = now.astimezone(zone).date()
        due = self._on(today, zone)
        return due if due <= now else self._on(today - timedelta(days=1), zone)

    def _on(self, day: date, zone: ZoneInfo) -> datetime:
        return datetime.combine(day, self.at, tzinfo=zone).astimezone(UTC)

    def words(self) -> str:
        """Return the schedule as people say it."""
        return f"daily at {self.at:%H:%M}"


@dataclass(frozen=True, slots=True)
class Job:
    """One file in `jobs/`: a sentence, a schedule and a function of the application."""

    name: str
    sentence: str
    run: Callable[[App], JobReport]
    schedule: Every | Daily
    deadline: timedelta
    catch_up: CatchUp = CatchUp.ONCE
    after: tuple[str, ...] = ()
    """Jobs that go first when several are due at the same moment."""

    def due(self, now: datetime, zone: ZoneInfo) -> datetime | None:
        """Return the due time to run for at `now`, or None when it is too late for it."""
        due = self.schedule.last_due(now, zone)
        too_late = now - due > self.deadline
        return None if self.catch_up is CatchUp.SKIP and too_late else due

    def rescheduled(self, every_s: float | None, at: str | None) -> Job:
        """Return the job on the schedule that the settings give it, if they give one."""
        if every_s is not None:
            return replace(self, schedule=Every(timedelta(seconds=every_s)))
        if at is not None:
            return replace(self, schedule=Daily(time.fromisoformat(at)))
        return self

"""When a job is due: by the clock on the wall, once per civil day, whatever daylight saving does."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from engage.domain.runs import JobReport
from engage.job import CatchUp, Daily, Every, Job

ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "America/St_Johns",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "Pacific/Auckland",
)


@pytest.mark.parametrize("zone", ZONES)
def test_a_daily_job_is_due_once_per_civil_day_over_ten_years(zone: str) -> None:
    place = ZoneInfo(zone)
    schedule = Daily(time(1, 30))
    dues: list[datetime] = []
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    end = datetime(2036, 1, 1, tzinfo=UTC)
    while moment < end:
        due = schedule.last_due(moment, place)
        if not dues or due != dues[-1]:
            dues.append(due)
        moment += timedelta(minutes=30)
    days = [due.astimezone(place).date() for due in dues]
    assert days == [days[0] + timedelta(days=n) for n in range(len(days))]
    assert dues == sorted(set(dues))


def test_a_time_that_comes_twice_is_taken_the_first_time() -> None:
    # New York leaves daylight saving on 2026-11-01: 01:30 comes at 05:30 and again at 06:30 UTC.
    schedule = Daily(time(1, 30))
    place = ZoneInfo("America/New_York")
    assert schedule.last_due(datetime(2026, 11, 1, 7, tzinfo=UTC), place) == datetime(
        2026, 11, 1, 5, 30, tzinfo=UTC
    )


def test_a_time_that_the_clocks_skip_is_moved_on() -> None:
    # Berlin skips 02:00-03:00 on 2026-03-29; 02:30 becomes 03:30 summer time, 01:30 UTC.
    schedule = Daily(time(2, 30))
    place = ZoneInfo("Europe/Berlin")
    assert schedule.last_due(datetime(2026, 3, 29, 12, tzinfo=UTC), place) == datetime(
        2026, 3, 29, 1, 30, tzinfo=UTC
    )


def test_a_periodic_job_is_due_on_round_times() -> None:
    schedule = Every(timedelta(minutes=30))
    now = datetime(2026, 5, 4, 10, 44, 59, tzinfo=UTC)
    assert schedule.last_due(now, ZoneInfo("UTC")) == datetime(2026, 5, 4, 10, 30, tzinfo=UTC)


def test_after_an_outage_one_due_time_is_made_up_for_and_stale_ones_are_let_go() -> None:
    def job(catch_up: CatchUp) -> Job:
        daily = Daily(time(2))
        return Job("x", "x", lambda _: JobReport(), daily, timedelta(hours=3), catch_up)

    six_hours_late = datetime(2026, 5, 4, 8, tzinfo=UTC)
    utc = ZoneInfo("UTC")
    assert job(CatchUp.ONCE).due(six_hours_late, utc) == datetime(2026, 5, 4, 2, tzinfo=UTC)
    assert job(CatchUp.SKIP).due(six_hours_late, utc) is None


def test_settings_can_move_a_job() -> None:
    job = Job("x", "x", lambda _: JobReport(), Daily(time(2)), timedelta(hours=3))
    moved = job.rescheduled(None, "03:15").schedule
    assert moved == Daily(time(3, 15))
    assert moved.last_due(datetime(2026, 1, 2, tzinfo=UTC), ZoneInfo("UTC")).date() == date(
        2026, 1, 1
    )
    assert job.rescheduled(5.0, None).schedule == Every(timedelta(seconds=5))

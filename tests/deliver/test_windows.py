"""Nobody in the United States is contacted outside the hours, by an oracle that knows the table only."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pytest

from benchmarks.window_oracle import CLASSES, STATES, changes, inside
from benchmarks.windows import FIRST, LAST, ZONES, Country, Found, every_change, shipped, simulate
from engage.decide import hours, quiet_hours
from engage.decide.rules import Rules

NEW_YORK = "America/New_York"


def new_york(*parts: int) -> datetime:
    """Return a moment by the clock of New York."""
    return datetime(*parts, tzinfo=ZoneInfo(NEW_YORK))  # type: ignore[misc, arg-type]  # of a date


@pytest.mark.timeout(300)
def test_no_send_of_two_years_is_outside_and_no_open_time_is_left_unused(tmp_path: Path) -> None:
    found = simulate(5_000, tmp_path)
    assert found.sends >= 5_000
    assert found.outside == []
    assert min(found.asked.values()) > 1_000
    # Whoever never sends is never outside: of the open moments drawn, all are used.
    assert (found.open > 100, found.unused) == (True, 0)


def test_every_day_on_which_a_clock_is_changed_is_among_the_moments() -> None:
    looked = {moment.date() for moment in every_change()}
    for zone in ZONES:
        days = {day.date() for day in changes(zone, FIRST, LAST)}
        assert len(days) == (0 if zone in {"America/Phoenix", "Pacific/Honolulu"} else 4)
        assert days <= looked


def test_every_state_is_looked_at_in_each_of_its_zones() -> None:
    states = {state for listed in ZONES.values() for state in listed.split()}
    assert len(states) == 51  # and the District of Columbia
    assert set(STATES) < states


@pytest.mark.parametrize(
    ("parts", "contact_class", "state", "open_"),
    [
        ((2026, 3, 4, 9, 0), "service", "NY", True),
        ((2026, 3, 4, 8, 59), "service", "NY", False),
        ((2026, 3, 4, 19, 49, 59), "service", "NY", True),
        ((2026, 3, 4, 19, 50), "service", "NY", False),
        ((2026, 3, 4, 9, 30), "service", "KY", False),
        ((2026, 3, 4, 16, 50), "service", "ME", False),
        ((2026, 3, 8, 13, 0), "service", "NY", True),
        ((2026, 3, 8, 13, 0), "service", "PA", False),
        ((2026, 3, 7, 13, 0), "marketing", "NY", False),
        ((2026, 3, 4, 16, 49), "marketing", "NY", True),
        ((2026, 7, 3, 13, 0), "service", "NY", False),
        ((2026, 11, 26, 13, 0), "service", "NY", False),
    ],
)
def test_the_oracle_reads_the_table(
    parts: tuple[int, ...], contact_class: str, state: str, open_: bool
) -> None:
    assert set(CLASSES) == {"service", "marketing"}
    assert inside(new_york(*parts).astimezone(UTC), state, [NEW_YORK], contact_class) is open_


def outside(rules: Rules, folder: Path, *moments: datetime) -> int:
    """Return how many sends about these moments are outside by the oracle."""
    country, found = Country.of(rules, folder), Found()
    draw = Random(1)  # noqa: S311 - people, nothing secret
    for moment in moments:
        country.look(moment.astimezone(UTC), draw, found, fair=False)
    country.store.close()
    assert found.sends > 0
    return len(found.outside)


LATE, HOLIDAY, NOON = (
    new_york(2026, 3, 4, 19, 55),
    new_york(2026, 11, 26, 14, 0),
    new_york(2026, 3, 4, 12, 0),
)


def test_a_guard_that_is_dropped_shows(tmp_path: Path) -> None:
    assert outside(shipped(), tmp_path / "a", LATE) == 0
    assert outside(replace(shipped(), end_guard=timedelta(0)), tmp_path / "b", LATE) > 0


def test_a_holiday_that_is_forgotten_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert outside(shipped(), tmp_path / "a", HOLIDAY) == 0
    monkeypatch.setattr(quiet_hours, "closed_days", lambda *_: frozenset())
    assert outside(shipped(), tmp_path / "b", HOLIDAY) > 0


def test_a_clock_that_is_an_hour_off_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    early = NOON.replace(hour=8, minute=30)
    assert outside(shipped(), tmp_path / "a", early) == 0
    right = hours._offset
    monkeypatch.setattr(hours, "_offset", lambda zone, at: right(zone, at) + 60 * hours.MINUTE)
    assert outside(shipped(), tmp_path / "b", early) > 0


def test_a_state_whose_row_is_lost_shows(tmp_path: Path) -> None:
    rules = shipped()
    early = [NOON.replace(hour=9, minute=5 * part) for part in range(12)]
    narrowed = {place: row for place, row in rules.regions.items() if place != "US-KY"}
    assert outside(rules, tmp_path / "a", *early) == 0
    assert outside(replace(rules, regions=narrowed), tmp_path / "b", *early) > 0


def test_a_second_zone_that_is_passed_over_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = quiet_hours.Calendar.open

    def first_zone(
        self: quiet_hours.Calendar, places: object, zones: object, kind: object
    ) -> object:
        return whole(self, places, zones[:1], kind)  # type: ignore[arg-type, index]

    dawn = [NOON.replace(hour=9, minute=5 * part) for part in range(12)]
    assert outside(shipped(), tmp_path / "a", *dawn) == 0
    monkeypatch.setattr(quiet_hours.Calendar, "open", first_zone)
    assert outside(shipped(), tmp_path / "b", *dawn) > 0

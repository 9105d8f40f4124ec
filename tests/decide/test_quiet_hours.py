"""Quiet hours against a slow oracle that asks the local clock about one moment at a time."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from engage.decide.hours import DAYS, Window, microseconds
from engage.decide.quiet_hours import Calendar
from engage.decide.rules import Hours, Rules
from engage.domain.actions import ContactClass
from tests.decide.world import DAY, HOUR, MINUTE, NOON, World, only, trigger, us

WEEKDAYS, SATURDAY, SUNDAY = DAYS[:5], DAYS[5:6], DAYS[6:]


def hours(*parts: tuple[Iterable[str], str, str]) -> Hours:
    return tuple(Window.of(tuple(days), opens, closes) for days, opens, closes in parts)


# contact-policy: the United States with its state table, France, Australia, the own caution.
US_SERVICE = hours((DAYS[:6], "09:00", "20:00"), (SUNDAY, "12:00", "18:00"))
US_MARKETING = hours((WEEKDAYS, "10:00", "17:00"))
STATES = {
    "US-AL": hours((DAYS[:6], "08:00", "20:00")),
    "US-CA": hours((DAYS, "09:00", "21:00")),
    "US-FL": hours((DAYS, "08:00", "20:00")),
    "US-KY": hours((DAYS, "10:00", "21:00")),
    "US-ME": hours((WEEKDAYS, "09:00", "17:00")),
    "US-NY": hours((DAYS, "08:00", "21:00")),
    "US-PA": hours((DAYS[:6], "08:00", "21:00")),
    "US-RI": hours((WEEKDAYS, "09:00", "18:00"), (DAYS[5:], "10:00", "17:00")),
    "US-TX": hours((DAYS[:6], "09:00", "21:00"), (SUNDAY, "12:00", "21:00")),
    "US-*": hours((DAYS, "08:00", "21:00")),
}
FRANCE = hours((WEEKDAYS, "10:00", "13:00"), (WEEKDAYS, "14:00", "20:00"))
OWN = hours((DAYS[:6], "09:00", "19:00"))
SERVICE, MARKETING = ContactClass.SERVICE, ContactClass.MARKETING
RULES = Rules(
    "policy-2",
    {
        "US": {SERVICE: US_SERVICE, MARKETING: US_MARKETING},
        "FR": {SERVICE: FRANCE, MARKETING: FRANCE},
        "DE": {SERVICE: OWN, MARKETING: OWN},
        "GB": {SERVICE: OWN, MARKETING: OWN},
    },
    regions=STATES,
)
HOLIDAYS = {  # of the years sampled, from opm.gov and service-public.fr
    "US": {
        date(2026, 1, 1), date(2026, 1, 19), date(2026, 2, 16), date(2026, 5, 25),
        date(2026, 6, 19), date(2026, 7, 3), date(2026, 7, 4), date(2026, 9, 7),
        date(2026, 10, 12), date(2026, 11, 11), date(2026, 11, 26), date(2026, 12, 25),
        date(2027, 1, 1), date(2027, 1, 18), date(2027, 2, 15), date(2027, 5, 31),
        date(2027, 6, 18), date(2027, 6, 19), date(2027, 7, 4), date(2027, 7, 5),
        date(2027, 9, 6), date(2027, 10, 11), date(2027, 11, 11), date(2027, 11, 25),
        date(2027, 12, 24), date(2027, 12, 25), date(2027, 12, 31), date(2028, 1, 1),
    },
    "FR": {
        date(2026, 1, 1), date(2026, 4, 6), date(2026, 5, 1), date(2026, 5, 8), date(2026, 5, 14),
        date(2026, 5, 25), date(2026, 7, 14), date(2026, 8, 15), date(2026, 11, 1),
        date(2026, 11, 11), date(2026, 12, 25), date(2027, 1, 1), date(2027, 3, 29),
        date(2027, 5, 1), date(2027, 5, 8), date(2027, 5, 6), date(2027, 5, 17),
        date(2027, 7, 14), date(2027, 8, 15), date(2027, 11, 1), date(2027, 11, 11),
        date(2027, 12, 25), date(2028, 1, 1),
    },
}  # fmt: skip
# Both neighbours of a Saturday holiday are kept free: the stricter reading of where it moves to.
HOLIDAYS["US"] |= {date(2026, 7, 6), date(2027, 6, 21), date(2027, 12, 27)}

ZONES = {
    "US": (
        "America/New_York", "America/Chicago", "America/Denver", "America/Phoenix",
        "America/Los_Angeles", "America/Anchorage", "America/Adak", "Pacific/Honolulu",
        "America/Indiana/Indianapolis", "America/Detroit", "America/Puerto_Rico",
    ),
    "FR": ("Europe/Paris", "Indian/Reunion"),
    "DE": ("Europe/Berlin",),
    "GB": ("Europe/London",),
}  # fmt: skip
CHANGES = (  # UTC moments at which one of these zones changes its clocks
    datetime(2026, 3, 8, 10, tzinfo=UTC),
    datetime(2026, 11, 1, 9, tzinfo=UTC),
    datetime(2026, 3, 29, 1, tzinfo=UTC),
    datetime(2026, 10, 25, 1, tzinfo=UTC),
    datetime(2027, 3, 14, 10, tzinfo=UTC),
    datetime(2027, 11, 7, 9, tzinfo=UTC),
)


def oracle_open(places: tuple[str, ...], zones: tuple[str, ...], kind: str, at: datetime) -> bool:
    """Ask every place and zone about one moment, the end guard aside."""
    return all(oracle_at(place, zone, kind, at) for place in places for zone in zones)


def oracle_at(place: str, zone: str, kind: str, at: datetime) -> bool:
    country, _, region = place.partition("-")
    local = at.astimezone(ZoneInfo(zone))
    if local.date() in HOLIDAYS.get(country, set()) or country not in RULES.windows:
        return False
    table = list(STATES.values()) if country == "US" and not region else []
    if country == "US" and region:
        table = [STATES.get(place, STATES["US-*"])]
    for windows in [RULES.windows[country][kind], *table]:
        minute = local.hour * 60 + local.minute
        if not any(local.weekday() in w.days and w.opens <= minute < w.closes for w in windows):
            return False
    return True


def oracle_allowed(
    places: tuple[str, ...], zones: tuple[str, ...], kind: str, at: datetime
) -> bool:
    """Allowed now, and for the ten minutes that follow: the guard before a window's end."""
    return all(oracle_open(places, zones, kind, at + i * MINUTE) for i in range(11))


def somebody(draw: random.Random) -> tuple[tuple[str, ...], tuple[str, ...], ContactClass]:
    country = draw.choice(["US", "US", "US", "FR", "DE", "GB"])
    place = country
    if country == "US" and draw.random() < 0.8:
        place = draw.choice([*(name for name in STATES if name != "US-*"), "US-OH"])
    places = (place, "GB") if draw.random() < 0.1 else (place,)
    zones = tuple(draw.sample(ZONES[country], k=min(len(ZONES[country]), draw.choice([1, 1, 2]))))
    return places, zones, draw.choice([SERVICE, MARKETING])


def sometime(draw: random.Random) -> datetime:
    if draw.random() < 0.4:
        return draw.choice(CHANGES) + timedelta(seconds=draw.randint(-36 * 3600, 36 * 3600))
    return datetime(2026, 1, 2, tzinfo=UTC) + timedelta(seconds=draw.randint(0, 725 * 86400))


def calendar(at: datetime, rules: Rules = RULES) -> Calendar:
    return Calendar(rules, microseconds(at))


def test_it_agrees_with_the_local_clock_over_two_years_of_zones_and_clock_changes() -> None:
    draw = random.Random(20261101)  # noqa: S311 (a sample, not a secret)
    allowed = 0
    for _ in range(2_000):
        (places, zones, kind), at = somebody(draw), sometime(draw)
        found = calendar(at).open(places, zones, kind)
        assert found is not None
        now = any(first <= microseconds(at) < last for first, last in found)
        assert now == oracle_allowed(places, zones, kind, at), (places, zones, kind, at)
        allowed += now
    assert 300 < allowed < 1_700  # the sample has enough of both


def test_the_next_opening_is_the_first_moment_that_the_local_clock_allows() -> None:
    draw = random.Random(20260308)  # noqa: S311 (a sample, not a secret)
    for _ in range(40):
        (places, zones, kind), at = somebody(draw), sometime(draw).replace(second=0)
        found = calendar(at).open(places, zones, kind)
        assert found is not None
        first = next((max(a, microseconds(at)) for a, b in found if b > microseconds(at)), None)
        later = (at + i * MINUTE for i in range(4 * 24 * 60))
        expected = next((m for m in later if oracle_allowed(places, zones, kind, m)), None)
        if expected is not None:
            assert first == microseconds(expected), (places, zones, kind, at)
        elif first is not None:
            assert first >= microseconds(at + 4 * DAY)


SMS = World(triggers=(trigger(actions=("sms",), validity=36 * HOUR),))


def test_a_message_at_night_waits_for_the_morning_and_lives_from_there() -> None:
    night = NOON + 10 * HOUR  # 23:00 in Berlin
    message = only(SMS.but(now=night).decide().messages)
    assert message["due_at"] == datetime(2026, 11, 4, 8, 0)  # noqa: DTZ001 (frames are naive UTC)
    assert message["expires_at"] == datetime(2026, 11, 4, 8, 30)  # noqa: DTZ001


def test_a_message_in_the_open_hours_goes_out_at_once() -> None:
    message = only(SMS.decide().messages)
    assert message["due_at"] == NOON.replace(tzinfo=None)
    assert message["expires_at"] == (NOON + 30 * MINUTE).replace(tzinfo=None)


def test_no_message_in_the_last_ten_minutes_of_a_window() -> None:
    closing = datetime(2026, 11, 3, 18, 0, tzinfo=UTC)  # 19:00 in Berlin
    before = only(SMS.but(now=closing - timedelta(minutes=10, seconds=1)).decide().messages)
    assert before["due_at"] == (closing - timedelta(minutes=10, seconds=1)).replace(tzinfo=None)
    # Its life ends where the guarded minutes begin.
    assert before["expires_at"] == (closing - 10 * MINUTE).replace(tzinfo=None)
    guarded = only(SMS.but(now=closing - 10 * MINUTE).decide().messages)
    assert guarded["due_at"] == datetime(2026, 11, 4, 8, 0)  # noqa: DTZ001


def test_saturday_evening_waits_for_monday_if_the_offer_lasts_so_long() -> None:
    evening = datetime(2026, 11, 7, 20, 0, tzinfo=UTC)
    patient = SMS.with_trigger(actions=("sms",), validity=36 * HOUR).but(now=evening)
    assert only(patient.decide().messages)["due_at"] == datetime(2026, 11, 9, 8, 0)  # noqa: DTZ001
    # 36 hours end on Monday 08:00 UTC exactly; a minute less is too short.
    hasty = SMS.with_trigger(actions=("sms",), validity=36 * HOUR - MINUTE).but(now=evening)
    assert hasty.refused() == ["quiet_hours"]


def test_the_morning_after_the_clocks_changed_opens_an_hour_earlier_in_utc() -> None:
    # New York, 8 March 2026 (Sunday): service opens at 12:00 local, which is 16:00 UTC now.
    world = SMS.with_person(places=("US-NY",), zones=("America/New_York",)).with_trigger(
        actions=("sms",), contact_class=SERVICE, validity=36 * HOUR
    )
    for night, opening in (
        (datetime(2026, 3, 1, 4, tzinfo=UTC), datetime(2026, 3, 1, 17)),  # noqa: DTZ001
        (datetime(2026, 3, 8, 4, tzinfo=UTC), datetime(2026, 3, 8, 16)),  # noqa: DTZ001
    ):
        message = only(world.with_consent_at(night).but(now=night, rules=RULES).decide().messages)
        assert message["due_at"] == opening


def test_zones_that_never_share_an_hour_allow_none() -> None:
    apart = SMS.with_person(zones=("Europe/Berlin", "Pacific/Honolulu"))
    assert apart.refused() == ["quiet_hours"]


def test_a_toll_free_number_s_forty_zones_allow_none() -> None:
    world = SMS.with_person(places=("US-NY",), zones=(*ZONES["US"], "Pacific/Guam"))
    assert world.but(rules=RULES).refused() == ["quiet_hours"]


def test_a_state_narrows_its_country() -> None:
    # Kentucky: 10-21; the country's service 9-20. 09:30 in Louisville is 14:30 UTC in November.
    early = datetime(2026, 11, 3, 14, 30, tzinfo=UTC)
    for place, first in (("US-KY", 15 * 60), ("US-NY", 14 * 60 + 30), ("US-ZZ", 14 * 60 + 30)):
        found = calendar(early).open((place,), ("America/New_York",), SERVICE)
        assert found
        opening = next(max(a, microseconds(early)) for a, b in found if b > microseconds(early))
        midnight = microseconds(datetime(2026, 11, 3, tzinfo=UTC))
        assert (opening - midnight) / 60e6 == first


def test_a_state_that_is_not_known_gets_the_hours_of_all_states() -> None:
    # On a Saturday Maine allows nothing, so an unknown state allows nothing.
    saturday = datetime(2026, 11, 7, 17, tzinfo=UTC)
    for place, allowed in (("US", False), ("US-NY", True)):
        found = calendar(saturday).open((place,), ("America/New_York",), SERVICE)
        assert found is not None
        assert allowed == any(a <= microseconds(saturday) < b for a, b in found)


def test_thanksgiving_is_quiet() -> None:
    found = calendar(datetime(2026, 11, 26, 17, tzinfo=UTC)).open(
        ("US-NY",), ("America/New_York",), SERVICE
    )
    assert found
    # The day before closes at 19:50, the guard taken off; Friday opens at 9:00 (14:00 UTC).
    edges = [edge for span in found for edge in span]
    assert microseconds(datetime(2026, 11, 26, 0, 50, tzinfo=UTC)) in edges
    assert microseconds(datetime(2026, 11, 27, 14, 0, tzinfo=UTC)) in edges
    assert not any(
        a < microseconds(datetime(2026, 11, 27, 5, tzinfo=UTC))
        and b > microseconds(datetime(2026, 11, 26, 5, tzinfo=UTC))
        for a, b in found
    )


def test_what_was_asked_for_takes_the_hours_of_service_unless_it_has_its_own() -> None:
    asked: dict[str, Any] = {"actions": ("sms",), "contact_class": ContactClass.REQUESTED}
    night = NOON + 10 * HOUR
    world = SMS.with_trigger(**asked, validity=36 * HOUR).but(now=night)
    assert only(world.decide().messages)["due_at"] == datetime(2026, 11, 4, 8)  # noqa: DTZ001
    own = hours((DAYS, "00:00", "24:00"))
    windows = {"DE": {**world.rules.windows["DE"], ContactClass.REQUESTED: own}}
    at_once = world.but(rules=replace(world.rules, windows=windows))
    assert only(at_once.decide().messages)["due_at"] == us(night)


def test_an_offer_on_the_page_is_not_bound_by_the_hour() -> None:
    night = NOON + 10 * HOUR
    assert World(now=night).with_person(zones=("Mars/Olympus",)).chosen() == "chat"


@pytest.mark.parametrize("end_guard", [timedelta(0), timedelta(minutes=10)])
def test_the_guard_is_taken_off_the_end_alone(end_guard: timedelta) -> None:
    rules = replace(RULES, end_guard=end_guard)
    found = calendar(NOON, rules).open(("DE",), ("Europe/Berlin",), SERVICE)
    assert found
    assert microseconds(datetime(2026, 11, 3, 8, tzinfo=UTC)) in [a for a, _ in found]
    assert microseconds(datetime(2026, 11, 3, 18, tzinfo=UTC) - end_guard) in [b for _, b in found]

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engage.decide.hours import (
    DAY,
    DAYS,
    MINUTE,
    Window,
    day_number,
    merged,
    microseconds,
    overlap,
    spans,
    zone_of,
)
from engage.errors import SettingsError

BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = Window.of(DAYS, "01:00", "05:00")


def at(text: str) -> int:
    return microseconds(datetime.fromisoformat(text).replace(tzinfo=UTC))


def told(found: list[tuple[int, int]]) -> list[tuple[str, str]]:
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return [
        tuple(f"{epoch + timedelta(microseconds=edge):%m-%d %H:%M}" for edge in span)  # type: ignore[misc]
        for span in found
    ]


def test_a_window_is_read_from_words() -> None:
    window = Window.of(("mon", "sun"), "09:30", "24:00")
    assert window == Window(frozenset({0, 6}), 570, 1440)


@pytest.mark.parametrize(
    ("days", "opens", "closes", "message"),
    [
        (("mon", "mardi"), "09:00", "10:00", "'mardi'"),
        (("mon",), "21:00", "09:00", "split it in two"),
        (("mon",), "09:00", "24:01", "past 24:00"),
        (("mon",), "9 am", "10:00", "not HH:MM"),
        (("mon",), "09:60", "10:00", "not HH:MM"),
    ],
)
def test_a_window_that_makes_no_sense_is_refused(
    days: tuple[str, ...], opens: str, closes: str, message: str
) -> None:
    with pytest.raises(SettingsError, match=message):
        Window.of(days, opens, closes)


def test_the_hour_that_spring_skips_is_not_open() -> None:
    # Berlin, 29 March 2026: at 01:00 UTC the clock goes from 02:00 to 03:00.
    found = spans([NIGHT], BERLIN, at("2026-03-29T00:00"), at("2026-03-29T12:00"))
    assert told(found) == [("03-29 00:00", "03-29 03:00")]


def test_a_window_that_ends_where_the_clock_jumps_ends_to_the_second() -> None:
    early = Window.of(DAYS, "01:00", "02:00")
    found = spans([early], BERLIN, at("2026-03-28T12:00"), at("2026-03-29T12:00"))
    assert found == [(at("2026-03-29T00:00"), at("2026-03-29T01:00"))]
    after = Window.of(DAYS, "03:00", "04:00")
    found = spans([after], BERLIN, at("2026-03-28T12:00"), at("2026-03-29T12:00"))
    assert found == [(at("2026-03-29T01:00"), at("2026-03-29T02:00"))]


def test_the_hour_that_autumn_repeats_is_open_twice() -> None:
    # Berlin, 25 October 2026: at 01:00 UTC the clock goes from 03:00 back to 02:00.
    found = spans([NIGHT], BERLIN, at("2026-10-24T20:00"), at("2026-10-25T12:00"))
    assert told(found) == [("10-24 23:00", "10-25 04:00")]


def test_a_window_inside_the_repeated_hour_opens_twice() -> None:
    half_past = Window.of(DAYS, "02:15", "02:45")
    found = spans([half_past], BERLIN, at("2026-10-24T20:00"), at("2026-10-25T12:00"))
    assert told(found) == [("10-25 00:15", "10-25 00:45"), ("10-25 01:15", "10-25 01:45")]


def test_a_window_inside_the_skipped_hour_does_not_open() -> None:
    half_past = Window.of(DAYS, "02:15", "02:45")
    assert spans([half_past], BERLIN, at("2026-03-28T12:00"), at("2026-03-29T12:00")) == []


def test_days_are_local_days() -> None:
    # Monday 09:00-10:00 in Auckland (UTC+13 in November) is Sunday 20:00-21:00 UTC.
    monday = Window.of(("mon",), "09:00", "10:00")
    found = spans(
        [monday], ZoneInfo("Pacific/Auckland"), at("2026-11-01T00:00"), at("2026-11-08T00:00")
    )
    assert told(found) == [("11-01 20:00", "11-01 21:00")]


def test_a_closed_day_is_closed() -> None:
    window = Window.of(DAYS, "09:00", "10:00")
    closed = {day_number(datetime(2026, 11, 4, tzinfo=UTC).date())}
    found = spans([window], ZoneInfo("UTC"), at("2026-11-03T00:00"), at("2026-11-06T00:00"), closed)
    assert told(found) == [("11-03 09:00", "11-03 10:00"), ("11-05 09:00", "11-05 10:00")]


def test_open_day_and_night_is_one_span() -> None:
    always = Window.of(DAYS, "00:00", "24:00")
    start, end = at("2026-03-01T00:00"), at("2026-11-01T00:00")
    assert spans([always], BERLIN, start, end) == [(start, end)]


@pytest.mark.parametrize("name", ["", "Europe/Berln", "../etc/passwd", "Europe", "Etc/Unknown"])
def test_a_zone_that_does_not_exist_is_none(name: str) -> None:
    assert zone_of(name) is None


EDGES = st.lists(st.integers(0, 60), unique=True, max_size=12).map(sorted)
SPANS = EDGES.map(lambda edges: list(zip(edges[::2], edges[1::2], strict=False)))


@given(SPANS, SPANS)
def test_overlap_is_what_lies_in_both(
    one: list[tuple[int, int]], other: list[tuple[int, int]]
) -> None:
    def inside(found: list[tuple[int, int]], place: int) -> bool:
        return any(first <= place < last for first, last in found)

    common = overlap(merged(one), merged(other))
    for place in range(61):
        assert inside(common, place) == (inside(one, place) and inside(other, place))
    assert common == sorted(common)


@given(
    st.sampled_from(
        ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "Asia/Kolkata"]
    ),
    st.datetimes(datetime(2024, 1, 1), datetime(2029, 1, 1)),  # noqa: DTZ001 (UTC below)
    st.integers(0, 1380),
    st.integers(1, 1440),
    st.sets(st.sampled_from(DAYS), min_size=1),
)
def test_a_moment_is_open_exactly_when_the_local_clock_is_in_the_window(
    zone: str, moment: datetime, opens: int, length: int, days: set[str]
) -> None:
    closes = min(1440, opens + length)
    window = Window(frozenset(DAYS.index(day) for day in days), opens, closes)
    start = microseconds(moment.replace(tzinfo=UTC))
    found = spans([window], ZoneInfo(zone), start, start + 2 * DAY)
    for step in range(0, 2 * DAY, 7 * MINUTE):
        local = (moment.replace(tzinfo=UTC) + timedelta(microseconds=step)).astimezone(
            ZoneInfo(zone)
        )
        minute = local.hour * 60 + local.minute
        expected = local.weekday() in window.days and opens <= minute < closes
        assert any(first <= start + step < last for first, last in found) == expected

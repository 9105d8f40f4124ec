from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest

from engage.collect.findings import Findings, without_value
from engage.collect.times import moments


def one(text: str, *, style: str = "", zone: str = "UTC") -> tuple[str, str]:
    """Return the moment and what was found wrong with it."""
    findings = Findings(1)
    found = moments(pa.array([text]), "ts", findings, style=style, zone=zone)
    return str(found[0]), str(findings.reasons[0])


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-01", "2026-03-01T00:00:00.000000"),
        ("2026-03-01 10:20:30", "2026-03-01T10:20:30.000000"),
        ("2026-03-01T10:20:30.123456Z", "2026-03-01T10:20:30.123456"),
        ("2026-03-01T10:20:30.123456789Z", "2026-03-01T10:20:30.123456"),
        ("2026-03-01T10:20:30+02:00", "2026-03-01T08:20:30.000000"),
        ("2026-03-01 10:20:30.000000-0530", "2026-03-01T15:50:30.000000"),
    ],
)
def test_iso_times_are_read_to_the_microsecond_in_utc(text: str, moment: str) -> None:
    assert one(text) == (moment, "")


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-01-15 12:00", "2026-01-15T11:00"),  # winter: one hour ahead of UTC
        ("2026-07-15 12:00", "2026-07-15T10:00"),  # summer: two
        ("2026-10-25 02:30", "2026-10-25T00:30"),  # shown twice: the first, still summer time
        ("2026-07-15 12:00Z", "2026-07-15T12:00"),  # says its own offset
    ],
)
def test_civil_times_follow_their_zone(text: str, utc: str) -> None:
    assert one(text, zone="Europe/Berlin") == (f"{utc}:00.000000", "")


def test_an_hour_that_the_clock_leaves_out_is_set_aside() -> None:
    # Berlin's clock went from 02:00 to 03:00 on 29 March 2026.
    found, reason = one("2026-03-29 02:30", zone="Europe/Berlin")
    assert (found, reason) == ("NaT", "ts: the clocks of Europe/Berlin leave this hour out")
    assert one("2026-03-29 03:00", zone="Europe/Berlin")[0] == "2026-03-29T01:00:00.000000"
    assert one("29.03.2026 02:30", zone="Europe/Berlin", style="%d.%m.%Y %H:%M")[1] == reason
    assert one("2026-03-29 02:30+01:00", zone="Europe/Berlin") == ("2026-03-29T01:30:00.000000", "")


def test_a_day_that_does_not_begin_at_midnight_begins_when_it_begins() -> None:
    # In São Paulo the clock went from 00:00 to 01:00 on 4 November 2018, then 2 hours behind UTC.
    assert one("2018-11-04", zone="America/Sao_Paulo") == ("2018-11-04T03:00:00.000000", "")


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])
def test_every_quarter_hour_of_a_year_agrees_with_the_standard_library(zone: str) -> None:
    quarter = timedelta(minutes=15)
    walls = [datetime(2026, 1, 1) + n * quarter for n in range(365 * 96)]  # noqa: DTZ001 - a wall clock
    findings = Findings(len(walls))
    found = moments(pa.array([str(wall) for wall in walls]), "ts", findings, zone=zone)
    for wall, moment, wrong in zip(walls, found, findings.bad, strict=True):
        aware = wall.replace(tzinfo=ZoneInfo(zone))  # fold 0: the first of two
        utc = aware.astimezone(UTC)
        exists = utc.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == wall
        assert wrong != exists
        if exists:
            assert moment == np.datetime64(utc.replace(tzinfo=None))


@pytest.mark.parametrize(
    ("text", "style", "moment"),
    [
        ("19970101", "%Y%m%d", "1997-01-01T00:00:00.000000"),
        ("01.02.2026 03:04", "%d.%m.%Y %H:%M", "2026-02-01T03:04:00.000000"),
        ("1767225600", "epoch_s", "2026-01-01T00:00:00.000000"),
        ("1767225600.25", "epoch_s", "2026-01-01T00:00:00.250000"),
        ("1767225600250", "epoch_ms", "2026-01-01T00:00:00.250000"),
        ("1767225600250001", "epoch_us", "2026-01-01T00:00:00.250001"),
    ],
)
def test_other_styles_are_read_as_the_mapping_says(text: str, style: str, moment: str) -> None:
    assert one(text, style=style) == (moment, "")


@pytest.mark.parametrize(
    "text",
    [
        "0000-00-00 00:00:00",
        "0000-01-01",
        "0001-01-01T00:00:00Z",
        "1899-12-30",
        "10000-01-01",
        "12026-01-01T00:00:00",
    ],
)
def test_a_year_that_means_never_or_a_slip_is_out_of_range(text: str) -> None:
    assert one(text) == ("NaT", f"ts: the year lies outside 1900 to 9999: '{text}'")


@pytest.mark.parametrize("text", ["yesterday", "2026-02-30", "17:00", "nan", "2026-13-01"])
def test_what_is_no_time_is_refused(text: str) -> None:
    expected = f"ts: not a time in ISO 8601, such as 2026-03-01T09:30:00Z: '{text}'"
    assert one(text) == ("NaT", expected)


def test_a_long_text_that_is_no_time_is_shown_shortened_and_in_one_line() -> None:
    reason = one("the day\nafter " + 1000 * "x")[1]
    assert reason.endswith(": 'the day after xxxxxxxxxxxxxxxxxxxxxxxxx…'")  # 40 characters
    assert without_value(f"{reason}; phone: no") == (
        "ts: not a time in ISO 8601, such as 2026-03-01T09:30:00Z; phone: no"
    )


def test_a_time_of_another_format_is_refused_with_the_format() -> None:
    german = "ts: not a time of the format %d.%m.%Y, such as 01.03.2026: '1997-01-01'"
    assert one("1997-01-01", style="%d.%m.%Y")[1] == german
    # 2026-03-01T09:30:00Z is 20,513 days and 34,200 seconds after 1 January 1970.
    epoch = "ts: not a time of the format epoch_ms, such as 1772357400000: '1e300'"
    assert one("1e300", style="epoch_ms")[1] == epoch


def test_year_zero_is_out_of_range_in_any_format() -> None:
    assert one("00000101", style="%Y%m%d")[1] == (
        "ts: the year lies outside 1900 to 9999: '00000101'"
    )


def test_no_value_is_no_fault() -> None:
    findings = Findings(2)
    found = moments(pa.array([None, "2026-01-01"]), "ts", findings)
    assert [str(one) for one in found] == ["NaT", "2026-01-01T00:00:00.000000"]
    assert list(findings.reasons) == ["", ""]

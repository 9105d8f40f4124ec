"""Half hours ahead by the clock of the queue's zone, put right by what came in today."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from engage.decide.arrivals import HALF_HOUR, Foreseen, foresee
from engage.decide.hours import day_number
from engage.decide.inbound import Days, Floats

BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str) -> int:
    """Return a moment of Berlin in microseconds."""
    moment = datetime.fromisoformat(text).replace(tzinfo=BERLIN)
    return int(moment.astimezone(UTC).timestamp()) * 1_000_000


def daily(first: str, last: str, hours: range, each: float) -> tuple[Days, Floats]:
    """Return contacts in every half hour of these hours of Berlin's days."""
    days = pd.date_range(first, last, freq="D")
    local = [day + pd.Timedelta(minutes=30 * h) for day in days for h in hours]
    told = pd.DatetimeIndex(local).tz_localize(BERLIN).tz_convert("UTC").tz_localize(None)
    moments = told.to_numpy().astype("datetime64[us]").astype(np.int64)
    return moments, np.full(len(moments), each)


def ahead(start: str, half_hours: int) -> Days:
    return at(start) + HALF_HOUR * np.arange(half_hours)


def found(
    moments: Days, counts: Floats, starts: Days, closed: frozenset[int] = frozenset()
) -> Foreseen:
    foreseen = foresee(moments, counts, BERLIN, starts, closed)
    assert foreseen is not None
    return foreseen


def test_ten_o_clock_is_ten_o_clock_in_summer_and_winter() -> None:
    # Summer time begins on 29 March 2026; ten in the morning is 09:00 UTC before and 08:00 after.
    moments, counts = daily("2026-03-01", "2026-03-28", range(20, 21), 6.0)
    said = found(moments, counts, ahead("2026-03-29 00:00", 46)).contacts
    assert said[18] == pytest.approx(6)  # ten hours by the clock, nine of them lived through
    assert said.sum() == pytest.approx(6)


def test_the_hour_that_comes_twice_is_expected_twice() -> None:
    moments, counts = daily("2026-09-20", "2026-10-24", range(4, 6), 3.0)  # two to three at night
    starts = at("2026-10-25 00:00") + HALF_HOUR * np.arange(50)
    said = found(moments, counts, starts).contacts
    assert said[4:8] == pytest.approx([3, 3, 3, 3])
    assert said.sum() == pytest.approx(12)


def test_nothing_recorded_foresees_nothing() -> None:
    none = np.empty(0, np.int64)
    assert foresee(none, none.astype(np.float64), BERLIN, ahead("2026-03-30 00:00", 4)) is None


def test_a_busy_morning_is_for_today_only() -> None:
    moments, counts = daily("2026-02-01", "2026-03-02", range(16, 40), 10.0)
    today, busy = daily("2026-03-03", "2026-03-03", range(16, 25), 20.0)
    starts = ahead("2026-03-03 12:00", 2 * 48)
    said = found(np.append(moments, today), np.append(counts, busy), starts).contacts
    assert 11 < said[0] < 20
    assert said[0] > said[4] > said[10] > 10  # what drives callers passes
    tomorrow = (starts >= at("2026-03-04 08:00")) & (starts < at("2026-03-04 20:00"))
    assert said[tomorrow] == pytest.approx(np.full(24, 10.0))


def test_behind_the_last_contact_silence_is_not_believed() -> None:
    moments, counts = daily("2026-02-01", "2026-03-02", range(16, 40), 10.0)
    # The record reaches to half past nine; at two o'clock nothing else is known.
    today, usual = daily("2026-03-03", "2026-03-03", range(16, 20), 10.0)
    said = found(np.append(moments, today), np.append(counts, usual), ahead("2026-03-03 14:00", 8))
    assert said.contacts == pytest.approx(np.full(8, 10.0))


def test_a_holiday_ahead_is_quiet() -> None:
    moments, counts = daily("2026-02-01", "2026-03-02", range(16, 40), 10.0)
    local = pd.DatetimeIndex(moments.view("datetime64[us]"), tz="UTC").tz_convert(BERLIN)
    counts[local.day_of_week == 6] = 1.0
    closed = frozenset({day_number(date(2026, 3, 4))})
    said = found(moments, counts, ahead("2026-03-03 00:00", 96), closed).contacts
    assert said[:48].sum() == pytest.approx(240)
    assert said[48:].sum() == pytest.approx(24)


def test_what_is_further_away_is_less_sure_than_what_began() -> None:
    moments, counts = daily("2026-02-01", "2026-03-02", range(16, 40), 10.0)
    rng = np.random.default_rng(1)
    counts = rng.poisson(counts * np.repeat(rng.gamma(20, 1 / 20, 30), 24)).astype(np.float64)
    today, usual = daily("2026-03-03", "2026-03-03", range(16, 25), 10.0)
    said = found(np.append(moments, today), np.append(counts, usual), ahead("2026-03-03 12:00", 48))
    assert said.certainty[0] > said.certainty[-1]

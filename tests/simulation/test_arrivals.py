from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from engage.simulate.calendar import (
    CALLS_BY_HOUR,
    DAY,
    HOUR,
    Calendar,
    in_office_hours,
    micros,
    moment,
)
from engage.simulate.people import ZONES
from engage.simulate.world import World
from tests.simulation.played import frame, journey, local_hour, owned

BERLIN = np.array([ZONES.index("Europe/Berlin")])


@pytest.fixture(scope="module")
def path() -> dict[str, pa.Table]:
    return World(2_000, 8).path()


def local_calls(path: dict[str, pa.Table]) -> pd.Series:
    contacts = frame(path["interactions"])
    return pd.Series(contacts["ts"].dt.tz_localize("UTC").dt.tz_convert("Europe/Berlin"))


def test_calls_come_by_day_most_before_noon_and_none_on_sunday(path: dict[str, pa.Table]) -> None:
    calls = local_calls(path)
    by_hour = calls.dt.hour.value_counts().reindex(range(24), fill_value=0)
    assert by_hour.loc[8:19].sum() / by_hour.sum() > 0.75
    assert int(by_hour.idxmax()) in range(9, 13)
    assert by_hour.loc[0:5].sum() / by_hour.sum() < 0.03
    by_day = calls.dt.day_of_week.value_counts().reindex(range(7), fill_value=0)
    assert by_day.idxmax() == 0
    assert by_day[6] / by_day.sum() < 0.02  # Sunday in Berlin may be Saturday in California


def test_first_calls_follow_the_hours_of_a_real_bank(shared_data: Path) -> None:
    real = pd.read_csv(shared_data / "anonymousbank_1999_calls_per_6min.csv")
    # 240 rows of six minutes are a day.
    by_hour = real.groupby(real.groupby("Date").cumcount() // 10)["calls"].sum().to_numpy()
    ours = np.array(CALLS_BY_HOUR) / sum(CALLS_BY_HOUR)
    assert np.abs(ours - by_hour / by_hour.sum()).max() < 0.002


def test_mortgages_are_thought_about_at_night(path: dict[str, pa.Table]) -> None:
    events = frame(path["events"])
    hour = local_hour(events)
    night = (hour >= 21) | (hour < 5)
    about = journey(events)
    assert night[about == "mortgage"].mean() > 0.4
    assert night[about == "card"].mean() < 0.35


def test_who_waits_long_gives_up_more_often(path: dict[str, pa.Table]) -> None:
    contacts = frame(path["interactions"])
    calls = contacts[contacts["channel"] == "call"]
    gave_up = calls["abandoned"].astype(bool)
    assert 0.08 < gave_up.mean() < 0.3
    assert calls.loc[gave_up, "wait_s"].mean() > calls.loc[~gave_up, "wait_s"].mean()
    assert (calls.loc[gave_up, "talk_s"] == 0).all()
    assert calls.loc[gave_up, "disposition"].isna().all()


def test_transfers_lead_to_repeat_contacts(path: dict[str, pa.Table]) -> None:
    contacts = frame(path["interactions"]).sort_values("ts")
    contacts = contacts[~contacts["abandoned"].astype(bool)]
    following = contacts.groupby(["person_id", "topic"])["ts"].shift(-1)
    repeats = following - contacts["ended_at"] < pd.Timedelta(days=7)
    transferred = contacts["transfers"] > 0
    assert repeats[transferred].mean() > repeats[~transferred].mean() + 0.15


def test_calculators_and_returns_point_to_applications(path: dict[str, pa.Table]) -> None:
    events = owned(frame(path["events"]), path["links"])
    mortgage = events[journey(events) == "mortgage"]
    owner = mortgage.groupby("person_id")
    used = owner["name"].apply(lambda names: int((names == "calculator_used").sum()))
    sent = owner["name"].apply(lambda names: bool((names == "form_submitted").any()))
    assert sent[used >= 3].mean() > sent[used <= 1].mean() + 0.15


def test_local_times_follow_the_zone_through_the_change_of_clocks() -> None:
    first, last = (micros(datetime(2026, month, 1, tzinfo=UTC)) for month in (3, 5))
    calendar = Calendar.of(ZONES, first, last)
    for day in (1, 28, 29, 30):  # clocks change in Berlin on 29 March 2026
        noon = datetime(2026, 3, day, 12, 0, tzinfo=ZoneInfo("Europe/Berlin"))
        utc = calendar.utc(BERLIN, np.array([micros(noon.replace(tzinfo=UTC))]))
        assert moment(int(utc[0])) == noon
        assert calendar.local(BERLIN, utc)[0] == micros(noon.replace(tzinfo=UTC))


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        # Winter: Berlin is one hour ahead of UTC. Halfway through the opening is 14:00.
        ("2026-02-03 11:30", "2026-02-03 11:30"),  # Tuesday, 12:30: open
        ("2026-02-03 06:00", "2026-02-03 13:00"),  # Tuesday, 07:00: later that day
        ("2026-02-03 17:30", "2026-02-04 13:00"),  # Tuesday, 18:30: Wednesday
        ("2026-02-07 18:00", "2026-02-09 13:00"),  # Saturday evening: Monday
        ("2026-02-08 11:00", "2026-02-09 13:00"),  # Sunday noon: Monday
    ],
)
def test_agents_phone_when_the_office_is_open(asked: str, expected: str) -> None:
    at = micros(datetime.fromisoformat(asked).replace(tzinfo=UTC))
    calendar = Calendar.of(ZONES, at - DAY, at + 3 * DAY)
    moved = in_office_hours(calendar, BERLIN, np.array([at]), np.array([0.5]))
    assert moment(int(moved[0])) == datetime.fromisoformat(expected).replace(tzinfo=UTC)
    assert HOUR * 24 == DAY

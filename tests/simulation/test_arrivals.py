from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from engage.simulate import queues
from engage.simulate.calendar import (
    DAY,
    HOUR,
    MINUTE,
    WEEK,
    Calendar,
    in_office_hours,
    micros,
    moment,
    weekday,
)
from engage.simulate.people import ZONES
from engage.simulate.streams import Draws
from engage.simulate.world import World
from tests.simulation.played import frame, journey, local_hour, owned

BERLIN = np.array([ZONES.index("Europe/Berlin")])


@pytest.fixture(scope="module")
def path() -> dict[str, pa.Table]:
    return World(2_000, 8).path()


def local_calls(path: dict[str, pa.Table]) -> pd.Series:
    contacts = frame(path["interactions"]).sort_values("ts")
    first_ones = contacts.drop_duplicates(["person_id", "topic"])
    return pd.Series(first_ones["ts"].dt.tz_localize("UTC").dt.tz_convert("Europe/Berlin"))


def test_calls_come_by_day_most_before_noon_and_few_on_sunday(path: dict[str, pa.Table]) -> None:
    calls = local_calls(path)
    by_hour = calls.dt.hour.value_counts().reindex(range(24), fill_value=0)
    assert by_hour.loc[8:19].sum() / by_hour.sum() > 0.75
    assert by_hour.loc[9:13].mean() > 1.2 * by_hour.loc[15:19].mean()
    assert by_hour.loc[0:5].sum() / by_hour.sum() < 0.05  # some of it is evening in California
    by_day = calls.dt.day_of_week.value_counts().reindex(range(7), fill_value=0)
    assert by_day[:5].min() > 1.5 * by_day[5] > 1.5 * 1.5 * by_day[6]


@pytest.fixture(scope="module")
def real(shared_data: Path) -> pd.DataFrame:
    """Return the calls of 1999 by weekday, told as ours, and half hour: the mean of a day."""
    counts = pd.read_csv(shared_data / "anonymousbank_1999_calls_per_6min.csv")
    # 240 rows of six minutes are a day, `u` counts them from 1. Their week begins on Sunday.
    counts["half_hour"] = (counts["u"] - 1) // 5
    calls = counts.pivot_table(index="Day", columns="half_hour", values="calls", aggfunc="sum")
    week = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
    return calls.div(counts.groupby("Day")["Date"].nunique(), axis=0).loc[week]


def first_calls(n: int) -> pd.DataFrame:
    """Return weekday and half hour of n first calls in eleven weeks, drawn for Berlin."""
    first = micros(datetime(2026, 1, 5, tzinfo=UTC))
    calendar = Calendar.of(ZONES, first, first + 11 * WEEK)
    local = queues.starts(Draws(8, "calls"), n, calendar, first, first + 11 * WEEK)
    return pd.DataFrame(
        {"weekday": weekday(local // DAY), "half_hour": local % DAY // queues.HALF_HOUR}
    )


def test_the_figures_of_1999_are_those_of_the_file(real: pd.DataFrame) -> None:
    assert np.abs(real.sum(axis=1).to_numpy() - queues.CALLS_BY_WEEKDAY).max() < 0.06
    for kind, days in ((queues.WORKDAY, slice(0, 5)), (queues.HALF_DAY, [5]), (queues.REST, [6])):
        theirs = real.iloc[days].sum().to_numpy()
        ours = queues.CALLS_BY_HALF_HOUR[kind]
        assert np.abs(1_000 * theirs / theirs.sum() - ours).max() < 0.06


def test_calls_arrive_by_weekday_and_half_hour_as_in_a_real_bank(real: pd.DataFrame) -> None:
    n = 200_000
    found = first_calls(n).groupby(["weekday", "half_hour"]).size() / n
    cells = pd.MultiIndex.from_product([range(7), range(48)])
    ours = found.reindex(cells, fill_value=0).to_numpy()
    theirs = (real / real.to_numpy().sum()).to_numpy().ravel()
    # Four standard errors of a cell and of the file's own days, which differ among each other.
    assert np.abs(ours - theirs).max() < 4 * np.sqrt(theirs.max() / n) + 0.001
    assert np.abs(ours - theirs).sum() / 2 < 0.06, "they share 94 % of their shape"
    by_day = ours.reshape(7, 48).sum(axis=1), theirs.reshape(7, 48).sum(axis=1)
    assert np.abs(by_day[0] - by_day[1]).max() < 4 * np.sqrt(0.2 * 0.8 / n)


def test_where_more_call_for_each_agent_everybody_waits_longer() -> None:
    first = micros(datetime(2026, 1, 5, tzinfo=UTC))
    calendar = Calendar.of(ZONES, first, first + 40 * WEEK)
    every = np.arange(first, first + 40 * WEEK, 30 * MINUTE)
    zone = np.repeat(BERLIN, len(every))
    waits = queues.mean_wait(Draws(8, "calls"), every, zone, zone * 0, calendar)
    hour, day = calendar.local(zone, every) % DAY // HOUR, calendar.local(zone, every) // DAY
    at_ten, at_three = (waits[(hour == h) & (weekday(day) < 5)] for h in (10, 15))
    # 10:00: 2 x (45.9 + 43.6) / 2 calls for 62 agents, 15:00: 2 x (38.5 + 38.6) / 2 for as many:
    # the mean wait grows with the square, by (89.5 / 77.1) ** 2 = 1.35; 16 % of half hours are bad.
    assert np.median(at_ten) / np.median(at_three) == pytest.approx(1.35, abs=0.1)
    # Four standard errors of 400 half hours: 4 x (0.16 x 0.84 / 400) ** 0.5 = 0.073.
    assert (at_three > 3 * np.median(at_three)).mean() == pytest.approx(0.16, abs=0.073)


def test_agents_note_write_up_and_are_rated(path: dict[str, pa.Table]) -> None:
    contacts = frame(path["interactions"])
    served = contacts[~contacts["abandoned"].astype(bool)]
    assert served["wrap_s"].between(15, 90).all()
    assert served["talk_s"].mean() > 200
    assert set(served["disposition"]) == {"resolved", "follow_up", "unresolved"}
    assert set(served["survey_score"].dropna()) == {1.0, 2.0, 3.0, 4.0, 5.0}
    assert served["survey_score"].notna().mean() == pytest.approx(0.25, abs=0.03)
    assert 0.25 < (served["transfers"] > 0).mean() < 0.5
    about = contacts[contacts["channel"] == "call"].groupby("topic")["queue"].unique()
    assert {topic for topic, queue in about.items() if list(queue) == ["lending"]} == {
        "loan",
        "mortgage",
    }


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

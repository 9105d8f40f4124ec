from __future__ import annotations

import json
import tomllib
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import phonenumbers
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from engage.domain.catalog import ARCHIVED
from engage.domain.ids import Prefix, derive
from engage.features.schema import arrow_schema
from engage.simulate.calendar import SECOND
from engage.simulate.journeys import JOURNEYS
from engage.simulate.moments import merged
from engage.simulate.people import PURPOSES
from engage.simulate.world import World
from tests.simulation.played import LAUNCH, RELATIONS, everything_told, frame, journey

NAIVE_LAUNCH = LAUNCH.replace(tzinfo=None)


@pytest.fixture(scope="module")
def history() -> dict[str, pa.Table]:
    return World(300, 4).history()


@pytest.fixture(scope="module")
def told() -> dict[str, pa.Table]:
    return everything_told(World(300, 4))


@pytest.mark.parametrize("name", ["people", *RELATIONS])
def test_rows_have_the_shape_of_their_relation(history: dict[str, pa.Table], name: str) -> None:
    relation, rows = ARCHIVED[name], history[name]
    assert rows.schema == arrow_schema(relation)
    assert rows.num_rows > 0
    for column in relation.columns:
        if column.required:
            assert rows[column.name].null_count == 0, column.name
        if column.choices:
            assert set(rows[column.name].drop_null().to_pylist()) <= set(column.choices)


@pytest.mark.parametrize("name", ["people", *RELATIONS])
def test_every_row_has_a_key_of_its_own(
    told: dict[str, pa.Table], history: dict[str, pa.Table], name: str
) -> None:
    rows = {**history, **told}[name]
    # An appointment is told again when it was kept or missed.
    key = [*ARCHIVED[name].key] + (["state"] if name == "appointments" else [])
    assert rows.group_by(key).aggregate([]).num_rows == rows.num_rows


def test_history_is_what_was_known_at_launch_and_the_rest_comes_later(
    history: dict[str, pa.Table],
) -> None:
    world = World(300, 4)
    later = world.until(LAUNCH + timedelta(days=28))
    for name in RELATIONS:
        assert pc.max(history[name]["known_at"]).as_py() <= NAIVE_LAUNCH
        assert pc.min(later[name]["known_at"]).as_py() > NAIVE_LAUNCH


def test_a_launch_at_six_in_the_morning_is_one_at_six() -> None:
    six = LAUNCH + timedelta(hours=6)
    world = World(200, 4, start=six)
    known = pc.max(world.history()["events"]["known_at"]).as_py()
    assert six.replace(tzinfo=None) - timedelta(hours=12) < known <= six.replace(tzinfo=None)
    assert world.moments()[0] > six
    first_day = world.until(six + timedelta(days=1))["events"]
    assert pc.min(first_day["known_at"]).as_py() > six.replace(tzinfo=None)


@pytest.mark.parametrize("name", ["events", "interactions", "transactions"])
def test_nothing_is_known_before_it_happened(told: dict[str, pa.Table], name: str) -> None:
    rows = told[name]
    happened = rows["ended_at"] if name == "interactions" else rows["ts"]
    assert pc.all(pc.greater(rows["known_at"], happened)).as_py()


def test_events_are_known_within_seconds_and_contacts_within_minutes(
    told: dict[str, pa.Table],
) -> None:
    events, contacts = frame(told["events"]), frame(told["interactions"])
    assert (events["known_at"] - events["ts"]).max() <= timedelta(seconds=5)
    assert (contacts["known_at"] - contacts["ended_at"]).max() <= timedelta(minutes=5)


def test_two_years_of_money_and_eight_weeks_of_visits_lie_before_launch(
    history: dict[str, pa.Table],
) -> None:
    money, visits = frame(history["transactions"]), frame(history["events"])
    assert (NAIVE_LAUNCH - money["ts"].min()).days in range(700, 732)
    assert (NAIVE_LAUNCH - visits["ts"].min()).days in range(53, 57)
    assert money["ts"].dt.to_period("M").nunique() >= 24


def test_every_row_belongs_to_a_customer_or_to_a_browser(
    told: dict[str, pa.Table], history: dict[str, pa.Table]
) -> None:
    customers = set(history["people"]["person_id"].to_pylist())
    linked = frame(told["links"])
    assert set(linked["canonical_id"]) <= customers
    assert not set(linked["person_id"]) & customers
    for name in ("interactions", "transactions", "appointments"):
        assert set(told[name]["person_id"].to_pylist()) <= customers


def test_about_half_of_the_visitors_are_anonymous_until_they_identify_themselves(
    told: dict[str, pa.Table], history: dict[str, pa.Table]
) -> None:
    customers = set(history["people"]["person_id"].to_pylist())
    visitors = set(told["events"]["person_id"].to_pylist())
    browsers = visitors - customers
    assert 0.4 < len(browsers) / len(visitors) < 0.75
    linked = set(told["links"]["person_id"].to_pylist())
    assert linked <= browsers
    assert 0.3 < len(linked) / len(browsers) < 0.8


def test_an_identification_names_the_customer_and_makes_the_link(told: dict[str, pa.Table]) -> None:
    events = frame(told["events"])
    said = events[events["type"] == "identify"]
    customers = [json.loads(one)["user_id"] for one in said["properties"]]
    links = frame(told["links"]).set_index("person_id")
    assert len(said) == len(links)
    found = links.loc[said["person_id"]]
    expected = [derive(Prefix.PERSON, "bank", key) for key in customers]
    assert found["canonical_id"].tolist() == expected
    assert found["known_at"].tolist() == said["known_at"].tolist()


def test_a_browser_is_silent_once_it_has_said_who_it_is(told: dict[str, pa.Table]) -> None:
    events = frame(told["events"])
    said = events[events["type"] == "identify"].set_index("person_id")["ts"]
    theirs = events[events["person_id"].isin(said.index)]
    assert (theirs["ts"] <= theirs["person_id"].map(said)).all()


def test_events_speak_the_agreed_vocabulary(told: dict[str, pa.Table]) -> None:
    events = frame(told["events"])
    assert set(events["type"]) == {"page", "track", "form", "error", "click", "identify"}
    names = {
        "track": {"calculator_used", "application_started", "application_submitted",
                  "complaint_submitted", "address_changed"},
        "form": {"form_started", "form_submitted"},
        "error": {"field_error"},
        "click": {"rage_click"},
    }  # fmt: skip
    for kind, expected in names.items():
        assert set(events.loc[events["type"] == kind, "name"]) == expected
    known = {"journey", "step", "amount", "device", "campaign", "user_id"}
    assert {key for one in events["properties"].unique() for key in json.loads(one)} == known
    assert set(journey(events)) == {"mortgage", "card", "loan", "complaint", "address"}
    pages = {"/mortgage/calculator", "/mortgage/apply", "/card/apply", "/loan/calculator",
             "/help/complaint", "/profile/address"}  # fmt: skip
    assert pages <= set(events["page"])


def test_what_people_hold_is_readable(history: dict[str, pa.Table]) -> None:
    first = json.loads(history["people"]["attributes"][0].as_py())
    assert set(first) == {"tenure", "products", "country", "region", "language", "zone"}
    countries = [json.loads(one)["country"] for one in history["people"]["attributes"].to_pylist()]
    assert 0.8 < countries.count("DE") / len(countries) < 0.95


def test_people_are_versioned_and_grow_older(history: dict[str, pa.Table]) -> None:
    people = frame(history["people"]).sort_values("known_at")
    tenure = people["attributes"].map(lambda one: json.loads(one)["tenure"])
    versions = tenure.groupby(people["person_id"])
    assert (versions.size() == 2).all()
    assert (versions.last() > versions.first()).all()
    assert tenure.min() >= 0


def test_numbers_are_valid_and_fictitious(history: dict[str, pa.Table]) -> None:
    points = frame(history["contact_points"])
    phones = points.loc[points["kind"] == "phone", "value"]
    assert all(phonenumbers.is_valid_number(phonenumbers.parse(one)) for one in phones)
    german, american = phones.str.startswith("+4915555"), phones.str.match(r"\+1\d{3}55501\d{2}$")
    assert (german ^ american).all()
    assert points.loc[points["kind"] == "email", "value"].str.endswith("@example.org").all()


def test_money_is_whole_minor_units_and_stops_with_the_account(told: dict[str, pa.Table]) -> None:
    money = frame(told["transactions"])
    assert set(money["currency"]) == {"EUR"}
    closed = money[money["kind"] == "account_closed"].set_index("person_id")["ts"]
    assert closed.index.is_unique
    assert len(closed) > 0
    after = money[money["person_id"].isin(closed.index)]
    assert (after["ts"] <= after["person_id"].map(closed)).all()


def test_the_default_settings_fit_the_bank(root: Path) -> None:
    settings = tomllib.loads((root / "settings.toml").read_text())
    needed = {action.get("needs") for action in settings["actions"].values()} - {None, ""}
    assert needed <= set(PURPOSES)
    for one in JOURNEYS:
        theirs = settings["journeys"][one.name]
        if one.application:
            assert theirs["margin_minor"] == one.annual_margin_minor


def test_moments_are_in_order_live_apart_and_few() -> None:
    for seed in (1, 2, 3):
        moments = World(600, seed).moments()
        gaps = [b - a for a, b in pairwise(moments)]
        assert 700 < len(moments) <= 1_200
        assert min(gaps) > timedelta(0)
        assert moments[0] > LAUNCH
        assert moments[-1] <= LAUNCH + timedelta(weeks=4)


def test_moments_within_twenty_seconds_are_one() -> None:
    seconds = [0, 12, 20, 21, 60]
    kept = merged(np.array(seconds, dtype=np.int64) * SECOND) // SECOND
    # 0, 12 and 20 lie within 20 s: the last of them is kept, so that all are known by then.
    assert kept.tolist() == [20, 21, 60]

"""What the two models of a visit are told and what they learn to say, by example."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pyarrow as pa
import pytest

from engage.features.build import build
from engage.features.engines.duckdb import DuckEngine
from engage.features.labels import labels
from tests.features import project_models
from tests.features.rows import NOON, at, contact, event, subjects, table

MODELS = project_models.load()
GIVEN = subjects(("visit", "ann", NOON))


def columns(name: str, as_of: datetime = NOON, **relations: pa.Table) -> dict[str, Any]:
    model = MODELS[name]
    with DuckEngine(relations) as engine:
        frame = build(engine, model.query, model.features, subjects(("visit", "ann", as_of)))
    row: dict[str, Any] = frame.to_pylist()[0]
    return row


def label(name: str, **relations: pa.Table) -> float | None:
    with DuckEngine(relations) as engine:
        found = labels(engine, MODELS[name].label, GIVEN, MODELS[name].horizon)
    value: float | None = found["label"][0].as_py()
    return value


def page(minute: float, path: str | None = "/mortgage/calculator", **values: Any) -> dict[str, Any]:
    row = event(0, at(minutes=minute), page=path, **values)
    return {**row, "event_id": f"{minute} {path}"}


def goal(minute: float, journey: str = "mortgage", **values: Any) -> dict[str, Any]:
    row = {"type": "track", "name": "application_submitted", "session_id": "later"}
    properties = json.dumps({"journey": journey})
    return page(minute, "/thanks", **{**row, "properties": properties, **values})


def events(*rows: dict[str, Any]) -> pa.Table:
    return table("events", *rows)


# ── What they are told ───────────────────────────────────────────────────────────────────────────

VISIT = (
    page(-20, "/mortgage/rates", zone="Europe/Berlin"),
    page(-19),
    page(-15),
    page(-14, type="track", name="calculator_used", properties='{"amount": 250000}'),
    page(-12, "/mortgage/apply", type="form", name="form_started", properties='{"step": "income"}'),
    page(-11, "/mortgage/apply", type="error", name="field_error"),
    page(-4, "/mortgage/apply", type="error", name="field_error"),
    page(-3, "/mortgage/apply", type="click", name="rage_click"),
    page(5, "/mortgage/apply", type="form", name="form_submitted"),
)


def test_a_visit_is_counted_up_to_its_moment() -> None:
    row = columns("session_intent", events=events(*VISIT))

    assert row["journey"] == "mortgage"
    assert (row["pages"], row["different_pages"], row["calculator_views"]) == (3, 2, 2)
    assert (row["calculator_uses"], row["amount"]) == (1, 250000.0)
    assert (row["form_started"], row["form_submitted"], row["form_steps"]) == (True, False, 1)
    assert (row["form_errors"], row["rage_clicks"]) == (2, 1)
    assert (row["minutes"], row["minutes_idle"]) == (17.0, 3.0)  # from -20 to -3, then silence
    assert row["local_hour"] == 14  # noon UTC is 14:00 in Berlin in May
    assert (row["returning_visitor"], row["customer"]) == (False, False)


def test_a_form_sent_off_shows_once_it_happened() -> None:
    row = columns("session_intent", at(minutes=5), events=events(*VISIT))

    assert row["form_submitted"] is True
    assert row["minutes_idle"] == 0.0


def test_struggle_is_told_what_happened_lately() -> None:
    row = columns("session_struggle", events=events(*VISIT))

    assert (row["form_errors"], row["errors_lately"], row["rage_clicks_lately"]) == (2, 1, 1)
    assert row["longest_pause"] == 7.0  # from -11 to -4
    assert row["events_lately"] == 0
    assert row["page_repeats"] == 1
    assert row["minutes_per_page"] == pytest.approx(17 / 3)


def test_earlier_visits_are_counted_for_thirty_days() -> None:
    night = at(days=-3, hours=11)  # 23:00 UTC, which is 01:00 in Berlin
    rows = [
        event(1, at(days=-31), session_id="long ago"),
        event(2, at(days=-10), session_id="first", page="/loan/calculator"),
        event(3, night, session_id="second", zone="Europe/Berlin"),
        event(4, night, session_id="second", type="form", name="form_started"),
    ]

    row = columns("session_intent", events=events(*rows, page(-1)))

    assert row["returning_visitor"] is True
    assert (row["visits_before"], row["night_visits_before"]) == (2, 1)
    assert row["calculator_views_before"] == 1
    assert row["form_left_before"] is True
    assert row["days_since_visit"] == pytest.approx(3 - 11 / 24)


def test_contacts_and_the_person_are_known_to_intent() -> None:
    attributes = {"tenure": 4, "products": ["card", "loan"], "zone": "America/New_York"}
    person = {"person_id": "ann", "valid_from": at(days=-9), "attributes": json.dumps(attributes)}
    row = columns(
        "session_intent",
        events=events(page(-1)),
        people=table("people", person),
        interactions=table(
            "interactions",
            contact(1, at(days=-1)),
            contact(2, at(days=-2), abandoned=True),
            contact(3, at(days=-2), initiated_by="engine"),
            contact(4, at(days=-40)),
        ),
    )

    assert (row["recent_contacts"], row["recent_failed_contacts"]) == (2, 1)
    assert (row["customer"], row["tenure"], row["products"]) == (True, 4.0, 2)
    assert row["local_hour"] == 8  # the page told no zone, the record does


@pytest.mark.parametrize(
    ("products", "number"),
    [(["card"], 1), ([], 0), (3, 3), ("2", 2), ("many", None), (None, None)],
)
def test_products_are_a_list_or_a_number(products: Any, number: int | None) -> None:
    attributes = json.dumps({"products": products})
    person = {"person_id": "ann", "valid_from": at(days=-9), "attributes": attributes}

    row = columns("session_intent", events=events(page(-1)), people=table("people", person))

    assert row["products"] == number


def test_the_visits_record_tells_device_channel_and_campaign() -> None:
    visit = {"session_id": "visit", "person_id": "ann", "started_at": at(minutes=-1)}
    record = {**visit, "device": "tablet", "channel": "app", "campaign": "spring"}

    row = columns("session_intent", events=events(page(-1)), sessions=table("sessions", record))

    assert (row["device"], row["channel"], row["by_campaign"]) == ("tablet", "app", True)


# ── What intent learns ───────────────────────────────────────────────────────────────────────────

DAY = 24 * 60.0


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([], 0.0),
        ([goal(1, session_id="visit")], 1.0),
        ([goal(14 * DAY)], 1.0),
        ([goal(14 * DAY + 1)], 0.0),
        ([goal(DAY, journey="card")], 0.0),
        ([goal(DAY, person_id="bob")], 0.0),
        ([goal(-1, session_id="visit")], None),  # it has reached its goal: nothing left to intend
        ([goal(-1), goal(DAY)], 1.0),  # an older visit's goal is another one
    ],
    ids=[
        "never",
        "at once",
        "on the last day",
        "too late",
        "another journey",
        "somebody else",
        "already",
        "again",
    ],
)
def test_intent_is_reaching_the_journeys_goal_in_fourteen_days(
    rows: list[dict[str, Any]], expected: float | None
) -> None:
    assert label("session_intent", events=events(page(-5), *rows)) == expected


def test_a_visit_about_nothing_has_no_goal() -> None:
    assert label("session_intent", events=events(page(-5, "/"), goal(DAY))) is None
    assert label("session_struggle", events=events(page(-5, "/"))) is None


def test_a_goal_reached_after_signing_in_is_the_anonymous_visitors_own() -> None:
    rows = events(page(-5, person_id="browser"), goal(DAY))
    link = {"person_id": "browser", "canonical_id": "ann", "known_at": at(days=1)}
    model = MODELS["session_intent"]
    with DuckEngine({"events": rows, "links": table("links", link)}) as engine:
        given = subjects(("visit", "browser", NOON))
        found = labels(engine, model.label, given, model.horizon)

    assert found["label"].to_pylist() == [1.0]


OFFER = {"decision_id": "d", "person_id": "ann", "trigger": "t", "decided_at": at(hours=3)}


@pytest.mark.parametrize("name", ["session_intent", "session_struggle"])
@pytest.mark.parametrize(("action", "known"), [("none", True), ("chat_offer", False)])
def test_only_visitors_left_alone_teach(name: str, action: str, *, known: bool) -> None:
    offer = table("decisions", {**OFFER, "action": action})

    found = label(name, events=events(page(-5)), decisions=offer)

    assert (found is not None) is known


# ── What struggle learns ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([], 1.0),
        ([page(30)], 1.0),
        ([page(31)], 0.0),
        ([page(31, "/card/apply")], 1.0),
        ([page(31, None, type="click")], 0.0),
        ([goal(DAY)], 0.0),
        ([goal(DAY + 1)], 1.0),
        ([goal(DAY, journey="card")], 1.0),
        ([goal(-1, session_id="visit")], 0.0),
    ],
    ids=[
        "gone",
        "gone after half an hour",
        "stayed longer",
        "stayed for something else",
        "stayed, clicking",
        "finished within a day",
        "finished too late",
        "finished something else",
        "had finished",
    ],
)
def test_struggle_is_leaving_and_not_finishing(rows: list[dict[str, Any]], expected: float) -> None:
    assert label("session_struggle", events=events(page(-5), *rows)) == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, 0.0),
        ({"initiated_by": "engine"}, 1.0),
        ({"initiated_by": "company"}, 1.0),
        ({"person_id": "bob"}, 1.0),
        ({"ts": at(hours=25)}, 1.0),
        ({"ts": at(minutes=-1)}, 1.0),
    ],
)
def test_who_gets_in_touch_has_not_given_up(values: dict[str, Any], expected: float) -> None:
    contacts = table("interactions", {**contact(1, at(hours=5)), **values})

    assert label("session_struggle", events=events(page(-5)), interactions=contacts) == expected

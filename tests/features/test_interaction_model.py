"""What the model of a contact is told and what it learns to say, by example."""

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

MODEL = project_models.load()["interaction_unresolved"]
END = at(minutes=3)
"""The contact begins at noon and takes three minutes."""


def label(*others: dict[str, Any], **own: Any) -> float | None:
    given = ("decisions", "corrections")
    relations: dict[str, Any] = {name: own.pop(name) for name in given if name in own}
    rows = table("interactions", contact(0, NOON, **own), *others)
    with DuckEngine({"interactions": rows, **relations}) as engine:
        found = labels(engine, MODEL.label, subjects(("i0", "ann", END)), MODEL.horizon)
    value: float | None = found["label"][0].as_py()
    return value


def columns(
    *others: dict[str, Any], as_of: datetime = END, **relations: pa.Table
) -> dict[str, Any]:
    rows = table("interactions", contact(0, NOON, wait_s=30.0, transfers=2), *others)
    with DuckEngine({"interactions": rows, **relations}) as engine:
        frame = build(engine, MODEL.query, MODEL.features, subjects(("i0", "ann", as_of)))
    row: dict[str, Any] = frame.to_pylist()[0]
    return row


# ── What it learns ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, 1.0),
        ({"ts": at(days=7)}, 1.0),
        ({"ts": at(days=7, minutes=4)}, 0.0),
        ({"ts": at(days=-1)}, 0.0),
        ({"topic": "loan"}, 0.0),
        ({"topic": None, "queue": "card"}, 1.0),
        ({"initiated_by": "engine"}, 0.0),
        ({"initiated_by": "company"}, 0.0),
        ({"person_id": "bob"}, 0.0),
        ({"channel": "e-mail", "abandoned": True}, 1.0),
    ],
    ids=[
        "comes back",
        "on the last day",
        "too late",
        "came before",
        "about something else",
        "the queue stands for the topic",
        "we wrote",
        "the company rang",
        "somebody else",
        "any channel, served or not",
    ],
)
def test_a_customer_who_comes_back_about_the_same_was_not_helped(
    values: dict[str, Any], expected: float
) -> None:
    assert label({**contact(1, at(days=2)), **values}) == expected


def test_a_conversation_that_goes_on_is_one_contact() -> None:
    again = contact(1, at(hours=2), thread_id="t")

    assert label(again, thread_id="t") == 0.0
    assert label(again, thread_id="u") == 1.0


def test_a_contact_closed_as_unresolved_is_unresolved() -> None:
    assert label(disposition="unresolved") == 1.0
    assert label(disposition="Unresolved", topic=None) == 1.0
    assert label(disposition="solved") == 0.0


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ([], 1.0),
        ([contact(1, at(hours=20), initiated_by="company")], 0.0),
        ([contact(1, at(hours=20), initiated_by="company", abandoned=True)], 1.0),
        ([contact(1, at(hours=25), initiated_by="company")], 1.0),
        ([contact(1, at(hours=20), initiated_by="engine")], 1.0),
        ([contact(1, at(hours=20))], 1.0),  # served, but the customer had to come back for it
    ],
    ids=["nobody rang", "rang back", "missed", "too late", "we rang", "rang again"],
)
def test_who_gave_up_waiting_must_be_served_within_a_day(
    others: list[dict[str, Any]], expected: float
) -> None:
    assert label(*others, abandoned=True) == expected


def test_without_a_topic_or_a_queue_nobody_can_tell() -> None:
    assert label(topic=None) is None
    assert label(topic=None, queue="card") == 0.0


def test_what_we_began_teaches_nothing() -> None:
    assert label(initiated_by="engine") is None


@pytest.mark.parametrize(
    ("decided_at", "action", "known"),
    [
        (at(days=3), "callback", False),
        (at(days=-3), "callback", False),
        (at(days=3), "none", True),
        (at(days=8), "callback", True),
        (at(days=-8), "callback", True),
    ],
)
def test_only_people_left_alone_teach(decided_at: datetime, action: str, *, known: bool) -> None:
    ours = {"decision_id": "d", "person_id": "ann", "trigger": "t", "decided_at": decided_at}

    found = label(decisions=table("decisions", {**ours, "action": action}))

    assert (found is not None) is known


def corrected(number: int, days: float, **values: Any) -> dict[str, Any]:
    """Return what the record of a contact at noon says so many days later."""
    said = {"known_at": at(days=days), "corrected_at": at(days=days)}
    return {**contact(number, NOON), **said, **values}


def test_a_corrected_disposition_corrects_what_it_learns() -> None:
    late = table("corrections", corrected(0, 5, disposition="unresolved"))
    back = table(
        "corrections",
        corrected(0, 6, disposition="solved"),
        corrected(0, 5, disposition="unresolved"),
    )

    assert label(disposition="solved") == 0.0
    assert label(disposition="solved", corrections=late) == 1.0
    assert label(disposition="unresolved", corrections=back) == 0.0


def test_a_later_contact_counts_by_its_last_word_too() -> None:
    again = contact(1, at(days=2))
    moved = corrected(1, 4, ts=again["ts"], topic="loan")

    assert label(again) == 1.0
    assert label(again, corrections=table("corrections", moved)) == 0.0


def test_what_it_is_told_is_the_record_as_it_stood() -> None:
    """A correction that is known by the moment changes no feature: serving and training agree."""
    late = table(
        "corrections", corrected(0, 1, disposition="unresolved"), corrected(1, 1, topic="loan")
    )
    again = contact(1, at(hours=5))
    as_of = at(days=2)

    assert columns(again, as_of=as_of, corrections=late) == columns(again, as_of=as_of)


# ── What it is told ──────────────────────────────────────────────────────────────────────────────


def test_the_record_is_told_as_it_stands() -> None:
    row = columns()

    assert (row["channel"], row["topic"], row["resolved"]) == ("call", "card", "unknown")
    assert (row["abandoned"], row["wait_s"], row["transfers"]) == (False, 30.0, 2)
    assert (row["talk_s"], row["local_hour"], row["tenure"]) == (None, None, None)
    assert row["hours_since"] == 0.0


def test_earlier_contacts_are_counted_by_topic_and_outcome() -> None:
    row = columns(
        contact(1, at(days=-1)),
        contact(2, at(days=-2), abandoned=True),
        contact(3, at(days=-3), topic="loan", disposition="unresolved"),
        contact(4, at(days=-4), initiated_by="engine"),
        contact(5, at(days=-31)),
        contact(6, at(hours=5)),
    )

    assert (row["contacts_before"], row["repeat_contacts"]) == (3, 2)
    assert row["failed_contacts_before"] == 2
    assert row["days_since_contact"] == 1.0
    assert row["contacts_since"] == 0


def test_coming_back_shows_as_soon_as_it_happened() -> None:
    assert columns(contact(6, at(hours=5)), as_of=at(hours=6))["contacts_since"] == 1


def test_visits_and_the_person_are_known() -> None:
    attributes = json.dumps({"tenure": 7, "products": 2, "zone": "Europe/Berlin"})
    row = columns(
        events=table(
            "events",
            event(1, at(hours=-1), page="/help/faq"),
            event(2, at(days=-2), session_id="b", type="error"),
            event(3, at(days=-8), session_id="c"),
        ),
        people=table(
            "people",
            {"person_id": "ann", "valid_from": at(days=-9), "attributes": attributes},
        ),
    )

    assert (row["visits_week"], row["help_views_day"], row["form_errors_week"]) == (2, 1, 1)
    assert (row["tenure"], row["products"], row["local_hour"]) == (7.0, 2, 14)

"""What a visit is about, what counts as its goal, and who was approached: one meaning for all."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pyarrow as pa
import pytest

from engage.domain.interactions import INTERACTIONS
from engage.features import views
from engage.features.engines.duckdb import DuckEngine
from engage.features.engines.warm import warm
from tests.features.rows import NOON, at, contact, event, subjects, table


def page(
    number: int, path: str | None, journey: str | None = None, **values: Any
) -> dict[str, Any]:
    properties = json.dumps({"journey": journey}) if journey else None
    return event(number, at(minutes=number), page=path, properties=properties, **values)


def journey_of(*rows: dict[str, Any], as_of: float = 60) -> str | None:
    with DuckEngine({"events": table("events", *rows)}) as engine:
        found = engine.table(
            "SELECT journey FROM visit_journeys",
            subjects=subjects(("visit", "ann", at(minutes=as_of))),
        )
    assert found.num_rows <= 1
    journey: str | None = found["journey"][0].as_py() if found.num_rows else None
    return journey


@pytest.mark.parametrize(
    ("path", "journey"),
    [
        ("/mortgage/calculator", "mortgage"),
        ("/card", "card"),
        ("/loan?amount=5", "loan"),
        ("/loan#top", "loan"),
        ("/", None),
        (None, None),
    ],
)
def test_a_page_belongs_to_the_journey_its_path_begins_with(
    path: str | None, journey: str | None
) -> None:
    assert journey_of(page(1, path)) == journey


def test_what_the_page_says_goes_before_its_path() -> None:
    assert journey_of(page(1, "/help/complaint", "complaint")) == "complaint"


def test_the_journey_with_most_page_views_counts() -> None:
    rows = [page(1, "/card/a"), page(2, "/loan/a"), page(3, "/loan/b")]
    clicks = [page(number, "/card/a", type="click") for number in range(4, 9)]

    assert journey_of(*rows, *clicks) == "loan"


def test_of_two_with_as_many_pages_the_one_with_more_events_then_the_later_counts() -> None:
    rows = [page(1, "/card/a"), page(2, "/loan/a")]

    assert journey_of(*rows, page(3, "/card/a", type="click")) == "card"
    assert journey_of(*rows) == "loan"


def test_a_tie_in_everything_goes_by_name() -> None:
    rows = [event(1, NOON, page="/loan/a"), event(2, NOON, page="/card/a")]

    assert journey_of(*rows) == "card"


def test_a_journey_is_judged_by_what_was_known() -> None:
    rows = [page(1, "/card/a"), page(2, "/loan/a"), page(3, "/loan/b")]

    assert journey_of(*rows, as_of=1) == "card"


def goal(number: int, name: str, **values: Any) -> dict[str, Any]:
    return page(number, values.pop("path", None), type="track", name=name, **values)


@pytest.mark.parametrize(
    ("row", "journey"),
    [
        (goal(1, "application_submitted", journey="mortgage"), "mortgage"),
        (goal(1, "application_submitted", path="/card/apply"), "card"),
        (goal(1, "complaint_submitted"), "complaint"),
        (goal(1, "complaint_submitted", journey="help"), "help"),
        (goal(1, "address_changed", path="/service/address"), "address"),
    ],
)
def test_a_goal_finishes_the_journey_it_names(row: dict[str, Any], journey: str) -> None:
    with DuckEngine({"events": table("events", row)}) as engine:
        found = engine.table("SELECT journey FROM journey_goals", subjects=subjects())

    assert found["journey"].to_pylist() == [journey]


@pytest.mark.parametrize(
    "row",
    [
        goal(1, "application_started", journey="card"),
        page(1, "/card", "card", type="form", name="application_submitted"),
    ],
)
def test_nothing_else_is_a_goal(row: dict[str, Any]) -> None:
    with DuckEngine({"events": table("events", row)}) as engine:
        assert engine.table("SELECT 1 FROM journey_goals", subjects=subjects()).num_rows == 0


def version(valid: float, known: float, **attributes: Any) -> dict[str, Any]:
    return {
        "person_id": "ann",
        "valid_from": at(days=valid),
        "known_at": at(days=known),
        "attributes": json.dumps(attributes),
    }


@pytest.mark.parametrize(("day", "tenure"), [(0, None), (1, 1), (3, 2), (4.5, 2), (5, 3), (9, 4)])
def test_a_person_is_who_they_were_known_to_be_and_were(day: float, tenure: int | None) -> None:
    """The third version is true from day 2 but known on day 5; the fourth is known ahead."""
    people = table(
        "people",
        version(0.5, 1, tenure=1),
        version(1.5, 3, tenure=2),
        version(2, 5, tenure=3),
        version(8, 4, tenure=4),
    )
    sql = "SELECT j_text(attributes, 'tenure') AS tenure FROM people_then"
    with DuckEngine({"people": people}) as engine:
        found = engine.table(sql, subjects=subjects(("s", "ann", at(days=day))))

    assert found["tenure"].to_pylist() == ([] if tenure is None else [str(tenure)])


@pytest.mark.parametrize(
    ("day", "action", "found"),
    [
        (-1.1, "sms", False),
        (-0.9, "sms", True),
        (0, "sms", True),
        (1, "sms", True),
        (1.1, "sms", False),
        (0.5, "none", False),
    ],
)
def test_an_offer_within_a_horizon_of_the_moment_means_approached(
    day: float, action: str, *, found: bool
) -> None:
    ours = {"decision_id": "d", "person_id": "ann", "trigger": "t", "decided_at": at(days=day)}
    given = subjects(("s", "ann", NOON))
    given = given.append_column("final_id", pa.array(["ann"]))
    given = given.append_column("until", pa.array([NOON + timedelta(days=1)], pa.timestamp("us")))
    with DuckEngine({"decisions": table("decisions", {**ours, "action": action})}) as engine:
        rows = engine.table("SELECT 1 FROM approached", subjects=given)

    assert bool(rows.num_rows) is found


def test_a_query_gets_the_views_it_names_and_those_behind_them() -> None:
    assert views.needed("SELECT * FROM visit_journeys") == ("visit_events", "visit_journeys")
    assert views.needed("SELECT * FROM events") == ()


def corrected(number: int, day: float, **values: Any) -> dict[str, Any]:
    """Return what the record of a contact at noon says so many days later."""
    said = {"known_at": at(days=day), "corrected_at": at(days=day)}
    return {**contact(number, NOON), **said, **values}


def corrected_rows(**relations: pa.Table) -> list[dict[str, Any]]:
    """Return the contacts by their last word, the same from both engines."""
    sql = "SELECT * FROM contacts_corrected ORDER BY interaction_id, person_id"
    with DuckEngine(relations) as engine:
        found = engine.table(sql, subjects=subjects())
    with warm(relations) as kept:
        assert kept.table(sql, subjects=subjects()).equals(found)
    assert found.column_names == list(INTERACTIONS.column_names)
    rows: list[dict[str, Any]] = found.to_pylist()
    return rows


def test_a_contact_is_told_by_its_last_word_and_since_its_first() -> None:
    rows = corrected_rows(
        interactions=table("interactions", contact(0, NOON), contact(1, NOON), contact(2, NOON)),
        corrections=table(
            "corrections",
            corrected(0, 3, topic="last"),
            corrected(0, 2, topic="loan"),
            corrected(2, -1, topic="older than the record"),
        ),
    )

    assert [row["topic"] for row in rows] == ["last", "card", "card"]
    assert {row["known_at"] for row in rows} == {at(minutes=3)}


def test_the_last_word_is_the_same_under_every_identity() -> None:
    """The link is younger than both corrections, so that all of it became hers at one moment."""
    whose = {"person_id": "browser"}
    words = (corrected(0, 2, topic="loan", **whose), corrected(0, 3, topic="last", **whose))
    for told in (words, words[::-1]):
        rows = corrected_rows(
            interactions=table("interactions", contact(0, NOON, **whose)),
            corrections=table("corrections", *told),
            links=table(
                "links",
                {"person_id": "browser", "canonical_id": "ann", "known_at": at(days=9)},
            ),
        )
        assert [(row["person_id"], row["topic"]) for row in rows] == [
            ("ann", "last"),
            ("browser", "last"),
        ]
        assert [row["known_at"] for row in rows] == [at(days=9), at(minutes=3)]


def test_a_contact_that_was_somebody_elses_is_theirs_alone() -> None:
    (row,) = corrected_rows(
        interactions=table("interactions", contact(0, NOON)),
        corrections=table("corrections", corrected(0, 2, person_id="bob")),
    )

    assert (row["person_id"], row["known_at"]) == ("bob", at(days=2))

"""What was done anonymously becomes a person's own, from the day we knew."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pyarrow as pa
import pytest

from engage.features import identity
from engage.features.engines.duckdb import DuckEngine
from engage.features.engines.warm import warm
from tests.features.rows import NOON, at, event, subjects, table

COUNT = """
SELECT s.subject_id, count(e.event_id) AS n
FROM subjects AS s
LEFT JOIN events AS e ON e.person_id = s.person_id AND e.known_at <= s.as_of
GROUP BY s.subject_id
"""


def link(alias: str, canonical: str, known_at: datetime) -> dict[str, Any]:
    return {"person_id": alias, "canonical_id": canonical, "known_at": known_at}


def counted(events: pa.Table, links: pa.Table, person: str, as_of: datetime) -> int:
    given = {"events": events, "links": links}
    with DuckEngine(given) as fresh, warm(given) as kept:
        found = {
            engine.table(COUNT, subjects=subjects(("s", person, as_of)))["n"][0].as_py()
            for engine in (fresh, kept)
        }
    assert len(found) == 1, "a fresh engine and a kept one count differently"
    number: int = found.pop()
    return number


EVENTS = table(
    "events",
    event(1, at(days=-2), person_id="browser"),
    event(2, at(days=-1), person_id="browser"),
    event(3, at(days=1), person_id="ann"),
)
LINKS = table("links", link("browser", "ann", NOON))


@pytest.mark.parametrize(
    ("as_of", "number"),
    [
        (at(days=-3), 0),
        (at(minutes=-1), 0),  # the browser was there, but nobody knew that it was ann
        (NOON, 2),
        (at(days=2), 3),
    ],
)
def test_an_anonymous_past_counts_from_the_day_the_link_was_known(
    as_of: datetime, number: int
) -> None:
    assert counted(EVENTS, LINKS, "ann", as_of) == number


def test_the_earlier_identity_keeps_its_own_rows() -> None:
    assert counted(EVENTS, LINKS, "browser", at(days=2)) == 2


def test_rows_are_known_from_the_later_of_row_and_link() -> None:
    late = table("events", event(1, at(days=-2), person_id="browser", known_at=at(days=3)))

    assert counted(late, LINKS, "ann", at(days=2)) == 0
    assert counted(late, LINKS, "ann", at(days=3)) == 1


CHAIN = table("links", link("browser", "app", at(days=2)), link("app", "ann", at(days=1)))


@pytest.mark.parametrize(
    ("person", "as_of", "number"),
    [
        ("app", at(days=1.5), 0),
        ("app", at(days=2), 2),
        ("ann", at(days=1.5), 1),  # her own event; the chain is complete on the second day
        ("ann", at(days=2), 3),
    ],
)
def test_a_chain_of_links_counts_once_its_last_link_is_known(
    person: str, as_of: datetime, number: int
) -> None:
    assert counted(EVENTS, CHAIN, person, as_of) == number


def test_the_order_in_which_a_chain_was_learned_does_not_matter() -> None:
    links = table("links", link("browser", "app", at(days=1)), link("app", "ann", at(days=2)))

    assert counted(EVENTS, links, "ann", at(days=1.5)) == 1
    assert counted(EVENTS, links, "ann", at(days=2)) == 3


def test_links_that_lead_round_in_a_circle_count_every_row_once() -> None:
    circle = table("links", link("browser", "ann", NOON), link("ann", "browser", NOON))

    assert counted(EVENTS, circle, "ann", at(days=5)) == 3
    assert counted(EVENTS, circle, "browser", at(days=5)) == 3


def test_two_ways_to_the_same_person_count_once_from_the_earlier() -> None:
    both = table("links", link("browser", "ann", at(days=4)), link("browser", "ann", NOON))

    assert counted(EVENTS, both, "ann", NOON) == 2
    assert counted(EVENTS, both, "ann", at(days=5)) == 3


def test_a_link_to_oneself_doubles_nothing() -> None:
    assert counted(EVENTS, table("links", link("ann", "ann", NOON)), "ann", at(days=5)) == 1


@pytest.mark.parametrize("name", ["interactions", "transactions", "people", "appointments"])
def test_every_relation_with_a_person_follows_the_links(name: str) -> None:
    keys = {"interactions": "interaction_id", "transactions": "transaction_id"}
    key = {**keys, "people": "person_id", "appointments": "appointment_id"}[name]
    times = dict.fromkeys(("ts", "starts_at", "valid_from"), NOON)
    required = {"channel": "call", "initiated_by": "customer"}
    rows = table(name, {key: "x", **times, **required, "person_id": "browser"})

    with DuckEngine({name: rows, "links": LINKS}) as engine:
        found = engine.table(f"SELECT person_id FROM {name} ORDER BY person_id")

    assert found["person_id"].to_pylist() == ["ann", "browser"]


@pytest.mark.parametrize(
    ("as_of", "person"),
    [(at(days=0.5), "browser"), (at(days=1.5), "browser"), (at(days=2), "ann")],
)
def test_a_subject_is_the_person_it_was_known_to_be(as_of: datetime, person: str) -> None:
    """The link from the app to ann is known earlier, but the browser was not yet known as the app."""
    with DuckEngine({"links": CHAIN}) as engine:
        found = engine.table(identity.AS_OF, subjects=subjects(("s", "browser", as_of)))

    assert found["person_id"].to_pylist() == [person]

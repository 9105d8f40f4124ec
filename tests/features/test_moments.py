"""When each kind of subject would have been looked at, drawn so that no row order matters."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pyarrow as pa
import pytest

from engage.domain.scores import Subject
from engage.errors import DefinitionError
from engage.features.engines.duckdb import DuckEngine
from engage.features.moments import default, training_subjects
from tests.features.rows import NOON, at, contact, event, table


def moments(subject: Subject, *, query: str = "", seed: int = 1, **relations: pa.Table) -> pa.Table:
    with DuckEngine(relations) as engine:
        return training_subjects(engine, subject, query=query, seed=seed)


def test_each_visit_is_looked_at_once_at_or_after_one_of_its_events() -> None:
    rows = [
        event(10 * visit + step, at(minutes=step), session_id=f"v{visit}")
        for visit in range(60)
        for step in range(10)
    ]

    found = moments(Subject.SESSION, events=table("events", *rows))

    waits = Counter((moment - NOON).total_seconds() / 60 for moment in found["as_of"].to_pylist())
    assert sorted(found["subject_id"].to_pylist()) == sorted(f"v{visit}" for visit in range(60))
    assert min(waits) >= 0
    assert max(waits) <= 9 + 20  # the last event and the longest silence
    assert len(waits) > 15  # early, late, idle: not always the same moment


def several(events: pa.Table, seed: int = 1, **more: Any) -> pa.Table:
    """Return at most three moments of each visit."""
    with DuckEngine({"events": events, **more}) as engine:
        return training_subjects(engine, Subject.SESSION, seed=seed, of_a_visit=3)


def test_a_visit_may_be_looked_at_several_times_but_not_more_often_than_it_has_events() -> None:
    """Twenty minutes apart, so that no silence of up to twenty makes two moments one, but rarely."""
    lengths = {"one": 1, "two": 2, "five": 5}
    rows = [
        event(10 * place + step, at(minutes=21 * step), session_id=visit)
        for place, (visit, length) in enumerate(lengths.items())
        for step in range(length)
    ]

    found = several(table("events", *rows))

    assert Counter(found["subject_id"].to_pylist()) == {"one": 1, "two": 2, "five": 3}
    assert several(table("events", *rows[::-1])).equals(found)
    alone = moments(Subject.SESSION, events=table("events", *rows)).to_pylist()
    assert all(one in found.to_pylist() for one in alone)


def test_two_events_that_are_looked_at_together_are_one_moment() -> None:
    """Eighty visits of two events at once: where both are given the same silence, one is left."""
    rows = [event(2 * n + k, NOON, session_id=f"v{n}") for n in range(80) for k in range(2)]

    counted = Counter(Counter(several(table("events", *rows))["subject_id"].to_pylist()).values())

    assert counted[1] + counted[2] == 80
    # (6 / 16)^2 + 3 x (3 / 16)^2 + (1 / 16)^2 = 1 / 4 of 80 have one silence: 20, standard error 4
    assert 8 <= counted[1] <= 32


def test_an_event_known_under_two_names_is_one_event() -> None:
    """The browser turned out to be Ann's a day later; her visit is not looked at again then."""
    events = table("events", event(1, NOON, person_id="browser"))
    known = {"person_id": "browser", "canonical_id": "ann", "known_at": at(days=1)}

    found = several(events, links=table("links", known))

    assert found["person_id"].to_pylist() == ["browser"]
    assert found["as_of"][0].as_py() <= at(minutes=20)


def test_a_second_moment_is_drawn_once_every_visit_has_one() -> None:
    rows = [
        event(10 * visit + step, at(minutes=21 * step), session_id=f"v{visit}")
        for visit in range(40)
        for step in range(4)
    ]
    with DuckEngine({"events": table("events", *rows)}) as engine:
        drawn = [
            training_subjects(engine, Subject.SESSION, of_a_visit=3, most=most)
            for most in (30, 40, 60, 500)
        ]
    counted = [Counter(Counter(one["subject_id"].to_pylist()).values()) for one in drawn]
    assert counted == [{1: 30}, {1: 40}, {1: 20, 2: 20}, {3: 40}]


def test_of_many_visits_a_share_is_looked_at_at_all() -> None:
    """Of a thousand visits, fifty are wanted: some 75 are ranked, and each kept one has one moment."""
    rows = [event(k, at(minutes=k), session_id=f"v{k}") for k in range(1_000)]
    events = table("events", *rows)

    with DuckEngine({"events": events}) as engine:
        found = training_subjects(engine, Subject.SESSION, of_a_visit=3, most=50)
    with DuckEngine({"events": events.take(list(reversed(range(1_000))))}, threads=1) as engine:
        again = training_subjects(engine, Subject.SESSION, of_a_visit=3, most=50)

    assert found.num_rows == 50
    assert again.equals(found)
    third = [int(one[1:]) // 334 for one in found["subject_id"].to_pylist()]
    assert all(5 <= third.count(part) <= 28 for part in range(3)), "drawn from all of the time"


def test_a_span_of_visits_is_the_same_whatever_else_is_known() -> None:
    """Moments from the second hour on: as many as that hour has, though a thousand came before."""
    rows = [event(k, at(minutes=k / 60), session_id=f"v{k}") for k in range(1_000)]
    rows += [event(k, at(minutes=120 + k), session_id=f"v{k}") for k in range(1_000, 1_020)]

    with DuckEngine({"events": table("events", *rows)}) as engine:
        found = training_subjects(engine, Subject.SESSION, since=at(minutes=90), most=20)

    assert sorted(found["subject_id"].to_pylist()) == [f"v{k}" for k in range(1_000, 1_020)]


def test_another_seed_draws_other_moments() -> None:
    rows = [
        event(10 * visit + step, at(minutes=step), session_id=f"v{visit}")
        for visit in range(20)
        for step in range(10)
    ]
    events = table("events", *rows)

    first, second = (moments(Subject.SESSION, seed=seed, events=events) for seed in (1, 2))

    assert not first.equals(second)


def test_a_contact_is_looked_at_when_it_has_ended_and_its_record_is_there() -> None:
    found = moments(
        Subject.INTERACTION,
        interactions=table(
            "interactions",
            contact(1, NOON),
            contact(2, NOON, known_at=at(hours=5)),
            contact(3, NOON, ended_at=None, known_at=NOON),
            contact(4, NOON, initiated_by="engine"),
        ),
    )

    assert found.select(["subject_id", "as_of"]).to_pylist() == [
        {"subject_id": "i3", "as_of": NOON},
        {"subject_id": "i1", "as_of": at(minutes=3)},
        {"subject_id": "i2", "as_of": at(hours=5)},
    ]


def booking(number: int, person: str, day: float) -> dict[str, object]:
    return {"transaction_id": f"t{number}", "person_id": person, "ts": at(days=day)}


def test_a_person_is_looked_at_on_the_first_of_each_month_once_known() -> None:
    """Noon is 14 May: 40 days later it is 23 June, 70 days later 23 July."""
    found = moments(
        Subject.PERSON,
        transactions=table(
            "transactions", booking(1, "ann", 0), booking(2, "bob", 40), booking(3, "ann", 70)
        ),
    )

    assert [(row["subject_id"], row["as_of"].isoformat()) for row in found.to_pylist()] == [
        ("ann", "2024-06-01T00:00:00"),
        ("ann", "2024-07-01T00:00:00"),
        ("bob", "2024-07-01T00:00:00"),
    ]


def test_an_earlier_identity_is_no_person_of_its_own_once_it_is_known() -> None:
    """The alias is known from May and joined on 13 June; money moves in May, June and July."""
    found = moments(
        Subject.PERSON,
        transactions=table(
            "transactions", booking(1, "alias", 0), booking(2, "alias", 20), booking(3, "ann", 70)
        ),
        links=table(
            "links", {"person_id": "alias", "canonical_id": "ann", "known_at": at(days=30)}
        ),
    )

    assert [(row["subject_id"], row["as_of"].month) for row in found.to_pylist()] == [
        ("alias", 6),
        ("ann", 7),
    ]


def test_bounds_keep_moments_from_the_first_and_before_the_last() -> None:
    query = "SELECT interaction_id AS subject_id, person_id, ts AS as_of FROM interactions"
    rows = table("interactions", *(contact(day, at(days=day)) for day in range(4)))

    with DuckEngine({"interactions": rows}) as engine:
        found = training_subjects(
            engine, Subject.INTERACTION, query=query, since=at(days=1), until=at(days=3)
        )

    assert found["subject_id"].to_pylist() == ["i1", "i2"]


def test_a_visit_begun_anonymously_belongs_to_the_person_known_at_the_moment() -> None:
    events = table("events", event(1, NOON, person_id="browser"))
    query = "SELECT 'v' AS subject_id, 'browser' AS person_id, ts + {} AS as_of FROM events"
    known = {"person_id": "browser", "canonical_id": "ann", "known_at": at(hours=1)}
    links = table("links", known)

    people = [
        moments(
            Subject.SESSION,
            query=query.format(f"INTERVAL '{minutes}' MINUTE") + " WHERE person_id = 'browser'",
            events=events,
            links=links,
        )["person_id"].to_pylist()
        for minutes in (59, 60)
    ]

    assert people == [["browser"], ["ann"]]


def test_own_moments_of_another_shape_are_refused() -> None:
    with pytest.raises(DefinitionError, match="as_of"):
        moments(Subject.SESSION, query="SELECT session_id AS subject_id, person_id FROM events")


@pytest.mark.parametrize("subject", list(Subject))
def test_every_kind_of_subject_has_moments_of_its_own(subject: Subject) -> None:
    found = moments(subject)

    assert found.num_rows == 0
    assert default(subject, 3)


def test_an_appointment_is_looked_at_when_it_is_learned_of() -> None:
    rows = table(
        "appointments",
        {"appointment_id": "a", "person_id": "ann", "starts_at": at(days=3), "known_at": NOON},
    )

    found = moments(Subject.APPOINTMENT, appointments=rows)

    assert found["as_of"].to_pylist() == [NOON]
    assert found["as_of"][0].as_py() + timedelta(days=3) == at(days=3)


def test_of_too_many_moments_the_seed_draws_so_many_whatever_their_order() -> None:
    rows = [contact(number, at(minutes=number)) for number in range(500)]
    tables = [table("interactions", *order) for order in (rows, rows[::-1])]

    def drawn(interactions: pa.Table, seed: int) -> pa.Table:
        with DuckEngine({"interactions": interactions}) as engine:
            return training_subjects(engine, Subject.INTERACTION, seed=seed, most=100)

    first, again, other = drawn(tables[0], 1), drawn(tables[1], 1), drawn(tables[0], 2)

    assert first.num_rows == 100
    assert first.equals(again)
    assert not first.equals(other)
    halves = sum(moment < at(minutes=250) for moment in first["as_of"].to_pylist())
    assert 30 < halves < 70  # early and late alike: 50 expected, four standard errors of 5


def test_few_moments_are_all_kept() -> None:
    rows = table("interactions", contact(1, NOON), contact(2, NOON))
    with DuckEngine({"interactions": rows}) as engine:
        assert training_subjects(engine, Subject.INTERACTION, most=100).num_rows == 2


def test_moments_may_be_told_with_a_semicolon_a_comment_and_braces() -> None:
    query = (
        "SELECT 'a' AS subject_id, '{b}' AS person_id, TIMESTAMP '2026-01-01' AS as_of -- one\n;"
    )
    with DuckEngine({}) as engine:
        found = training_subjects(engine, Subject.SESSION, query=query)
    assert found["person_id"].to_pylist() == ["{b}"]

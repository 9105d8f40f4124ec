"""A visit of the past is looked at as the engine would have: after each event, and as it falls silent."""

from __future__ import annotations

from datetime import timedelta

import pyarrow as pa

from engage.domain.scores import Subject
from engage.features.engines.duckdb import DuckEngine
from engage.features.looks import HOURS_BEFORE, SILENT_MIN, count, looks
from tests.features.rows import NOON, at, contact, event, table

DAY = timedelta(days=1)


def looked(subject: Subject, share: float = 1.0, **relations: pa.Table) -> pa.Table:
    with DuckEngine(relations) as engine:
        return looks(engine, subject, NOON - DAY, NOON + DAY, share)


def minutes(found: pa.Table, column: str) -> list[float]:
    return [(one - NOON).total_seconds() / 60 for one in found[column].to_pylist()]


def test_a_visit_is_looked_at_at_each_event_and_into_the_silence_until_the_next() -> None:
    events = table(
        "events", *(event(n, at(minutes=m), session_id="v") for n, m in ((1, 0), (2, 6)))
    )

    found = looked(Subject.SESSION, events=events)

    # 0, 1, 2 and 5 minutes after the first; the second ends that silence, and its own goes on.
    assert minutes(found, "as_of") == [0, 1, 2, 5, *(6 + silent for silent in SILENT_MIN)]
    assert minutes(found, "moment") == [0] * 4 + [6] * len(SILENT_MIN)


def test_what_became_known_late_is_looked_at_when_it_was_known() -> None:
    late = event(1, at(minutes=0), session_id="v", known_at=at(minutes=12))
    too_late = event(2, at(minutes=0), session_id="w", known_at=at(minutes=31))

    found = looked(Subject.SESSION, events=table("events", late, too_late))

    assert set(found["subject_id"].to_pylist()) == {"v"}
    assert minutes(found, "as_of") == [
        12,
        13,
        14,
        17,
        22,
        27,
    ]  # thirty minutes from its event on it is over


def test_a_contact_is_looked_at_once_at_its_end_and_what_the_engine_began_never() -> None:
    ours = contact(2, at(minutes=0), initiated_by="engine")
    theirs = contact(1, at(minutes=0), ended_at=at(minutes=5), known_at=at(minutes=7))

    found = looked(Subject.INTERACTION, interactions=table("interactions", ours, theirs))

    assert minutes(found, "as_of") == [7]
    assert minutes(found, "moment") == [5]


def test_an_appointment_is_looked_at_as_it_comes_closer_once_it_is_agreed() -> None:
    agreed = {"appointment_id": "a1", "person_id": "ann", "starts_at": at(hours=23)}
    appointments = table("appointments", {**agreed, "known_at": at(hours=-2), "state": "booked"})

    found = looked(Subject.APPOINTMENT, appointments=appointments)

    before = [(23 * 60 - one) / 60 for one in minutes(found, "as_of")]
    assert before == [hours for hours in HOURS_BEFORE if hours <= 25]


def test_of_too_many_a_share_of_the_people_is_looked_at_with_all_they_did() -> None:
    rows = [
        event(100 * n + k, at(minutes=k), person_id=f"p{n}", session_id=f"v{n}")
        for n in range(400)
        for k in range(3)
    ]
    events = table("events", *rows)
    with DuckEngine({"events": events}) as engine:
        whole = count(engine, Subject.SESSION, NOON - DAY, NOON + DAY)
    quarter = looked(Subject.SESSION, 0.25, events=events)

    assert whole == 400 * (1 + 1 + len(SILENT_MIN))
    people = quarter["person_id"].unique()
    # 400 draws of a quarter: 100, and 5 standard deviations of 8.7 on either side.
    assert 56 < len(people) < 144
    assert quarter.num_rows == len(people) * (1 + 1 + len(SILENT_MIN))

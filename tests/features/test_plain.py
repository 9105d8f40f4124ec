"""Subjects that no model scores have columns all the same."""

from __future__ import annotations

import pytest

from engage.domain.scores import Subject
from engage.features.build import build
from engage.features.engines.duckdb import DuckEngine
from engage.features.frame import columns_of
from engage.features.plain import plain
from engage.features.predicates import check, evaluate
from tests.features.rows import NOON, at, subjects, table


def test_an_appointment_tells_when_it_is_and_how_it_stands() -> None:
    found = plain(Subject.APPOINTMENT)
    assert found is not None
    rows = [
        {"appointment_id": "a", "starts_at": at(hours=6), "kind": "advice", "state": "booked"},
        {"appointment_id": "b", "starts_at": at(hours=-1.5), "kind": "call", "state": "cancelled"},
        {"appointment_id": "c", "starts_at": at(hours=1), "known_at": at(hours=1)},
    ]
    appointments = table(
        "appointments", *({"person_id": "ann", "known_at": at(days=-1), **row} for row in rows)
    )
    given = subjects(*((name, "ann", NOON) for name in "abc"))

    with DuckEngine({"appointments": appointments}) as engine:
        frame = build(engine, found.query, found.features, given)

    assert frame.select(["hours_until", "kind", "state"]).to_pylist() == [
        {"hours_until": 6.0, "kind": "advice", "state": "booked"},
        {"hours_until": -1.5, "kind": "call", "state": "cancelled"},
        {"hours_until": None, "kind": None, "state": None},
    ]
    soon = {"reminder": "hours_until between 0 and 24 and state <> 'cancelled'"}
    assert evaluate(soon, frame)["reminder"].tolist() == [True, False, False]
    check(soon["reminder"], columns_of({"appointment": found.features}))


@pytest.mark.parametrize("subject", [Subject.SESSION, Subject.INTERACTION, Subject.PERSON])
def test_other_subjects_get_their_columns_from_models(subject: Subject) -> None:
    assert plain(subject) is None

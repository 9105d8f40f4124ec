"""A goal counts between qualifying and the end of the horizon, once it is known."""

from __future__ import annotations

from typing import Any

import pytest

from engage.measure.attribution import first_of_trigger
from engage.measure.reached import goal_reached, ripe
from tests.measure.conftest import DAY, START, at, history, qualifications

GOALS = {"call_unresolved": "submitted"}


@pytest.mark.parametrize(
    ("outcome", "counts"),
    [
        ({"at": 5}, True),
        ({"at": 7}, True),
        ({"at": 0}, False),
        ({"at": 7.01}, False),
        ({"at": 5, "known_at": at(20)}, True),
        ({"at": 5, "known_at": at(31)}, False),
        ({"at": 5, "goal": "other"}, False),
        ({"at": 5, "person_id": "somebody"}, False),
    ],
    ids=["within", "last moment", "at once", "late", "learned late", "unknown", "other", "else"],
)
def test_an_outcome_counts_within_the_horizon(outcome: dict[str, Any], counts: bool) -> None:
    row = {"person_id": "a", "goal": "submitted", **outcome}
    now = START + 30 * DAY
    with history(outcomes=[row]) as engine:
        units = first_of_trigger(engine, qualifications({"person_id": "a"}), now)
        assert goal_reached(engine, units, GOALS, now).tolist() == [float(counts)]


def test_an_outcome_of_an_earlier_identity_counts() -> None:
    now = START + 30 * DAY
    with history(
        outcomes=[{"person_id": "browser", "goal": "submitted", "at": 3}],
        links=[{"person_id": "browser", "canonical_id": "a", "at": 4}],
    ) as engine:
        units = first_of_trigger(engine, qualifications({"person_id": "a"}), now)
        assert goal_reached(engine, units, GOALS, now).tolist() == [1.0]


def test_only_windows_that_have_run_their_course_are_ripe() -> None:
    now = START + 10 * DAY
    with history() as engine:
        units = first_of_trigger(engine, qualifications({"at": 0}, {"at": 3}, {"at": 3.01}), now)
        assert ripe(units, now).tolist() == [True, True, False]
        assert goal_reached(engine, units, GOALS, now).tolist() == [0.0, 0.0, 0.0]

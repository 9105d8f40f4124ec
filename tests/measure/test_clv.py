"""Predicted value before and after, by one artifact; saved and expanded add up to the change."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from engage.errors import DefinitionError
from engage.measure import clv
from engage.measure.attribution import first_of_trigger
from tests.measure.conftest import DAY, START, at, history, qualifications

NOW = START + 40 * DAY


def units(*rows: dict[str, object]) -> pa.Table:
    """Return the units of these qualifications."""
    with history() as engine:
        return first_of_trigger(engine, qualifications(*rows), NOW)


def valued(rows: list[tuple[str, float, float]], artifact: str = "art_1") -> pa.Table:
    """Return values of (person, day, value)."""
    return pa.table(
        {
            "person_id": [person for person, _, _ in rows],
            "as_of": pa.array([at(day) for _, day, _ in rows], pa.timestamp("us")),
            "artifact_id": [artifact] * len(rows),
            "value_minor": [value for _, _, value in rows],
        }
    )


def test_people_are_valued_when_they_qualify_and_thirty_days_later() -> None:
    found = clv.moments(units({"person_id": "a", "at": 0}, {"person_id": "b", "at": 20}), NOW)
    assert found.to_pylist() == [
        {"subject_id": "a", "person_id": "a", "as_of": at(0)},
        {"subject_id": "b", "person_id": "b", "as_of": at(20)},
        {"subject_id": "a", "person_id": "a", "as_of": at(30)},
    ]


def test_a_longer_horizon_is_waited_for() -> None:
    found = clv.moments(units({"person_id": "a", "days": 35.0}), NOW)
    assert found["as_of"].to_pylist() == [at(0), at(35)]


def test_a_person_in_two_triggers_is_valued_once_per_moment() -> None:
    twice = units({"person_id": "a"}, {"person_id": "a", "trigger": "call_abandoned"})
    assert clv.moments(twice, NOW).num_rows == 2


def test_snapshots_are_looked_up_for_each_unit() -> None:
    one = units({"person_id": "a", "at": 0}, {"person_id": "b", "at": 20})
    found = clv.snapshots(one, valued([("a", 30, 900), ("a", 0, 500), ("b", 20, 70)]), NOW)
    assert found.before.tolist() == [500.0, 70.0]
    assert found.after[0] == 900.0
    assert np.isnan(found.after[1])
    assert found.ripe.tolist() == [True, False]


def test_values_of_two_artifacts_are_not_compared() -> None:
    mixed = pa.concat_tables([valued([("a", 0, 500)], "art_1"), valued([("a", 30, 900)], "art_2")])
    with pytest.raises(DefinitionError, match="2 artifacts"):
        clv.snapshots(units({"person_id": "a"}), mixed, NOW)


def test_saved_and_expanded_by_hand() -> None:
    """Treated: +10 and -2. Held out: -6 and +4, everybody worth 100 before.

    Loss 1 against 3, so 2 saved; gain 5 against 2, so 3 expanded; change 4 less -1 is 5.
    """
    before = np.full(4, 100.0)
    after = before + np.array([10.0, -2.0, -6.0, 4.0])
    values = clv.Snapshots(before, after, np.ones(4, bool))
    treated = np.array([True, True, False, False])
    found = clv.compare_values(values, treated, np.ones(4, bool))
    assert found.saved.estimate == pytest.approx(2.0)
    assert found.expanded.estimate == pytest.approx(3.0)
    assert found.change.estimate.estimate == pytest.approx(5.0)
    assert all(one.surrogate for one in (found.saved, found.expanded, found.change.estimate))


def test_saved_and_expanded_add_up_whatever_the_values_before() -> None:
    rng = np.random.default_rng(1)
    before = rng.gamma(1.0, 1000.0, 500)
    values = clv.Snapshots(before, before * rng.uniform(0, 2, 500), rng.random(500) < 0.9)
    found = clv.compare_values(values, rng.random(500) < 0.5, rng.random(500) < 0.9)
    assert found.saved.estimate + found.expanded.estimate == pytest.approx(
        found.change.estimate.estimate
    )


def test_people_without_a_value_are_left_out() -> None:
    values = clv.Snapshots(np.array([1.0, np.nan] * 4), np.ones(8), np.ones(8, bool))
    found = clv.compare_values(values, np.arange(8) < 4, np.ones(8, bool))
    assert found.change.estimate.n_treated == found.change.estimate.n_held_out == 2

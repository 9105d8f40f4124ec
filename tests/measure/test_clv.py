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


def told(*rows: tuple[str, float, float, int, str]) -> clv.Imported:
    """Return statements of (person, date, known on day, value, source)."""
    names = ("person_id", "valid_from", "known_at", "value_minor", "source")
    dated = [(who, at(date), at(known), value, says) for who, date, known, value, says in rows]
    return clv.Imported(pa.Table.from_pylist([dict(zip(names, one, strict=True)) for one in dated]))


def two(*rows: tuple[str, float, float, int, str]) -> tuple[float, float]:
    """Return the values before and after of the one who qualified on day 0; day 30 is the later."""
    found = clv.told(units({"person_id": "a"}), told(*rows), NOW)
    assert found.ripe.tolist() == [True]
    return float(found.before[0]), float(found.after[0])


def test_own_values_are_the_last_of_before_and_the_first_of_after() -> None:
    years = [("a", -90, -90, 1, "x"), ("a", -20, -20, 2, "x"), ("a", 5, 5, 3, "x")]
    assert two(*years, ("a", 31, 31, 4, "x"), ("a", 38, 38, 5, "x")) == (2.0, 4.0)
    assert two(*years, ("a", 30, 30, 4, "x")) == (2.0, 4.0)
    assert two(("a", 0, 0, 2, "x"), ("a", 31, 31, 4, "x")) == (2.0, 4.0)


def test_own_values_count_once_they_are_known() -> None:
    """The one of day -5 came in on day 3; that of day 31 on day 41, the day after tomorrow."""
    first = ("a", -20, -20, 2, "x")
    assert two(first, ("a", -5, 3, 9, "x"), ("a", 31, 32, 4, "x")) == (2.0, 4.0)
    before, after = two(first, ("a", 31, 41, 4, "x"))
    assert (before, np.isnan(after)) == (2.0, True)


def test_an_old_value_that_was_put_right_later_is_no_value_of_after() -> None:
    before, after = two(("a", -20, -20, 2, "x"), ("a", -20, 35, 9, "x"))
    assert (before, np.isnan(after)) == (2.0, True)


def test_another_method_is_no_change_of_the_customer() -> None:
    first = ("a", -20, -20, 2, "x")
    assert np.isnan(two(first, ("a", 31, 31, 4, "y"))[1])
    assert two(first, ("a", 31, 31, 4, "y"), ("a", 35, 35, 6, "x")) == (2.0, 6.0)


def test_who_lacks_one_of_the_two_is_left_out_and_counted() -> None:
    """Two a side have both; a third treated one has no value of after, one more waits for day 30."""
    people: list[dict[str, object]] = [{"person_id": f"p{one}"} for one in range(5)]
    people.append({"person_id": "p5", "at": 20})
    both = [(f"p{one}", day, day, 10, "x") for one in range(6) for day in (-1, 31)]
    found = clv.told(units(*people), told(*(row for row in both if row[:2] != ("p4", 31))), NOW)
    arm = np.array([True, True, False, False, True, True])
    change = clv.compare_values(found, arm, np.ones(6, bool))
    assert (change.change.estimate.n_treated, change.change.estimate.n_held_out) == (2, 2)
    assert change.without == 1

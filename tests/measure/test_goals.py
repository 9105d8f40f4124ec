"""A goal is found in the rows of its relation, once."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa
import pytest

from engage.domain.appointments import APPOINTMENTS
from engage.domain.events import EVENTS
from engage.domain.goals import RECOVERED, Goal
from engage.domain.transactions import TRANSACTIONS
from engage.errors import DefinitionError, PredicateRefused
from engage.features.schema import arrow_schema
from engage.measure.goals import reached

DAY = datetime(2026, 3, 2, 21, 0)  # noqa: DTZ001 - frames hold UTC without a zone
SUBMITTED = Goal("submitted", "events", "type = 'track' and name = 'submitted'", 240_000)
BOUGHT = Goal("bought", "transactions", "amount_minor > 0", 5, value_column="margin_minor")


def events(*names: str) -> pa.Table:
    """Return one event of each name."""
    rows = [
        {
            "event_id": f"evt_{one}",
            "person_id": f"per_{one}",
            "ts": DAY,
            "known_at": DAY,
            "type": "track",
            "name": name,
        }
        for one, name in enumerate(names)
    ]
    return pa.Table.from_pylist(rows, arrow_schema(EVENTS))


def bookings(*margins: int | None) -> pa.Table:
    """Return one booking of each margin."""
    rows = [
        {
            "transaction_id": f"trx_{one}",
            "person_id": "per_1",
            "ts": DAY,
            "known_at": DAY,
            "amount_minor": 100,
            "margin_minor": margin,
        }
        for one, margin in enumerate(margins)
    ]
    return pa.Table.from_pylist(rows, arrow_schema(TRANSACTIONS))


def test_rows_for_which_the_condition_holds_are_outcomes() -> None:
    found = reached([SUBMITTED], EVENTS, events("submitted", "opened")).to_pylist()
    assert [one["person_id"] for one in found] == ["per_0"]
    assert found[0]["goal"] == "submitted"
    assert found[0]["ts"] == found[0]["known_at"] == DAY
    assert found[0]["value_minor"] == 240_000


def test_looking_twice_finds_the_same_outcomes() -> None:
    rows = events("submitted", "submitted")
    again = reached([SUBMITTED], EVENTS, rows.take([1, 0]))
    ids = reached([SUBMITTED], EVENTS, rows)["outcome_id"].to_pylist()
    assert sorted(ids) == sorted(again["outcome_id"].to_pylist())
    assert len(set(ids)) == 2


def test_one_row_may_reach_several_goals() -> None:
    opened = Goal("anything", "events", "type = 'track'")
    found = reached([SUBMITTED, opened], EVENTS, events("submitted"))
    assert sorted(found["goal"].to_pylist()) == ["anything", "submitted"]
    assert len(set(found["outcome_id"].to_pylist())) == 2


def test_the_value_is_read_from_its_column_else_the_goals_own() -> None:
    found = reached([BOUGHT], TRANSACTIONS, bookings(300, None, -40))
    assert found["value_minor"].to_pylist() == [300, 5, -40]


def test_an_appointment_counts_when_it_was_to_begin() -> None:
    later = datetime(2026, 3, 9, 10, 0)  # noqa: DTZ001 - frames hold UTC without a zone
    row = {"appointment_id": "apt_1", "person_id": "per_1", "starts_at": later, "known_at": DAY}
    rows = pa.Table.from_pylist([{**row, "state": "kept"}], arrow_schema(APPOINTMENTS))
    found = reached([Goal("kept", "appointments", "state = 'kept'")], APPOINTMENTS, rows)
    assert found["ts"].to_pylist() == [later]


def test_goals_of_other_relations_and_recovery_are_passed_over() -> None:
    recovered = Goal(RECOVERED, "events", "type = 'track'")
    assert reached([BOUGHT, recovered], EVENTS, events("submitted")).num_rows == 0


def test_no_rows_reach_nothing() -> None:
    assert reached([SUBMITTED], EVENTS, events()).num_rows == 0


def test_a_condition_that_is_not_allowed_is_refused() -> None:
    wrong = Goal("wrong", "events", "name in (select name from events)")
    with pytest.raises(PredicateRefused):
        reached([wrong], EVENTS, events("submitted"))


@pytest.mark.parametrize("column", ["product", "margin"])
def test_a_value_column_without_numbers_is_refused(column: str) -> None:
    wrong = Goal("wrong", "transactions", "amount_minor > 0", value_column=column)
    with pytest.raises(DefinitionError, match=f"value_column '{column}' holds no numbers"):
        reached([wrong], TRANSACTIONS, bookings(1))

"""Each person is compared once, on the side they were first assigned to."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from engage.errors import DefinitionError
from engage.measure.attribution import first_of_all, first_of_long_term, first_of_trigger
from tests.measure.conftest import DAY, START, at, history, qualifications

NOW = START + 100 * DAY


def units(*rows: dict[str, Any], links: list[dict[str, Any]] | None = None) -> list[dict[str, Any]]:
    """Return the units of the triggers' effects."""
    with history(links=links or []) as engine:
        found: list[dict[str, Any]] = first_of_trigger(
            engine, qualifications(*rows), NOW
        ).to_pylist()
        return found


def test_the_first_qualification_for_a_trigger_counts() -> None:
    found = units(
        {"person_id": "a", "at": 3, "arm_trigger": "held_out"},
        {"person_id": "a", "at": 1, "arm_trigger": "held_out"},
        {"person_id": "b", "at": 2},
    )
    assert [(one["person_id"], one["decision_id"]) for one in found] == [
        ("a", "dec_0001"),
        ("b", "dec_0002"),
    ]
    assert [one["treated"] for one in found] == [False, True]
    assert found[0]["qualifications"] == 2


def test_each_trigger_has_units_of_its_own() -> None:
    found = units({"person_id": "a"}, {"person_id": "a", "trigger": "call_abandoned", "at": 4})
    assert [one["trigger"] for one in found] == ["call_abandoned", "call_unresolved"]


def test_the_globally_held_out_are_on_neither_side_of_a_trigger() -> None:
    (found,) = units({"person_id": "a", "arm_global": "held_out", "arm_trigger": None})
    assert (found["randomised"], found["held_out"]) == (False, True)


def test_who_was_never_drawn_is_compared_with_nobody() -> None:
    (found,) = units({"person_id": "a", "arm_global": None, "arm_trigger": None})
    assert (found["randomised"], found["held_out"], found["treated"]) == (False, False, False)


def test_the_first_randomised_qualification_counts() -> None:
    """Somebody who had to be served first, and was drawn later."""
    (found,) = units(
        {"person_id": "a", "at": 0, "arm_global": None, "arm_trigger": None},
        {"person_id": "a", "at": 5, "arm_trigger": "held_out"},
    )
    assert (found["decision_id"], found["randomised"], found["treated"]) == (
        "dec_0001",
        True,
        False,
    )


def test_two_identities_of_a_person_are_one_on_the_side_of_the_earliest() -> None:
    link = {"person_id": "browser", "canonical_id": "a", "at": 3}
    (found,) = units(
        {"person_id": "browser", "at": 1, "arm_trigger": "held_out"},
        {"person_id": "a", "at": 2, "arm_trigger": "treated"},
        links=[link],
    )
    assert (found["person_id"], found["treated"], found["mixed"]) == ("a", False, True)


def test_an_identity_that_was_held_out_of_everything_takes_the_person_along() -> None:
    """The earliest global arm wins: later treated rows of the other identity compare with nobody."""
    link = {"person_id": "browser", "canonical_id": "a", "at": 3}
    (found,) = units(
        {"person_id": "browser", "at": 1, "arm_global": "held_out", "arm_trigger": None},
        {"person_id": "a", "at": 2},
        links=[link],
    )
    assert (found["randomised"], found["held_out"], found["mixed"]) == (False, True, True)


def test_people_on_one_side_only_are_not_called_mixed() -> None:
    assert not units({"person_id": "a"}, {"person_id": "a", "at": 2})[0]["mixed"]


def test_being_contacted_later_counts_for_the_person() -> None:
    found = units(
        {"person_id": "a", "contacted": False, "accepted": False},
        {"person_id": "a", "at": 2, "contacted": True, "accepted": True},
        {"person_id": "b", "contacted": None},
    )
    assert [(one["contacted"], one["accepted"]) for one in found] == [(True, True), (False, False)]


def test_qualifications_after_the_moment_of_looking_are_not_there() -> None:
    assert len(units({"at": 99}, {"at": 101})) == 1


def test_the_global_effect_starts_with_the_first_qualification_of_all() -> None:
    rows = qualifications(
        {"person_id": "a", "at": 2},
        {"person_id": "a", "at": 1, "trigger": "call_abandoned"},
        {"person_id": "b", "at": 1, "arm_global": "held_out", "arm_trigger": None},
    )
    with history() as engine:
        found = first_of_all(engine, rows, NOW).to_pylist()
    assert [(one["person_id"], one["trigger"], one["treated"]) for one in found] == [
        ("a", "call_abandoned", True),
        ("b", "call_unresolved", False),
    ]


def test_the_order_of_the_rows_does_not_matter() -> None:
    rows = qualifications(*({"person_id": f"p{one % 7}", "at": one % 5} for one in range(40)))
    with history() as engine:
        found = first_of_trigger(engine, rows, NOW)
        assert found.equals(first_of_trigger(engine, rows.take(list(range(39, -1, -1))), NOW))


def test_a_horizon_may_stand_for_its_end() -> None:
    rows = qualifications({"person_id": "a", "at": 1})
    spans = pa.array([7 * DAY], pa.duration("us"))
    with history() as engine:
        found = first_of_trigger(
            engine, rows.drop_columns(["until"]).append_column("horizon", spans), NOW
        )
        assert found.equals(first_of_trigger(engine, rows, NOW))


@pytest.mark.parametrize("column", ["arm_trigger", "until", "person_id"])
def test_a_missing_column_is_named(column: str) -> None:
    with history() as engine, pytest.raises(DefinitionError, match=column):
        first_of_trigger(engine, qualifications({}).drop_columns([column]), NOW)


TURNS = {"turn": "global@2026-01-01/2026-01-31", "turn_ends": at(30)}
NEXT = {"turn": "global@2026-01-31/2026-03-02", "turn_ends": at(60)}
LONG = {"long_term": "long_term@2026-12-31", "long_term_ends": at(364), "share_long_term": 0.1}
HELD: dict[str, Any] = {"arm_global": "held_out", "arm_trigger": None}


def whole(*rows: dict[str, Any]) -> list[dict[str, Any]]:
    every = dict.fromkeys([*TURNS, *LONG, "arm_long_term"])
    with history() as engine:
        found = first_of_all(engine, qualifications(*(every | one for one in rows)), NOW)
        return list(found.to_pylist())


def test_each_person_counts_once_in_each_turn_on_the_side_of_that_turn() -> None:
    found = whole(
        {"person_id": "a", "at": 1, **TURNS},
        {"person_id": "a", "at": 2, **TURNS},
        {"person_id": "a", "at": 31, **NEXT, **HELD},
        {"person_id": "a", "at": 33, **NEXT, **HELD},
    )
    assert [(one["qualified_at"], one["arm"], one["held_out"]) for one in found] == [
        (at(1), "treated", False),
        (at(31), "held_out", True),
    ]
    assert not any(one["mixed"] for one in found)


def test_a_horizon_that_the_turn_cuts_off_is_said() -> None:
    """A week from day 23 on ends with the turn, on day 30; from a little later it does not."""
    found = whole(
        {"person_id": "a", "at": 23, **TURNS},
        {"person_id": "b", "at": 23.1, **TURNS},
        {"person_id": "c", "at": 23.1},
    )
    assert [(one["person_id"], one["cut"]) for one in found] == [
        ("a", False),
        ("b", True),
        ("c", False),
    ]


def test_a_triggers_effect_takes_a_person_once_over_all_turns() -> None:
    """Held out of everything first, in washout then, and treated in the next turn: counted there."""
    (found,) = units(
        {"person_id": "a", "at": 1, **TURNS, **HELD},
        {
            "person_id": "a",
            "at": 31,
            "arm_global": None,
            "arm_trigger": None,
            **dict.fromkeys(TURNS),
        },
        {"person_id": "a", "at": 50, **NEXT},
        {"person_id": "a", "at": 61, **NEXT, "arm_trigger": None, "arm_global": "held_out"},
    )
    assert (found["qualified_at"], found["arm"], found["cut"]) == (at(50), "treated", False)


def test_the_long_term_group_is_compared_by_itself() -> None:
    rows = [
        {"person_id": "a", "at": 1, **TURNS, **LONG, "arm_long_term": "treated"},
        {"person_id": "b", "at": 1, **TURNS, **HELD, **LONG, "arm_long_term": "treated"},
        {"person_id": "c", "at": 1, **dict.fromkeys(TURNS), **HELD, **LONG}
        | {"arm_long_term": "held_out"},
        {"person_id": "c", "at": 40, **dict.fromkeys(TURNS), **HELD, **LONG}
        | {"arm_long_term": "held_out"},
    ]
    assert [(one["person_id"], one["arm"]) for one in whole(*rows)] == [
        ("a", "treated"),
        ("b", "held_out"),
    ]
    with history() as engine:
        found = first_of_long_term(engine, qualifications(*rows), NOW).to_pylist()
    told = [(one["person_id"], one["arm"], one["held_out"], one["share"]) for one in found]
    assert told == [
        ("a", "treated", False, 0.1),
        # Held out for a turn, which is not all the time.
        ("b", "treated", False, 0.1),
        ("c", "held_out", True, 0.1),
    ]

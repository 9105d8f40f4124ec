"""Goals are found in the last word on each contact; what was none in the end is taken back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pyarrow as pa
import pytest

from engage.app.intake import take
from engage.collect.schema import arrow_schema
from engage.domain.interactions import INTERACTIONS
from tests.bank import MORNING, Bank, MakeBank

GOALS = """
[goals.solved]
relation = "interactions"
when = "resolved = 'true'"
value_minor = 100
value_column = "survey_score"

[goals.talked]
relation = "interactions"
when = "not abandoned"
"""
END = MORNING.replace(tzinfo=None) - timedelta(hours=1)


def says(bank: Bank, resolved: str, one: str = "int_1", **columns: Any) -> None:
    """Let the record of a call that ended an hour before the morning say this now."""
    row = {"interaction_id": one, "person_id": "per_ann", "ts": END, "ended_at": END}
    row |= {"known_at": bank.app.now().replace(tzinfo=None), "channel": "call"}
    row |= {"initiated_by": "customer", "abandoned": False, "resolved": resolved}
    table = pa.Table.from_pylist([row | columns], schema=arrow_schema(INTERACTIONS))
    take(bank.app.store, {"interactions": table}, now=bank.app.now())
    bank.later(hours=2)


def reached(bank: Bank) -> list[tuple[str, int]]:
    """Return the goals that were reached, in the history as in the database."""
    query = "select goal, value_minor from outcomes where not gone order by goal"
    found = [(row["goal"], row["value_minor"]) for row in bank.rows(query)]
    rows = bank.app.history.table("outcomes").sort_by("goal").to_pylist()
    assert [(row["goal"], row["value_minor"]) for row in rows] == found
    return found


@pytest.mark.parametrize("archived", [False, True], ids=["hot", "archived"])
def test_outcomes_follow_the_last_word_on_a_contact(make_bank: MakeBank, *, archived: bool) -> None:
    bank = make_bank(more=GOALS)
    jobs = ["archive_history"] if archived else []
    says(bank, "true")
    assert bank.run("record_outcomes").done == 2
    bank.run(*jobs)
    assert reached(bank) == [("solved", 100), ("talked", 0)]

    says(bank, "false")
    assert bank.run("record_outcomes").done == 1
    bank.run(*jobs)
    assert reached(bank) == [("talked", 0)]

    says(bank, "true", survey_score=5.0)
    assert bank.run("record_outcomes").done == 1
    bank.run(*jobs)
    assert reached(bank) == [("solved", 5), ("talked", 0)]
    bank.later(hours=2)
    assert bank.run("record_outcomes").done == 0


def test_a_correction_that_changes_no_goal_changes_no_outcome(make_bank: MakeBank) -> None:
    bank = make_bank(more=GOALS)
    says(bank, "true")
    bank.run("record_outcomes")
    before = bank.rows("select * from outcomes order by outcome_id")
    says(bank, "true", topic="card")
    assert (bank.count("corrections"), bank.run("record_outcomes").done) == (1, 0)
    assert bank.rows("select * from outcomes order by outcome_id") == before


def test_a_correction_found_with_its_record_counts_as_the_last_word(make_bank: MakeBank) -> None:
    bank = make_bank(more=GOALS)
    says(bank, "true")
    says(bank, "false")
    says(bank, "true", one="int_2")
    bank.run("record_outcomes")
    assert reached(bank) == [("solved", 100), ("talked", 0), ("talked", 0)]

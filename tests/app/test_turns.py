"""The held-out take turns, on both databases: stored, told, reported, and made again."""

from __future__ import annotations

from typing import Any

import pytest

from engage.app.effects import build_report
from engage.app.left_alone import chances_alone
from engage.app.qualified import qualified
from engage.app.replay.replaying import replay
from engage.errors import SettingsError
from engage.settings import parse
from tests.app.test_replay import failed
from tests.bank import Bank, MakeBank

# 3 March 2026 is day 20,515 since 1970; of turns of 20 days it is in 20,500 to 20,520.
FIRST, SECOND = "global@2026-02-16/2026-03-08", "global@2026-03-08/2026-03-28"
LONG = "long_term@2026-12-31"
TURNING = {
    r"holdout_global = 0\.1": "holdout_global = 0.5",
    r"(?m)^rotation_d = 0": "rotation_d = 20",
    r"(?m)^washout_d = 30": "washout_d = 3",
    r"(?m)^long_term = 0": "long_term = 0.2",
    r'(?m)^long_term_until = ""': 'long_term_until = "2026-12-31"',
}
PEOPLE = 30


@pytest.fixture
def turning(make_bank: MakeBank) -> Bank:
    """Return a bank in which the same people left a form in one turn, and again in the next."""
    bank = make_bank(TURNING)
    bank.abandon_forms(PEOPLE)
    bank.later(days=6)
    bank.abandon_forms(PEOPLE)
    return bank


def stored(bank: Bank) -> dict[tuple[str, str], str]:
    return {
        (row["person_id"], row["scope"]): row["arm"]
        for row in bank.rows("select * from assignments")
    }


def decided(bank: Bank) -> list[dict[str, Any]]:
    return bank.rows("select * from decisions order by decided_at, decision_id")


def test_arms_are_those_of_the_turn_and_of_the_long_term_group(turning: Bank) -> None:
    arms, rows = stored(turning), decided(turning)
    first, second = rows[:PEOPLE], rows[PEOPLE:]
    assert {scope for _, scope in arms if "@" in scope} == {FIRST, SECOND, LONG}
    for row in first:
        who = row["person_id"]
        long = arms[who, LONG]
        assert row["arm_global"] == (long if long == "held_out" else arms[who, FIRST])
    for row in second:
        who = row["person_id"]
        # 9 March is within three days of the end of the first turn.
        resting = arms.get((who, FIRST)) == "held_out"
        long = arms[who, LONG]
        expected = long if long == "held_out" else None if resting else arms[who, SECOND]
        assert row["arm_global"] == expected
        assert ((who, SECOND) in arms) == (long == "treated" and not resting)
    assert [row for row in second if row["arm_global"] is None and row["arm"] == "treated"]


def test_what_measuring_begins_with_names_the_turn_of_each_decision(turning: Bank) -> None:
    arms = stored(turning)
    found = qualified(turning.app).to_pylist()
    assert len(found) == turning.count("decisions") > PEOPLE
    for row in found:
        who = row["person_id"]
        assert (row["long_term"], row["arm_long_term"]) == (LONG, arms[who, LONG])
        assert row["share_long_term"] == 0.2
        if row["turn"]:
            assert row["arm_global"] == arms[who, row["turn"]]
            assert row["share_global"] == 0.5
            assert (row["turn"] == FIRST) == (row["qualified_at"].day == 3)
        else:
            assert row["arm_global"] != "treated"


def test_the_report_counts_turns_and_the_long_term_group(turning: Bank) -> None:
    found, arms = build_report(turning.app), stored(turning)
    for turn in (FIRST, SECOND):
        assert found["global"]["turns"][turn] == sum(scope == turn for _, scope in arms)
    assert found["long_term"]["turns"] == {LONG: PEOPLE}
    held = sum(arm == "held_out" for (_, scope), arm in arms.items() if scope == LONG)
    assert found["long_term"]["held_out"] == held


def test_turns_come_out_the_same_again(turning: Bank) -> None:
    found = replay(turning.app, 1000)
    assert failed(found) == {}
    assert found.identical == found.decisions > PEOPLE


def test_an_arm_of_a_turn_that_was_altered_is_named(turning: Bank) -> None:
    row = next(row for row in decided(turning)[:PEOPLE] if row["arm_global"] == "treated")
    turning.change(
        "update assignments set arm = 'held_out' where person_id = :p and scope = :s",
        p=row["person_id"],
        s=FIRST,
    )
    assert set(failed(replay(turning.app, 1000))) == {"arms"}


def test_the_chance_to_be_left_alone_is_that_of_both_draws(turning: Bank) -> None:
    shares = {
        (row["decided_at"].day, round(row["share_global"], 9))
        for row in chances_alone(turning.app).to_pylist()
        if row["share_global"] is not None
    }
    # .2 + .8 x .5 = .6
    assert {share for _, share in shares} == {0.6}


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"long_term": 0.05}, "name the day on which it ends"),
        ({"long_term": 0.05, "long_term_until": "soon"}, "'soon' is no day; write it as 2027"),
        ({"long_term": 0.05, "long_term_until": "2027-02-30"}, "'2027-02-30' is no day: day is"),
        ({"rotation_d": -1}, "rotation_d: -1 does not fit"),
    ],
)
def test_a_cohort_without_a_sound_end_is_refused(table: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        parse({"assignment": table})


def test_a_turn_shorter_than_a_horizon_is_refused(make_bank: MakeBank) -> None:
    """The longest horizon of the shipped triggers is 14 days."""
    with pytest.raises(SettingsError, match=r"rotation_d = 14 days is over before its 14 days are"):
        make_bank({r"(?m)^rotation_d = 0": "rotation_d = 14"})

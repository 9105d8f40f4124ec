from __future__ import annotations

from typing import Any

import pytest

from engage.domain.actions import ContactClass
from tests.decide.world import PLAN, World, only, person, trigger

TWO = World(triggers=(trigger("calm", actions=("sms",)), trigger("night", actions=("chat",))))


def both(world: World, **stakes: int) -> list[dict[str, Any]]:
    given = {"calm": 100_000, "night": 100_000} | stakes
    return [
        world.candidate(trigger=name, subject_id=f"ses_{name}", stake_minor=stake)
        for name, stake in given.items()
    ]


def test_the_candidate_worth_most_wins_and_the_other_waits() -> None:
    decided = TWO.decide(both(TWO))
    # .04 x 100,000 - 6 x 50 - 50 = 3,650 at night; .01 x 100,000 - 28 = 972 in calm.
    assert only(decided.decisions)["trigger"] == "night"
    assert only(decided.refusals)["trigger"] == "calm"
    assert only(decided.refusals)["reasons"] == ["open_action"]


def test_a_higher_stake_turns_the_choice() -> None:
    # .01 x 368,000 - 28 = 3,652 is more than 3,650.
    assert only(TWO.decide(both(TWO, calm=368_000)).decisions)["trigger"] == "calm"


def test_who_cannot_be_offered_anything_does_not_stand_in_the_way() -> None:
    decided = TWO.with_person(by_subject={("chat", "ses_night"): 1}).decide(both(TWO))
    assert only(decided.decisions)["trigger"] == "calm"
    assert only(decided.refusals)["reasons"] == ["cap"]


@pytest.mark.parametrize("arm_night", ["treated", "held_out"])
@pytest.mark.parametrize("arm_global", ["treated", "held_out"])
def test_both_arms_lose_the_same_candidates(arm_global: str, arm_night: str) -> None:
    world = TWO.but(people={"per_a": person(**{"arm_global": arm_global, "arm:night": arm_night})})
    decided = world.decide(both(world))
    assert only(decided.decisions)["trigger"] == "night"
    assert only(decided.refusals)["trigger"] == "calm"
    assert only(decided.refusals)["reasons"] == ["open_action"]


def test_what_was_asked_for_comes_before_any_value() -> None:
    asked = trigger("reminder", actions=("sms",), contact_class=ContactClass.REQUESTED)
    world = World(triggers=(trigger("night", actions=("chat",)), asked))
    rows = [
        world.candidate(trigger="night", stake_minor=10**9),
        world.candidate(trigger="reminder", subject_id="apt_1", stake_minor=0),
    ]
    decided = world.decide(rows)
    assert only(decided.decisions)["trigger"] == "reminder"
    # .01 x 0 - 8 for the message: not weighed, because it was asked for; nor is it annoying.
    assert only(decided.decisions)["values"]["sms"]["total"] == -8
    assert only(decided.decisions)["values"]["sms"]["annoyance"] == 0


def test_two_subjects_of_one_trigger_are_one_decision() -> None:
    world = World()
    rows = [world.candidate(subject_id=f"ses_{i}", stake_minor=1_000 * i) for i in range(5, 10)]
    decided = world.decide(rows)
    assert only(decided.decisions)["subject_id"] == "ses_9"
    assert len(decided.refusals) == 4


def test_a_tie_goes_by_trigger_and_then_by_subject() -> None:
    world = World(triggers=(trigger("b"), trigger("a")))
    rows = [
        world.candidate(trigger=name, subject_id=subject)
        for name, subject in (("b", "ses_1"), ("a", "ses_2"), ("a", "ses_1"))
    ]
    for ordered in (rows, rows[::-1]):
        winner = only(world.decide(ordered).decisions)
        assert (winner["trigger"], winner["subject_id"]) == ("a", "ses_1")


def test_the_value_of_an_action_keeps_its_parts() -> None:
    parts = only(World().decide().decisions)["values"]["chat"]
    assert parts == {
        "uplift": 0.04,
        "stake": 100_000,
        "cost": 0,
        "price": 300,
        "annoyance": 50,
        "total": 3_650,
        "minutes": 6.0,
        "refused": [],
    }


def test_a_learned_lift_comes_before_the_believed_one() -> None:
    world = World()
    learned = world.candidate(**{"lift:chat": 0.001, "lift:sms": None})
    decision = only(world.decide([learned]).decisions)
    assert decision["values"]["chat"]["uplift"] == 0.001
    assert decision["values"]["sms"]["uplift"] == 0.01
    assert decision["action"] == "sms"
    assert decision["features"] == {}


def test_a_queue_without_a_price_costs_nothing() -> None:
    plan = World().but(plan=type(PLAN)(PLAN.version, PLAN.free_now, PLAN.slots, {}))
    assert only(plan.decide().decisions)["values"]["chat"]["price"] == 0

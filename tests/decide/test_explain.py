from __future__ import annotations

from datetime import timedelta

import pytest

from engage.decide.explain import details, story
from engage.decide.passed import ARMS, rules
from engage.domain.actions import ContactClass
from engage.domain.reasons import Reason
from engage.features.definition import Feature
from tests.decide.world import PLAN, World, only, person, trigger


def told(world: World, **more: object) -> str:
    row = world.candidate(**more)
    decision = only(world.decide([row]).decisions)
    meanings = {
        "views": Feature("views", "integer", "used the calculator {value} times"),
        "local_hour": Feature("local_hour", "integer", "hour of the day where the visitor is"),
    }
    lines = story(decision, world.triggers[0], ["  it was late"], "EUR")
    return "\n".join([*lines, *details(decision, meanings)])


def test_the_story_goes_from_the_condition_to_the_action() -> None:
    text = told(World(), views=3, local_hour=22, logged_in=True, intent=0.41234567)
    assert text.splitlines() == [
        "2026-11-03 12:00:00  night (version 1) fired for ses_1 of per_a.",
        "Its condition is: true. Its goal is applied within 14 days.",
        "  it was late",
        "  chat was worth 36.50 EUR: +4.00 points of 1,000.00 EUR, less 3.00 EUR for 6.0 minutes of the agent's time, less 0.50 EUR for the annoyance.",
        "  sms was worth 9.72 EUR: +1.00 points of 1,000.00 EUR, less 0.08 EUR for the channel, less 0.20 EUR for the annoyance.",
        "The person is in the treated group, of everything and of this trigger.",
        f"The chances were chat 100.0 %, sms 0.0 %, none 0.0 %; the draw was {_draw():.4f}.",
        "So the person was given: chat.",
        "What was known then:",
        "  intent was 0.4123",
        "  local_hour was 22 (hour of the day where the visitor is)",
        "  logged_in was yes",
        "  used the calculator 3 times",
        # Of 22 reasons two are about the person's arm.
        "chat passed 21 rules.",
        "sms passed 21 rules.",
        "Decided by plan plan-1, policy policy-1, run run_1.",
    ]


def _draw() -> float:
    return float(only(World().decide().decisions)["draw"])


def test_what_was_not_allowed_says_why() -> None:
    text = told(World().with_person(**{"consent:sms": None}))
    assert f"  sms was not allowed: {Reason.NO_CONSENT.sentence}" in text


def test_every_rule_is_told_passed_failed_or_not_asked() -> None:
    world = World().with_person(**{"consent:sms": None})
    told = rules(only(world.decide().decisions))
    assert {one["reason"] for one in told["sms"]} == set(Reason) - set(ARMS)
    judged = {one["reason"]: one["passed"] for one in told["sms"]}
    assert judged["no_consent"] is False
    assert judged["below_price"] is None  # what is refused is not weighed
    assert all(judged[one] for one in judged if one not in {"no_consent", "below_price"})
    assert all(one["passed"] for one in told["chat"])
    assert all(one["sentence"] == Reason(one["reason"]).sentence for one in told["chat"])
    lines = details(only(world.decide().decisions))
    assert "sms passed 19 rules and failed no_consent." in lines


def test_the_held_out_are_told_as_such() -> None:
    text = told(World(people={"per_a": person(arm_global="held_out")}))
    assert Reason.HELD_OUT_GLOBAL.sentence in text
    assert "So nothing was done; what would have been done is noted" in text


def test_who_asked_for_it_takes_no_part_in_a_comparison() -> None:
    world = World().with_trigger(contact_class=ContactClass.REQUESTED, actions=("sms",))
    assert "takes no part in a comparison" in told(world)


def test_somebody_left_alone_to_learn_from() -> None:
    world = World().with_trigger(exploration=1.0, actions=("sms",))
    texts = [told(world, subject_id=f"ses_{i}") for i in range(20)]
    assert any("left alone" in text for text in texts)
    assert any("given: sms" in text for text in texts)


def test_an_imported_decision_tells_what_is_known_of_it() -> None:
    row = {
        "decision_id": "dec_1",
        "person_id": "per_a",
        "subject_id": "per_a",
        "trigger": "autumn campaign",
        "decided_at": World().now,
        "action": "mens e-mail",
        "arm": "treated",
        "propensities": None,
        "values": None,
        "features": None,
        "reasons": None,
    }
    assert story(row, None) == [
        "2026-11-03 12:00:00  autumn campaign fired for per_a of per_a.",
        "So the person was given: mens e-mail.",
    ]
    assert details(row) == []


@pytest.mark.parametrize(
    ("horizon", "words"), [(timedelta(hours=24), "24 hours"), (timedelta(days=3), "3 days")]
)
def test_a_horizon_is_told_in_hours_or_days(horizon: timedelta, words: str) -> None:
    assert f"within {words}." in told(World(plan=PLAN).with_trigger(horizon=horizon))


def test_the_artifacts_behind_the_scores_are_named() -> None:
    world = World(triggers=(trigger(),))
    assert "session_intent art_9" in told(world, artifacts={"session_intent": "art_9"})

"""An A/A comparison draws arms as always and does nothing to anybody."""

from __future__ import annotations

from dataclasses import replace

from tests.decide.test_assignment import HALF, crowd, everyone
from tests.decide.world import World, only, trigger

NULL = {"holdout": 0.5, "exploration": 0.3}


def test_both_arms_are_drawn_as_always_and_left_alone() -> None:
    world = crowd(HALF, 400, arm_global=None)
    found = world.with_trigger(**NULL, aa=True).decide(everyone(world))
    as_always = world.with_trigger(**NULL).decide(everyone(world))
    assert found.assignments.equals(as_always.assignments)
    same = ["decision_id", "arm", "arm_global", "arm_trigger", "allowed", "values", "draw"]
    assert found.decisions[same].equals(as_always.decisions[same])
    assert set(found.decisions["arm_trigger"].dropna()) == {"treated", "held_out"}
    assert (found.decisions["action"] == "none").all()
    assert (found.decisions["propensity"] == 1.0).all()
    assert {one["none"] for one in found.decisions["propensities"]} == {1.0}
    assert found.messages.empty
    assert found.contacts.empty
    # The ghosts of the held out use up nothing, as nothing is used up by the others.
    assert set(found.ghosts["action"]) == {"none"}
    assert found.ghosts["agent_minutes"].sum() == 0


def test_nobody_is_kept_from_help_by_it() -> None:
    world = World(triggers=(trigger("calm", actions=("sms",)), trigger("null", aa=True, **NULL)))
    rows = [
        world.candidate(trigger="calm", subject_id="ses_1", stake_minor=10_000, band=0.1),
        world.candidate(trigger="null", subject_id="ses_2", stake_minor=900_000),
    ]
    decided = world.decide(rows)
    assert only(decided.decisions)["trigger"] == "calm"
    assert only(decided.refusals)["trigger"] == "null"


def test_no_minute_is_wanted_for_it() -> None:
    world = World().with_trigger(holdout=0.5)
    assert len(world.decide().weighed) == 1
    null = world.but(triggers=(replace(world.triggers[0], aa=True),))
    assert null.decide().weighed.empty

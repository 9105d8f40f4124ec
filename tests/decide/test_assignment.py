from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from scipy.stats import chi2_contingency, chisquare

from engage.decide.assignment import held_out
from engage.domain.actions import ContactClass
from engage.domain.assignments import GLOBAL
from tests.decide.world import World, only, person, trigger

PEOPLE = [f"per_{i:032x}" for i in range(100_000)]
FEWER = PEOPLE[:20_000]


def drawn(
    scope: str = GLOBAL, share: float = 0.1, *, salt: bytes = b"salt", epoch: str = "1"
) -> npt.NDArray[np.bool_]:
    return held_out(FEWER, scope, share, salt=salt, epoch=epoch)


@pytest.mark.parametrize("share", [0.05, 0.1, 0.5])
def test_the_share_held_out_of_100_000_is_the_share_asked_for(share: float) -> None:
    n = int(held_out(PEOPLE, GLOBAL, share, salt=b"salt", epoch="1").sum())
    expected = [100_000 * share, 100_000 * (1 - share)]
    assert chisquare([n, 100_000 - n], expected).pvalue > 0.001


def test_scopes_epochs_and_salts_are_independent_of_one_another() -> None:
    base = drawn(share=0.5)
    for other in (
        drawn("night", share=0.5),
        drawn(share=0.5, epoch="2"),
        drawn(share=0.5, salt=b"pepper"),
    ):
        table = [
            [int((base & other).sum()), int((base & ~other).sum())],
            [int((~base & other).sum()), int((~base & ~other).sum())],
        ]
        assert chi2_contingency(table).pvalue > 0.001


def test_an_arm_does_not_depend_on_who_else_is_asked_about() -> None:
    together = drawn()
    alone = [bool(held_out([one], GLOBAL, 0.1, salt=b"salt", epoch="1")[0]) for one in PEOPLE[:200]]
    assert together[:200].tolist() == alone
    backwards = held_out(FEWER[::-1], GLOBAL, 0.1, salt=b"salt", epoch="1")
    assert backwards[::-1].tolist() == together.tolist()


def test_a_larger_share_never_releases_anybody() -> None:
    assert not (drawn(share=0.1) & ~drawn(share=0.3)).any()


HALF = World(triggers=(trigger(holdout=0.5),), rules=replace(World().rules, holdout_global=0.2))


def crowd(world: World, n: int = 400, **known: object) -> World:
    return world.but(people={f"per_{i}": person(**known) for i in range(n)})


def everyone(world: World) -> list[dict[str, object]]:
    return [world.candidate(person_id=who, subject_id=f"ses_{who}") for who in world.people]


def test_arms_are_given_at_the_first_qualification_and_stored() -> None:
    world = crowd(HALF, arm_global=None)
    decided = world.decide(everyone(world))
    arms = decided.assignments
    assert (arms["epoch"] == "1").all()
    assert set(arms["scope"]) == {GLOBAL, "night"}
    everybody = arms[arms["scope"] == GLOBAL]
    assert sorted(everybody["person_id"]) == sorted(world.people)
    assert (everybody["share"] == 0.2).all()
    # Only the globally treated are asked about the trigger.
    treated = set(everybody.loc[everybody["arm"] == "treated", "person_id"])
    assert set(arms.loc[arms["scope"] == "night", "person_id"]) == treated
    assert (arms.loc[arms["scope"] == "night", "share"] == 0.5).all()


def test_the_decisions_carry_both_arms() -> None:
    world = crowd(HALF, arm_global=None)
    decisions = world.decide(everyone(world)).decisions
    kinds = decisions[["arm", "arm_global", "arm_trigger"]].astype(object)
    found = set(kinds.where(kinds.notna(), None).itertuples(index=False, name=None))
    assert found == {
        ("held_out", "held_out", None),
        ("held_out", "treated", "held_out"),
        ("treated", "treated", "treated"),
    }


def test_the_stored_arm_wins_over_salt_share_and_epoch() -> None:
    known = {"arm_global": "treated", "arm:night": "treated"}
    changed = replace(HALF.rules, holdout_global=0.999, epoch="9")
    world = HALF.but(people={"per_a": person(**known)}, rules=changed)
    decided = world.with_trigger(holdout=0.999).decide(salt=b"another")
    assert only(decided.decisions)["arm"] == "treated"
    assert decided.assignments.empty


@pytest.mark.parametrize(
    ("known", "reason"),
    [
        ({"arm_global": "held_out"}, "held_out_global"),
        ({"arm_global": "treated", "arm:night": "held_out"}, "held_out_trigger"),
    ],
)
def test_the_held_out_get_nothing_and_leave_a_ghost(known: dict[str, str], reason: str) -> None:
    world = World(people={"per_a": person(**known)})
    decided = world.decide()
    decision = only(decided.decisions)
    assert (decision["action"], decision["propensity"]) == ("none", 1.0)
    assert decision["reasons"] == [reason]
    assert decided.messages.empty
    assert decided.contacts.empty
    ghost = only(decided.ghosts)
    assert (ghost["action"], ghost["channel"], ghost["agent_minutes"]) == ("chat", "chat_offer", 6)
    assert ghost["decision_id"] == decision["decision_id"]


def test_nobody_who_is_held_out_is_ever_contacted() -> None:
    world = crowd(HALF, 2_000, arm_global=None).with_trigger(holdout=0.5, exploration=0.3)
    decided = world.decide(everyone(world))
    held = set(decided.decisions.loc[decided.decisions["arm"] == "held_out", "person_id"])
    # .2 + .8 x .5 = .6 of 2,000, give or take four standard deviations of 22.
    assert abs(len(held) - 1_200) < 88
    assert not held & set(decided.messages["person_id"])
    assert not held & set(decided.contacts["person_id"])
    assert set(decided.ghosts["person_id"]) == held
    # Given the arm, nothing else could have happened; what would have been drawn is kept apart.
    alone = decided.decisions[decided.decisions["arm"] == "held_out"]
    assert (alone["propensity"] == 1.0).all()
    assert alone["propensities"].map(lambda chances: chances["chat"] < 1).all()


@pytest.mark.parametrize("case", ["requested", "must_serve"])
def test_who_asked_or_must_be_served_is_never_held_out_nor_explored(case: str) -> None:
    known = {"arm_global": None, "must_serve": case == "must_serve"}
    world = crowd(HALF, 300, **known)
    world = world.but(rules=replace(world.rules, holdout_global=0.99))
    requested = ContactClass.REQUESTED if case == "requested" else ContactClass.SERVICE
    world = world.with_trigger(holdout=0.99, exploration=1.0, contact_class=requested)
    decided = world.decide(everyone(world))
    assert len(decided.messages) == 300
    assert (decided.decisions["propensity"] == 1.0).all()
    assert decided.decisions["arm_global"].isna().all()
    assert decided.assignments.empty
    assert decided.ghosts.empty


def test_who_must_be_served_stays_so_when_a_stored_arm_says_held_out() -> None:
    world = World(people={"per_a": person(must_serve=True, arm_global="held_out")})
    assert world.with_trigger(contact_class=ContactClass.SERVICE).chosen() == "chat"


def test_arms_are_the_same_whatever_scores_and_batches_say() -> None:
    world = crowd(HALF, arm_global=None)
    rows = everyone(world)
    whole = world.decide(rows).assignments
    rescored = world.decide([row | {"stake_minor": 50_000, "session_intent": 0.9} for row in rows])
    halves = [world.decide(rows[:150]).assignments, world.decide(rows[150:]).assignments]
    arms = {(a.person_id, a.scope): a.arm for a in whole.itertuples()}
    assert arms == {(a.person_id, a.scope): a.arm for a in rescored.assignments.itertuples()}
    assert arms == {(a.person_id, a.scope): a.arm for half in halves for a in half.itertuples()}

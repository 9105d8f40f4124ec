from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from engage.decide.explore import pick, propensities
from tests.decide.world import World, only, person

ALLOWED = st.lists(st.booleans(), min_size=1, max_size=6).filter(any)


def chances(allowed: list[bool], best: int, share: float, floor: float = 0.05) -> list[float]:
    row: list[float] = propensities(
        np.array([allowed]), np.array([best]), np.array([share]), floor
    )[0].tolist()
    return row


def test_the_formula_of_the_protocol() -> None:
    # A = {0, 2, none}: (1 - .3) for the best plus .3 / 3 for each.
    assert chances([True, False, True], 2, 0.3) == pytest.approx([0.1, 0, 0.8, 0.1])


def test_without_exploration_the_best_is_certain() -> None:
    assert chances([True, True], 1, 0.0) == [0, 1, 0]


def test_while_exploring_everything_allowed_keeps_the_floor() -> None:
    # .1 / 4 would be .025: raised to .05 each, which leaves .85 for the best.
    assert chances([True, True, True], 0, 0.1) == pytest.approx([0.85, 0.05, 0.05, 0.05])


def test_a_floor_that_cannot_be_kept_ends_in_equal_chances() -> None:
    assert chances([True] * 3, 0, 0.1, floor=0.5) == pytest.approx([0.25] * 4)


@given(ALLOWED, st.data(), st.floats(0, 1), st.floats(0, 0.2))
def test_chances_sum_to_one_and_stay_with_what_is_allowed(
    allowed: list[bool], data: Any, share: float, floor: float
) -> None:
    best = data.draw(st.sampled_from([i for i, may in enumerate(allowed) if may]))
    row = chances(allowed, best, share, floor)
    assert math.fsum(row) == pytest.approx(1, abs=1e-15)
    assert all((chance > 0) <= may for chance, may in zip(row, [*allowed, True], strict=True))
    assert row[best] >= max(row) - 1e-15
    if share:
        kept = min(floor, 1 / (sum(allowed) + 1))
        assert min(c for c, may in zip(row, [*allowed, True], strict=True) if may) >= kept - 1e-12


@given(ALLOWED, st.data(), st.floats(0, 1), st.floats(0, 1, exclude_max=True))
def test_no_draw_falls_on_an_action_without_a_chance(
    allowed: list[bool], data: Any, share: float, draw: float
) -> None:
    best = data.draw(st.sampled_from([i for i, may in enumerate(allowed) if may]))
    row = chances(allowed, best, share)
    at = int(pick(np.array([row]), np.array([draw]))[0])
    assert row[at] > 0


def test_the_last_draw_below_one_still_falls_on_something_allowed() -> None:
    row = np.array([[0.1, 0.2, 0.7 - 1e-9, 0.0]])
    assert pick(row, np.array([1 - 2**-53])).tolist() == [2]


def test_actions_are_drawn_as_often_as_their_chance_says() -> None:
    world = World(people={f"per_{i}": person() for i in range(8_000)})
    world = world.with_trigger(exploration=0.6, holdout=0.0)
    rows = [world.candidate(person_id=who, subject_id=f"ses_{who}") for who in world.people]
    decisions = world.decide(rows).decisions
    (stored,) = {tuple(sorted(p.items())) for p in decisions["propensities"]}
    # A = {chat, sms, none}: .4 + .2 for the chat, .2 each for the others.
    assert dict(stored) == pytest.approx({"chat": 0.6, "none": 0.2, "sms": 0.2})
    counts = decisions["action"].value_counts()
    expected = [8_000 * chance for _, chance in stored]
    assert chisquare([counts[name] for name, _ in stored], expected).pvalue > 0.001
    chance = decisions["action"].map(dict(stored))
    assert (decisions["propensity"] == chance).all()


def test_somebody_left_alone_to_learn_from_gets_no_message_and_no_ghost() -> None:
    world = World().with_trigger(exploration=1.0)
    for i in range(40):
        decided = world.decide([world.candidate(subject_id=f"ses_{i}")])
        decision = only(decided.decisions)
        assert decided.ghosts.empty
        assert decided.messages.empty == (decision["action"] == "none")
        assert decision["propensity"] == pytest.approx(1 / 3)
        if decision["action"] == "none":
            assert decision["reasons"] == []
            break
    else:
        pytest.fail("none of 40 visits was left alone at a chance of one in three")

from __future__ import annotations

import math

import numpy as np
import pytest

from engage.decide.beliefs import Counts, chances, learn
from engage.errors import WrongUse

ALL = np.ones(3, bool)
FREE = np.zeros(2)


def test_equal_beliefs_get_equal_chances() -> None:
    same = np.full(3, 4.0)
    assert chances(same, same, FREE, 1.0, ALL, 0.05) == pytest.approx([1 / 3] * 3, abs=1e-4)


def test_the_chance_to_be_best_of_two_is_the_one_in_closed_form() -> None:
    # P(Beta(2, 1) > Beta(1, 1)) = E[X] of Beta(2, 1) = 2/3.
    two = np.array([True, False, True])
    found = chances(np.array([2.0, 9.0, 1.0]), np.ones(3), FREE, 1.0, two, 0.0)
    assert found == pytest.approx([2 / 3, 0, 1 / 3], abs=1e-4)


def test_a_cost_above_all_that_is_at_stake_leaves_the_floor_only() -> None:
    found = chances(np.full(3, 5.0), np.full(3, 5.0), np.array([200.0, 0.0]), 100.0, ALL, 0.05)
    assert found[0] == pytest.approx(0.05)
    assert math.fsum(found) == pytest.approx(1, abs=1e-12)


def counted(reached: list[list[float]], tried: list[list[float]], alone: float) -> Counts:
    """The same number left alone for each action, of whom this share reached the goal."""
    left = np.full((len(tried), len(tried[0])), 1000.0)
    return Counts(np.array(reached), np.array(tried), alone * left, left)


def test_before_any_evidence_an_action_adds_what_the_settings_believe() -> None:
    none = np.zeros((2, 2))
    found = learn(Counts(none, none, none, none), np.array([0.05, -0.02]), 100.0)
    assert found.lift == pytest.approx(np.array([[0.05, -0.02]] * 2))


def test_evidence_and_belief_count_by_their_numbers() -> None:
    # 300 tried, .5 reached it; alone .3 of 1000, so a belief of .4 that counts as 100 decisions:
    # (.4 x 100 + 150) / 400 = .475, less .3.
    found = learn(counted([[150.0]], [[300.0]], 0.3), np.array([0.1]), 100.0)
    assert found.lift.tolist() == [[pytest.approx(0.175, abs=5e-4)]]


def test_an_action_borrows_what_it_adds_elsewhere_and_not_how_many_reach_the_goal() -> None:
    # It adds .2 where .1 reach the goal anyway; the other trigger's goal is reached by .6.
    found = learn(
        Counts(
            reached=np.array([[30_000.0], [0.0]]),
            tried=np.array([[100_000.0], [0.0]]),
            alone_reached=np.array([[10_000.0], [60_000.0]]),
            alone_tried=np.array([[100_000.0], [100_000.0]]),
        ),
        np.array([0.0]),
        100.0,
    )
    # 50,000 of a difference against 100 that believe in none: .2 x 50,000 / 50,100.
    assert found.lift[:, 0] == pytest.approx([0.2, 0.1996], abs=5e-4)


def test_what_is_borrowed_weighs_no_more_than_the_belief() -> None:
    counts = Counts(
        reached=np.array([[30_000.0], [300.0]]),
        tried=np.array([[100_000.0], [1_000.0]]),
        alone_reached=np.array([[10_000.0], [300.0]]),
        alone_tried=np.array([[100_000.0], [1_000.0]]),
    )
    found = learn(counts, np.array([0.0]), 100.0)
    # Own evidence: .3 of 1,000, as many as alone; borrowed: .3 + .2 of 100. (300 + 50) / 1,100.
    assert found.lift[1, 0] == pytest.approx(350 / 1_100 - 0.3, abs=1e-3)


def test_the_interval_is_that_of_two_shares() -> None:
    # With so many decisions the prior does not count: sqrt(.25 / 1e6 + .21 / 1e6) x 1.96.
    counts = Counts(*(np.array([[one]]) for one in (5e5, 1e6, 3e5, 1e6)))
    low, high = learn(counts, np.array([0.2]), 100.0).interval()
    assert (high - low)[0, 0] / 2 == pytest.approx(1.96 * np.sqrt(0.46e-6), rel=1e-3)


def test_more_successes_than_tries_are_refused() -> None:
    with pytest.raises(WrongUse, match="count each decision once"):
        counted([[2.0]], [[1.0]], 0.5)
    with pytest.raises(WrongUse, match="nothing is at stake"):
        chances(np.ones(3), np.ones(3), FREE, 0.0, ALL, 0.05)

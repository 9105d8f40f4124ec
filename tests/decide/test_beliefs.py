from __future__ import annotations

import math

import numpy as np
import pytest

from engage.decide.beliefs import chances, learn
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


def test_an_action_rarely_tried_under_one_trigger_borrows_from_the_others() -> None:
    reached, tried = np.array([[30.0], [33.0], [0.0]]), np.array([[100.0], [110.0], [1.0]])
    found = learn(reached, tried)
    # Rates of .30 and .30 agree, so one miss hardly moves the third from there.
    assert (found.a / (found.a + found.b))[2, 0] == pytest.approx(0.3, abs=0.01)


def test_lift_is_the_difference_to_leaving_alone() -> None:
    found = learn(np.array([[5e5, 3e5]]), np.array([[1e6, 1e6]]))
    assert found.lift.tolist() == [[pytest.approx(0.2, abs=1e-4)]]


def test_more_successes_than_tries_are_refused() -> None:
    with pytest.raises(WrongUse, match="count each decision once"):
        learn(np.array([[2.0]]), np.array([[1.0]]))
    with pytest.raises(WrongUse, match="nothing is at stake"):
        chances(np.ones(3), np.ones(3), FREE, 0.0, ALL, 0.05)

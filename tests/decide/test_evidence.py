from __future__ import annotations

import numpy as np
import pytest

from engage.decide.evidence import counts

ACTION_A, ACTION_B, NONE = 0, 1, 2


def test_equal_chances_leave_plain_counts() -> None:
    action = np.array([ACTION_A] * 4 + [NONE] * 6)
    reached = np.array([True, True, True, False] + [True] * 2 + [False] * 4)
    chance = np.tile([0.5, 0.0, 0.5], (10, 1))

    found = counts(np.zeros(10, np.int64), action, chance, reached, 1)

    assert found.tried.tolist() == [[4.0, 0.0]]
    assert found.reached[0, 0] == pytest.approx(3)
    assert found.alone_tried.tolist() == [[6.0, 0.0]]
    assert found.alone_reached[0, 0] == pytest.approx(2)


def test_who_could_not_have_had_the_action_is_nobody_to_compare_with() -> None:
    # Only the last two could have had b.
    action = np.array([NONE, NONE, NONE, ACTION_B])
    chance = np.array([[0.5, 0.0, 0.5]] * 2 + [[0.0, 0.5, 0.5]] * 2)
    reached = np.array([True, True, False, True])

    found = counts(np.zeros(4, np.int64), action, chance, reached, 1)

    assert found.alone_tried[0].tolist() == [2.0, 1.0]
    assert found.alone_reached[0].tolist() == [2.0, 0.0]


def test_an_action_mostly_done_in_the_evening_is_compared_with_evenings() -> None:
    # Evenings: .9 get the action, .6 reach the goal whatever is done. Days: .1, and .2 reach it.
    # 900 + 100 tried, 540 + 20 reached: plainly .56, beside 60 + 180 of 1,000 left alone, .24.
    # Weighted by 1 / chance both are means over 1,000 evenings and 1,000 days: .4, so nothing.
    blocks = [(0.9, 0.6, ACTION_A, 900), (0.9, 0.6, NONE, 100)]
    blocks += [(0.1, 0.2, ACTION_A, 100), (0.1, 0.2, NONE, 900)]
    action = np.concatenate([np.full(n, done) for _, _, done, n in blocks])
    chance = np.concatenate([np.tile([p, 0, 1 - p], (n, 1)) for p, _, _, n in blocks])
    reached = np.concatenate([np.arange(n) < rate * n for _, rate, _, n in blocks])

    found = counts(np.zeros(2_000, np.int64), action, chance, reached, 1)

    assert found.reached[0, 0] / found.tried[0, 0] == pytest.approx(0.4)
    assert found.alone_reached[0, 0] / found.alone_tried[0, 0] == pytest.approx(0.4)
    # As many as tell as much (Kish): 2,000 squared over 900 / .81 and 100 / .01 together, 11,111.
    assert found.tried[0, 0] == pytest.approx(360)


def test_triggers_are_counted_apart() -> None:
    action = np.array([ACTION_A, ACTION_A, NONE])
    chance = np.tile([0.5, 0.0, 0.5], (3, 1))
    found = counts(np.array([0, 1, 1]), action, chance, np.array([True, False, True]), 3)
    assert found.tried[:, 0].tolist() == [1.0, 1.0, 0.0]
    assert found.alone_reached[:, 0].tolist() == [0.0, 1.0, 0.0]

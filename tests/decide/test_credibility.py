"""Few cases of a group say little of it, and count with what all groups say."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from engage.decide.credibility import credible


def means(*groups: Sequence[float]) -> tuple[list[float], float]:
    n = np.asarray([len(one) for one in groups], np.float64)
    total = np.asarray([sum(one) for one in groups], np.float64)
    squares = np.asarray([sum(x * x for x in one) for one in groups], np.float64)
    found, mean = credible(n, total, squares)
    return found.tolist(), mean


def test_the_formula_by_hand() -> None:
    # Means 11 and 21, of all 16. Within: ((100 + 144 - 22^2 / 2) + (400 + 484 - 42^2 / 2)) / (4 - 2)
    # = (2 + 2) / 2 = 2. Between: (2 x 25 + 2 x 25 - 1 x 2) / (4 - 8 / 4) = 49. k = 2 / 49, and
    # (2 x 11 + k x 16) / (2 + k) = (1078 + 32) / (98 + 2) = 11.1.
    found, mean = means([10, 12], [20, 22])
    assert found == pytest.approx([11.1, 20.9])
    assert mean == 16


def test_more_cases_count_more() -> None:
    few, _ = means([10, 14], [20, 24] * 20)
    many, _ = means([10, 14] * 20, [20, 24] * 20)
    assert abs(many[0] - 12) < abs(few[0] - 12)


def test_groups_that_differ_by_chance_only_are_alike() -> None:
    # Means 11 and 11.5 while cases scatter by 10: between (1/8 + 1/8 - 50 - ...) is below zero.
    found, mean = means([1, 21], [2, 21])
    assert found == [mean, mean]


def test_where_nothing_scatters_each_group_has_its_own_mean() -> None:
    assert means([5, 5, 5], [15, 15, 15]) == ([5, 15], 10)


def test_a_group_without_cases_has_the_mean_of_all() -> None:
    found, mean = means([10, 12], [20, 22], [])
    assert found[2] == mean == 16


def test_one_case_a_group_tells_no_scatter() -> None:
    assert means([10], [20]) == ([15, 15], 15)
    assert means() == ([], 0.0)

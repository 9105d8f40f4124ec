"""Who looks every day is not fooled more often than promised."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from engage.measure.effect import compare, difference
from engage.measure.sequential import FEWEST, always_valid

DAYS, A_DAY, RUNS = 60, 40, 400
Floats = NDArray[np.float64]


def cumulated(values: Floats, mine: NDArray[np.bool_]) -> tuple[Floats, Floats, Floats]:
    """Return people, mean and variance of the mean of one arm after each day: [run, day]."""
    days = (RUNS, DAYS, A_DAY)
    n = mine.reshape(days).sum(axis=2).cumsum(axis=1).astype(float)
    mean = (values * mine).reshape(days).sum(axis=2).cumsum(axis=1) / n
    square = (values**2 * mine).reshape(days).sum(axis=2).cumsum(axis=1) / n
    return n, mean, (square - mean**2) / (n - 1)


def looked_at_daily(
    values: Floats, treated: NDArray[np.bool_]
) -> tuple[Floats, Floats, NDArray[np.float64]]:
    """Return estimate, standard error and people after each day: [run, day]."""
    n1, mean1, var1 = cumulated(values, treated)
    n0, mean0, var0 = cumulated(values, ~treated)
    enough = np.minimum(n1, n0) >= FEWEST
    error = np.where(enough, np.sqrt(var1 + var0), np.nan)
    return mean1 - mean0, error, n1 + n0


def drawn(effect: float, *, amounts: bool, seed: int) -> tuple[Floats, NDArray[np.bool_]]:
    """Return values and arms of 400 tests of 60 days with 40 people each, a fifth held out."""
    rng = np.random.default_rng(seed)
    shape = (RUNS, DAYS * A_DAY)
    treated = rng.random(shape) >= 0.2
    if amounts:
        spends = rng.random(shape) < 0.3
        return np.where(spends, rng.gamma(1.5, 40.0, shape), 0.0) + effect * treated, treated
    return (rng.random(shape) < np.where(treated, 0.2 + effect, 0.2)).astype(float), treated


@pytest.mark.parametrize("amounts", [False, True], ids=["rates", "amounts"])
@pytest.mark.parametrize("effect", [0.0, 0.03])
def test_the_truth_is_covered_on_all_days_together(effect: float, amounts: bool) -> None:
    """400 tests of 60 days: at most 5 % ever lose the truth on any day."""
    values, treated = drawn(effect, amounts=amounts, seed=7)
    low, high = always_valid(*looked_at_daily(values, treated))
    lost = ((low > effect) | (high < effect)).any(axis=1)
    assert lost.mean() <= 0.05


def test_looking_daily_at_a_fixed_interval_would_fool() -> None:
    """The same looks at 1.96 errors: a quarter of the tests without an effect show one some day."""
    estimate, error, _ = looked_at_daily(*drawn(0.0, amounts=False, seed=7))
    assert (np.abs(estimate) > 1.96 * error).any(axis=1).mean() > 0.2


def test_a_rare_goal_with_a_small_held_out_group_fools_nobody_either() -> None:
    """The whole path, 60 tests of 15 looks: 4 %, a tenth held out, so .4 successes a day there."""
    rng = np.random.default_rng(8)
    fooled = 0
    for _ in range(60):
        treated = rng.random(3000) >= 0.1
        values = (rng.random(3000) < 0.04).astype(float)
        intervals = [
            difference(values[:seen], treated[:seen], estimand="").always_valid
            for seen in range(200, 3001, 200)
        ]
        fooled += any(low > 0 or high < 0 for low, high in intervals)
    assert fooled <= 3


def test_a_comparison_passes_on_its_own_error_and_people() -> None:
    values, treated = (one[0] for one in drawn(0.0, amounts=True, seed=9))
    found = compare(values, treated, estimand="")
    low, high = always_valid(found.estimate.estimate, found.error, len(values))
    assert found.estimate.always_valid == (float(low), float(high))


def test_the_width_by_hand() -> None:
    """alpha .05: -2 log = 5.991, log(6.991) = 1.945, so r^2 = 7.936 / 1000 and at t = 1000 the
    width is s / sqrt(t) x sqrt(2 x 8.936 / 7.936 x log(sqrt(8.936) / .05)) = 3.036 errors."""
    low, high = always_valid(0.0, 1.0, 1000)
    assert (low, high) == pytest.approx((-3.036, 3.036), abs=0.001)


def test_it_is_narrowest_where_it_was_tuned() -> None:
    def width(people: int, tuned_for: int) -> float:
        return float(always_valid(0.0, 1 / math.sqrt(people), people, tuned_for=tuned_for)[1])

    for people in (200, 1000, 20_000):
        assert width(people, people) <= min(width(people, people // 2), width(people, people * 2))


def test_it_contains_the_fixed_interval() -> None:
    for people in (100, 1000, 10**6):
        assert always_valid(0.0, 1.0, people)[1] > 1.96


@pytest.mark.parametrize(
    ("estimate", "error", "people"),
    [(math.nan, 1.0, 100), (0.0, math.nan, 100), (0.0, 0.0, 100), (0.0, 1.0, 0)],
)
def test_what_is_not_known_excludes_nothing(estimate: float, error: float, people: int) -> None:
    low, high = always_valid(estimate, error, people)
    assert (float(low), float(high)) == (-math.inf, math.inf)


def test_nothing_is_said_of_fewer_than_fifty_or_five_unlike_the_rest() -> None:
    def interval(people: int, successes: int) -> tuple[float, float]:
        half = np.arange(people) < successes
        values = np.concatenate([half, half]).astype(float)
        treated = np.arange(2 * people) < people
        return compare(values, treated, estimand="").estimate.always_valid

    assert interval(49, 20) == (-math.inf, math.inf)
    assert interval(50, 4) == (-math.inf, math.inf)
    assert interval(50, 46) == (-math.inf, math.inf)
    assert math.isfinite(interval(50, 5)[0])

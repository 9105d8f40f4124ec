"""How many contacts will come in, from those of the weeks before."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from engage.decide.hours import day_number
from engage.decide.inbound import FEWEST_DAYS, HALF_HOURS, Floats, Week, busyness, learn, weekday

MONDAY = day_number(date(2026, 3, 2))
BY_WEEKDAY = np.array([100.0, 90, 90, 80, 80, 40, 20])
BY_HALF_HOUR = np.where(np.arange(HALF_HOURS) >= 16, 1 / 32, 0.0)
"""Even, from eight in the morning to midnight."""
CALLS = Path(__file__).parents[3] / "shared/data/anonymousbank_1999_calls_per_6min.csv"


def steady(days: int) -> Floats:
    """Return so many days up to the Sunday before MONDAY, each like its weekday."""
    at = np.arange(MONDAY - days, MONDAY)
    return np.asarray(BY_WEEKDAY[weekday(at)][:, None] * BY_HALF_HOUR)


def learned(counts: Floats, closed: tuple[int, ...] = ()) -> Week:
    marks = np.zeros(len(counts), bool)
    marks[list(closed)] = True
    week = learn(counts, MONDAY - 1, marks)
    assert week is not None
    return week


def test_steady_weeks_go_on() -> None:
    week = learned(steady(70))
    days = np.arange(MONDAY, MONDAY + 7)
    said = week.expected(days, np.zeros(7, bool))
    assert said == pytest.approx(BY_WEEKDAY[:, None] * BY_HALF_HOUR)
    assert week.level == pytest.approx(0)


def test_too_few_days_say_nothing() -> None:
    for days in (0, 5, FEWEST_DAYS - 1):
        assert learn(steady(days), MONDAY - 1, np.zeros(days, bool)) is None
    assert learn(steady(FEWEST_DAYS), MONDAY - 1, np.zeros(FEWEST_DAYS, bool)) is not None


def test_a_day_without_a_feed_hardly_counts() -> None:
    counts = steady(70)
    counts[-7] = 0  # last Monday
    said = learned(counts).shape[0].sum()
    # Its distance is 100 over .02 x 100 + 1 = 3 standard deviations: 33 of them, where 2.5 are
    # trusted: weight (2.5 / 33.3)^2 = .0056, of ten Mondays halved every eight weeks.
    weights = 0.5 ** (np.array([6, 13, 20, 27, 34, 41, 48, 55, 62, 69]) / 56)
    weights[0] *= (2.5 / (100 / 3)) ** 2
    assert said == pytest.approx(100 * weights[1:].sum() / weights.sum())


def test_a_holiday_is_a_quiet_day_and_is_not_learned_from() -> None:
    counts = steady(70)
    counts[-7] = 5
    week = learned(counts, closed=(63,))
    said = week.expected(np.array([MONDAY, MONDAY + 1]), np.array([False, True]))
    assert said.sum(axis=1) == pytest.approx([100, 20])


def test_busy_last_days_raise_the_next_ones_and_fade() -> None:
    counts = steady(140)
    counts[-4:] *= 1.2
    week = learned(counts)
    # The shape learned a little from these days, too, so they stand out by less than .2.
    apart = (
        counts[-4:].sum(axis=1) / week.shape[weekday(np.arange(MONDAY - 4, MONDAY))].sum(axis=1) - 1
    )
    weights = 0.4 ** np.array([4, 3, 2, 1])
    level = float(weights @ apart / (weights.sum() + 0.6))
    assert 0.05 < level < 0.2
    assert week.level == pytest.approx(level)
    said = week.expected(np.arange(MONDAY, MONDAY + 3), np.zeros(3, bool)).sum(axis=1)
    kept = level * 0.7 ** np.arange(3)
    assert said == pytest.approx(week.shape[:3].sum(axis=1) * (1 + kept))


def a_week(certainty: float, scatter: float) -> Week:
    return Week(0, np.zeros((7, HALF_HOURS)), 0.0, certainty, scatter)


def test_a_busy_morning_makes_a_busy_noon() -> None:
    # Twenty came where ten were expected, beside a belief of forty: 60 / 50 = 1.2, and what is
    # further ahead keeps nine tenths of it each time.
    found = busyness(np.array([20.0]), np.array([10.0]), a_week(40, 1), ahead=3)
    assert found.factor == pytest.approx([1.2, 1.18, 1.162])
    assert found.certainty == 50


def test_what_scatters_more_says_less() -> None:
    # Each contact is worth a quarter: 45 / 42.5.
    found = busyness(np.array([20.0]), np.array([10.0]), a_week(40, 4), ahead=1)
    assert found.factor == pytest.approx([45 / 42.5])


def test_what_is_two_hours_old_weighs_half() -> None:
    seen = np.array([20.0, 10, 10, 10, 10])
    found = busyness(seen, np.full(5, 10.0), a_week(40, 1), ahead=1)
    weights = 0.5 ** (np.arange(4, -1, -1) / 4)
    assert found.factor == pytest.approx([(40 + weights @ seen) / (40 + 10 * weights.sum())])


def test_half_hours_scatter_beside_their_day() -> None:
    # A day's variance is 1 / 50; a half hour of eight adds (3 - 1) / 8.
    assert a_week(50, 3).doubt(np.array([8.0])) == pytest.approx([1 / (1 / 50 + 2 / 8)])


def test_the_scatter_of_days_and_half_hours_is_found_again() -> None:
    rng = np.random.default_rng(5)
    busy = rng.gamma(25.0, 1 / 25.0, 140)
    counts = rng.poisson(20 * steady(140) * busy[:, None]).astype(np.float64)
    week = learned(counts)
    # 140 days tell a standard deviation of .2 to some 6 %, its quartiles to some 12 %.
    assert 25 / 1.5 < week.certainty < 25 * 1.5
    assert week.scatter == pytest.approx(1.0, abs=0.15)


@pytest.mark.skipif(not CALLS.exists(), reason="shared/data is not there")
def test_a_real_banks_calls_are_foreseen_better_than_by_the_week_before() -> None:
    told = np.loadtxt(CALLS, delimiter=",", skiprows=1, usecols=0)
    counts = told.reshape(365, 48, 5).sum(axis=2)
    last = day_number(date(1999, 12, 31))
    none = np.zeros(365, bool)
    ours = naive = 0.0
    for at in range(290, 365):
        week = learn(counts[:at], last - 365 + at, none[:at])
        assert week is not None
        said = week.expected(np.array([last - 364 + at]), np.array([False]))[0]
        ours += float(np.abs(said - counts[at]).sum())
        naive += float(np.abs(counts[at - 7] - counts[at]).sum())
    # Brown et al. find these days to vary more than Poisson counts would; of two independent
    # deviations as large, the difference is 1.41 times one of them.
    assert ours < 0.85 * naive

"""No label looks into a later block, and no person is on both sides of a division by person."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engage.scoring.splits import ORIGINS, by_person, by_time, folds, person_draws, rolling

DAY = np.timedelta64(1, "D")


@settings(max_examples=60, deadline=None)
@given(days=st.lists(st.integers(0, 400), min_size=300, max_size=500), horizon=st.integers(0, 60))
def test_labels_of_one_block_end_before_the_next_begins(days: list[int], horizon: int) -> None:
    as_of = np.sort(np.datetime64("2026-01-01", "us") + np.array(days) * DAY)
    blocks = by_time(as_of, timedelta(days=horizon))
    if blocks is None:
        return
    gap = np.timedelta64(horizon, "D")
    assert as_of[blocks.learn].max() + gap <= as_of[blocks.calibrate].min()
    assert as_of[blocks.calibrate].max() + gap <= as_of[blocks.judge].min()
    assert as_of[blocks.learn].max() < as_of[blocks.calibrate].min()
    assert as_of[blocks.calibrate].max() < as_of[blocks.judge].min()


def test_a_year_with_a_horizon_of_two_weeks_is_split_by_time() -> None:
    as_of = np.datetime64("2026-01-01", "us") + np.arange(1000) * DAY * 0.365
    blocks = by_time(as_of, timedelta(days=14))
    assert blocks is not None
    assert len(blocks.judge) == 200
    assert len(blocks.learn) > 500


@pytest.mark.parametrize("horizon", [timedelta(days=20), timedelta(days=365)])
def test_a_span_too_short_for_its_gaps_is_not_split_by_time(horizon: timedelta) -> None:
    as_of = np.datetime64("2026-01-01", "us") + np.arange(1000) * DAY * 0.03
    assert by_time(as_of, horizon) is None


def test_rows_of_one_moment_are_not_split_by_time() -> None:
    assert by_time(np.full(1000, np.datetime64("2026-01-01", "us")), timedelta(0)) is None


def test_a_person_is_on_one_side_only() -> None:
    person = np.random.default_rng(1).integers(0, 300, 2000)
    draws = person_draws([f"per_{one}" for one in range(300)], 1, "judge")
    blocks = by_person(person, draws)
    assert not set(person[blocks.learn]) & set(person[blocks.judge])
    assert len(blocks.learn) + len(blocks.judge) == 2000
    for learn, check in folds(person, draws, 5):
        assert not set(person[learn]) & set(person[check])


def test_about_a_fifth_of_the_people_judge() -> None:
    """10,000 people, share .2: standard error .004."""
    draws = person_draws([f"per_{one}" for one in range(10_000)], 1, "judge")
    assert (draws < 0.2).mean() == pytest.approx(0.2, abs=0.016)


def test_a_person_keeps_the_same_side_when_others_join() -> None:
    few, many = person_draws(["a", "b"], 3, "judge"), person_draws(["c", "a", "d", "b"], 3, "judge")
    assert few.tolist() == many[[1, 3]].tolist()


@settings(max_examples=40, deadline=None)
@given(
    days=st.lists(st.integers(0, 400), min_size=100, max_size=300),
    horizon=st.integers(0, 60),
    seed=st.integers(0, 1000),
)
def test_a_rolling_origin_learns_from_ripe_rows_of_other_people(
    days: list[int], horizon: int, seed: int
) -> None:
    as_of = np.sort(np.datetime64("2026-01-01", "us") + np.array(days) * DAY)
    person = np.random.default_rng(seed).integers(0, 40, len(as_of))
    draws = person_draws([f"per_{one}" for one in range(40)], seed, "fold")
    gap = np.timedelta64(horizon, "D")
    for learn, check in rolling(as_of, person, draws, timedelta(days=horizon)):
        assert not set(person[learn]) & set(person[check])
        if len(learn) and len(check):
            assert as_of[learn].max() + gap <= as_of[check].min()
            assert as_of[learn].max() < as_of[check].min()


def test_each_row_of_the_newer_half_is_checked_once() -> None:
    """900 rows, one a day: the newest 450 in three blocks of 150, each by three folds of people."""
    as_of = np.datetime64("2026-01-01", "us") + np.arange(900) * DAY
    person = np.arange(900) % 100
    draws = person_draws([f"per_{one}" for one in range(100)], 1, "fold")
    pairs = rolling(as_of, person, draws, timedelta(days=14))
    assert len(pairs) == ORIGINS * ORIGINS
    checked = np.sort(np.concatenate([check for _, check in pairs]))
    assert checked.tolist() == list(range(450, 900))
    # The first origin is day 450: a label of 14 days is ripe up to day 436.
    assert max(learn.max() for learn, _ in pairs[:ORIGINS]) == 436

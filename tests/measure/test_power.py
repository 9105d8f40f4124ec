"""What can be told is known before anything goes live."""

from __future__ import annotations

import math
from datetime import timedelta

import numpy as np
import pytest

from engage.measure.effect import compare
from engage.measure.power import days_until, minimum_detectable_effect, people_needed


@pytest.mark.parametrize(("share", "points"), [(0.1, 1.1), (0.5, 0.67)])
def test_thirty_thousand_people_with_a_base_of_four_percent(share: float, points: float) -> None:
    """The protocol's own figures: a tenth held out detects 1.1 points, a half .67."""
    found = minimum_detectable_effect(30_000, share=share, base_rate=0.04)
    assert 100 * found == pytest.approx(points, abs=0.02)


def test_an_amount_by_hand() -> None:
    """(1.960 + .842) x 50 x sqrt(1 / 500 + 1 / 500) = 8.860."""
    found = minimum_detectable_effect(1000, share=0.5, sd=50.0)
    assert found == pytest.approx(2.8016 * 50 * math.sqrt(2 / 500), rel=1e-4)


def test_the_stated_effect_is_found_with_the_stated_power() -> None:
    """400 tests of 2,000 people at the smallest effect that is to be found: 80 % are significant.

    Standard error of 400 draws: 2 %; the allowance for whole counts adds a little power.
    """
    effect = minimum_detectable_effect(2000, share=0.5, base_rate=0.1)
    rng = np.random.default_rng(6)
    treated = np.arange(2000) < 1000
    found = 0
    for _ in range(400):
        values = (rng.random(2000) < np.where(treated, 0.1 + effect, 0.1)).astype(float)
        found += compare(values, treated, estimand="goal").p_value < 0.05
    assert 0.75 <= found / 400 <= 0.88


def test_people_needed_is_the_other_way_round() -> None:
    effect = minimum_detectable_effect(30_000, share=0.5, base_rate=0.04)
    assert people_needed(effect, share=0.5, base_rate=0.04) == pytest.approx(30_000, abs=2)
    assert people_needed(8.86, share=0.5, sd=50.0) == pytest.approx(1000, abs=1)


def test_days_are_those_to_qualify_and_the_horizon() -> None:
    """30,000 people at 1,000 a day and two weeks for the last of them."""
    effect = minimum_detectable_effect(30_000, share=0.5, base_rate=0.04)
    days = days_until(
        effect * 1.0001, per_day=1000, horizon=timedelta(days=14), share=0.5, base_rate=0.04
    )
    assert days == 30 + 14


def test_nothing_can_be_told_without_a_held_out_group() -> None:
    assert minimum_detectable_effect(1000, share=0.0, base_rate=0.1) == math.inf
    assert minimum_detectable_effect(3, share=0.5, base_rate=0.1) == math.inf
    assert math.isinf(
        days_until(0.1, per_day=0, horizon=timedelta(days=1), share=0.5, base_rate=0.1)
    )


def test_an_effect_that_no_number_shows_is_an_error() -> None:
    with pytest.raises(ValueError, match="no number of people"):
        people_needed(0.1, share=0.0, base_rate=0.1)
    with pytest.raises(ValueError, match="no number of people"):
        people_needed(0.0, share=0.5, base_rate=0.1)


def test_a_rate_or_a_spread_must_be_given() -> None:
    with pytest.raises(ValueError, match="base_rate"):
        minimum_detectable_effect(1000, share=0.5)

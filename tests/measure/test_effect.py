"""Differences and their intervals are those of SciPy, of papers, and of known truths."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import ttest_ind

from engage.measure.effect import compare, difference
from engage.measure.shares import newcombe, wilson

Floats = NDArray[np.float64]


def arms(treated: Floats, held_out: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the values of both arms, and who is treated."""
    values = np.concatenate([treated, held_out])
    return values, np.arange(len(values)) < len(treated)


def test_amounts_are_compared_as_welch_does() -> None:
    rng = np.random.default_rng(1)
    treated, held_out = rng.gamma(1.0, 30.0, 80), rng.gamma(1.0, 10.0, 25)
    found = compare(*arms(treated, held_out), estimand="margin")
    peer = ttest_ind(treated, held_out, equal_var=False)
    interval = peer.confidence_interval(0.95)
    assert found.estimate.estimate == pytest.approx(treated.mean() - held_out.mean())
    assert found.estimate.low == pytest.approx(interval.low)
    assert found.estimate.high == pytest.approx(interval.high)
    assert found.p_value == pytest.approx(peer.pvalue)


def test_rates_are_compared_as_newcombe_did() -> None:
    """Newcombe 1998, table II: 56/70 against 48/80, method 10: .0524 to .3339."""
    values = arms(np.repeat([1.0, 0.0], [56, 14]), np.repeat([1.0, 0.0], [48, 32]))
    found = difference(*values, estimand="recovered")
    assert found.estimate == pytest.approx(0.8 - 0.6)
    assert (found.low, found.high) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    assert (found.mean_treated, found.mean_held_out) == pytest.approx((0.8, 0.6))
    assert (found.n_treated, found.n_held_out) == (70, 80)


def test_rates_of_nobody_still_have_an_interval() -> None:
    """Newcombe 1998, table II: 10/10 against 0/20: .6791 to 1; 0/10 against 0/20: -.1611 to .2775."""
    assert newcombe(1.0, 10, 0.0, 20) == pytest.approx((0.6791, 1.0), abs=5e-5)
    assert newcombe(0.0, 10, 0.0, 20) == pytest.approx((-0.1611, 0.2775), abs=5e-5)


def test_the_interval_of_one_share_is_wilsons() -> None:
    """Newcombe 1998 (single proportion): 81/263 gives .2553 to .3662, 0/20 gives 0 to .1611."""
    assert wilson(81 / 263, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(0.0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)


def test_a_covariate_takes_away_what_it_explains() -> None:
    """The covariate explains 3/4 of the variance: half the width, and the same truth."""
    rng = np.random.default_rng(2)
    before = rng.normal(0, np.sqrt(3), 20_000)
    treated = rng.random(20_000) < 0.5
    values = before + rng.normal(0, 1, 20_000) + 0.2 * treated
    plain = difference(values, treated, estimand="margin")
    found = difference(values, treated, estimand="margin", covariate=before)
    assert found.high - found.low == pytest.approx((plain.high - plain.low) / 2, rel=0.02)
    assert found.low < 0.2 < found.high


def test_a_covariate_that_is_missing_or_constant_changes_nothing() -> None:
    values, treated = arms(np.arange(50.0), np.arange(30.0))
    plain = difference(values, treated, estimand="margin")
    for covariate in (np.full(80, np.nan), np.ones(80)):
        assert difference(values, treated, estimand="margin", covariate=covariate) == plain


def test_a_missing_covariate_counts_as_the_mean() -> None:
    values, treated = arms(np.arange(50.0), np.arange(30.0))
    holes = np.where(np.arange(80) % 7 == 0, np.nan, values)
    filled = np.where(np.isnan(holes), np.nanmean(holes), holes)
    found = difference(values, treated, estimand="margin", covariate=holes)
    assert found == difference(values, treated, estimand="margin", covariate=filled)


def test_equal_weights_are_no_weights() -> None:
    values, treated = arms(np.arange(50.0), np.arange(30.0))
    weighted = difference(values, treated, estimand="margin", weights=np.full(80, 2.5))
    plain = difference(values, treated, estimand="margin")
    assert (weighted.low, weighted.high) == pytest.approx((plain.low, plain.high))
    assert weighted.estimate == pytest.approx(plain.estimate)


def test_a_share_that_was_changed_is_weighed_out() -> None:
    """Half held out in a good season (rate .4), a tenth in a bad one (rate .1); no effect at all.

    The plain means differ, because the held-out are mostly of the good season.
    """
    rng = np.random.default_rng(3)
    season = rng.random(40_000) < 0.5
    share = np.where(season, 0.5, 0.1)
    held_out = rng.random(40_000) < share
    values = (rng.random(40_000) < np.where(season, 0.4, 0.1)).astype(float)
    weights = np.where(held_out, 1 / share, 1 / (1 - share))
    plain = difference(values, ~held_out, estimand="goal")
    found = difference(values, ~held_out, estimand="goal", weights=weights)
    assert plain.high < -0.05
    assert found.low < 0 < found.high
    assert found.mean_held_out == pytest.approx(0.25, abs=0.02)


def test_too_few_people_give_no_estimate_and_say_so() -> None:
    found = difference([1.0, 0.0, 1.0], [True, True, False], estimand="goal")
    assert np.isnan(found.estimate)
    assert found.withheld == "2 treated and 1 held out are too few to compare"


def test_arms_without_any_spread_are_not_called_certain() -> None:
    values, treated = arms(np.ones(200), np.ones(200))
    same = compare(values, treated, estimand="goal")
    assert same.p_value == 1.0
    assert same.estimate.low < 0 < same.estimate.high
    assert same.estimate.always_valid == (float("-inf"), float("inf"))


def test_fixed_intervals_cover_the_truth_in_95_of_100_runs() -> None:
    """400 runs of 600 people, half held out, rates .25 and .20: coverage within [.93, .97]."""
    rng = np.random.default_rng(4)
    covered = {"rates": 0, "amounts": 0, "adjusted": 0}
    for _ in range(400):
        treated = rng.random(600) < 0.5
        before = rng.gamma(2.0, 1.0, 600)
        reached = (rng.random(600) < np.where(treated, 0.25, 0.20)).astype(float)
        amount = before + rng.normal(0, 1, 600) + 0.3 * treated
        rates = difference(reached, treated, estimand="goal")
        amounts = difference(amount, treated, estimand="margin")
        adjusted = difference(amount, treated, estimand="margin", covariate=before)
        covered["rates"] += rates.low <= 0.05 <= rates.high
        covered["amounts"] += amounts.low <= 0.3 <= amounts.high
        covered["adjusted"] += adjusted.low <= 0.3 <= adjusted.high
    assert all(0.93 <= one / 400 <= 0.97 for one in covered.values()), covered


def test_few_people_with_a_rare_goal_are_covered_too() -> None:
    """400 runs of 60 treated and 20 held out at a rate of 5 %: Welch's interval covers 87 %."""
    rng = np.random.default_rng(5)
    covered = 0
    for _ in range(400):
        reached = (rng.random(80) < 0.05).astype(float)
        found = difference(reached, np.arange(80) < 60, estimand="goal")
        covered += found.low <= 0 <= found.high
    assert covered / 400 >= 0.93


def test_the_shape_is_that_of_the_report() -> None:
    found = difference(*arms(np.ones(2), np.zeros(2)), estimand="goal", surrogate=True).as_dict()
    assert set(found) >= {"estimand", "estimate", "low", "high", "always_valid", "surrogate"}

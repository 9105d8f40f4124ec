"""Gamma-gamma: the published figures, known parameters found again, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engage.errors import NotTrainable
from engage.scoring.gamma_gamma import GammaGamma, fit_gamma_gamma
from tests.scoring.cdnow import sample

PUBLISHED = GammaGamma(6.25, 3.74, 15.44)


def test_parameters_of_cdnow_are_the_published_ones(shared_data: Path) -> None:
    """Fader and Hardie (2013): p 6.25, q 3.74, gamma 15.44 from 946 who came back."""
    buyers = sample(shared_data)
    returned = buyers.repeats > 0
    assert returned.sum() == 946
    found = fit_gamma_gamma(buyers.repeats[returned], buyers.spend[returned])
    assert (found.p, found.q, found.gamma) == pytest.approx((6.25, 3.74, 15.44), rel=0.005)
    assert found.mean == pytest.approx(35.17, rel=0.005)


def test_expected_spend_lies_between_ones_own_and_everybodys() -> None:
    """Equation (5) by hand: 6.25 (15.44 + 2 x 22.35) / (6.25 x 2 + 2.74) = 24.66."""
    found = PUBLISHED.expected(np.array([2.0, 0.0, 2000.0]), np.array([22.35, 0.0, 22.35]))
    everybody = 6.25 * 15.44 / 2.74
    assert found == pytest.approx([24.662, everybody, 22.35], rel=2e-3)
    assert PUBLISHED.mean == pytest.approx(everybody)


def test_parameters_behind_a_simulation_are_found_again() -> None:
    """z | nu ~ Gamma(p, nu), nu ~ Gamma(q, gamma): 40,000 customers of one to ten purchases."""
    rng = np.random.default_rng(1)
    purchases = rng.integers(1, 11, 20_000).astype(float)
    nu = rng.gamma(4.0, 1 / 20.0, 20_000)
    spend = rng.gamma(3.0 * purchases, 1 / nu) / purchases
    found = fit_gamma_gamma(purchases, spend)
    assert (found.p, found.q, found.gamma) == pytest.approx((3.0, 4.0, 20.0), rel=0.05)
    later = rng.gamma(3.0, 1 / nu)
    expected = found.expected(purchases, spend)
    miss = later - expected
    assert abs(miss.mean()) < 3.5 * miss.std() / np.sqrt(20_000) + 0.01 * later.mean()


def test_the_likelihood_is_a_density() -> None:
    """Over all mean spends of a customer with three purchases it sums to 1."""
    grid = np.geomspace(1e-4, 1e6, 200_001)
    density = np.exp(PUBLISHED.log_likelihood(np.full(len(grid), 3.0), grid))
    assert np.trapezoid(density, grid) == pytest.approx(1.0, abs=1e-4)


def test_cents_instead_of_dollars_change_the_unit_alone() -> None:
    rng = np.random.default_rng(2)
    purchases = rng.integers(1, 6, 3_000).astype(float)
    spend = rng.gamma(2.0 * purchases, rng.gamma(3.0, 10.0, 3_000)) / purchases
    dollars, cents = fit_gamma_gamma(purchases, spend), fit_gamma_gamma(purchases, 100 * spend)
    assert cents.gamma == pytest.approx(100 * dollars.gamma, rel=1e-3)
    assert (cents.p, cents.q) == pytest.approx((dollars.p, dollars.q), rel=1e-3)


def test_customers_without_a_spend_say_nothing() -> None:
    rng = np.random.default_rng(3)
    purchases = rng.integers(1, 6, 500).astype(float)
    spend = rng.gamma(2.0 * purchases, 5.0) / purchases
    nothing = np.array([0.0, 2.0, 3.0, np.nan])
    spent = np.array([0.0, 0.0, -5.0, np.nan])
    padded = fit_gamma_gamma(np.append(purchases, nothing), np.append(spend, spent))
    assert padded == fit_gamma_gamma(purchases, spend)
    assert padded.expected(nothing, spent) == pytest.approx(np.full(4, padded.mean))


@pytest.mark.parametrize("spend", [0.0, -3.0])
def test_a_shop_where_nobody_spends_is_refused(spend: float) -> None:
    with pytest.raises(NotTrainable, match="0 of 50 customers have spent more than nothing"):
        fit_gamma_gamma(np.ones(50), np.full(50, spend))

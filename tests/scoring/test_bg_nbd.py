"""BG/NBD: the published figures, the formulas against independent arithmetic, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import beta

from engage.errors import NotTrainable
from engage.scoring.bg_nbd import BgNbd, fit_bg_nbd
from tests.scoring.cdnow import sample

Floats = NDArray[np.float64]
PUBLISHED = BgNbd(0.243, 4.414, 0.793, 2.426)
NOBODY = np.zeros(1)


def lives(
    model: BgNbd, number: int, age: float, after: float, seed: int
) -> tuple[Floats, Floats, Floats]:
    """Return (repeats, recency, later purchases) of customers drawn from the model's own story."""
    rng = np.random.default_rng(seed)
    rate = rng.gamma(model.r, 1 / model.alpha, number)
    leaves = rng.beta(model.a, model.b, number)
    now, there = np.zeros(number), np.ones(number, dtype=bool)
    repeats, recency, later = np.zeros(number), np.zeros(number), np.zeros(number)
    while there.any():
        now[there] += rng.exponential(1 / rate[there])
        there &= now <= age + after
        seen = there & (now <= age)
        repeats += seen
        recency[seen] = now[seen]
        later += there & ~seen
        there &= rng.random(number) >= leaves
    return repeats, recency, later


def by_integral(model: BgNbd, x: float, age: float, period: float) -> float:
    """Return what somebody still a customer buys: the integral over p of the rate's closed form.

    Alive at T, lambda ~ Gamma(r + x, alpha + T) and p ~ Beta(a, b + x); given both the purchases
    in t have the mean (1 - exp(-lambda p t)) / p, of which lambda integrates out. The quantiles of
    p, at Gauss and Legendre's places, take the poles at 0 and 1 away.
    """
    places, weights = np.polynomial.legendre.leggauss(300)
    p = beta(model.a, model.b + x).ppf((places + 1) / 2)
    bought = -np.expm1(-(model.r + x) * np.log1p(p * period / (model.alpha + age)))
    seen = np.where(p > 1e-12, bought / np.maximum(p, 1e-300), 0.0)
    most = (model.r + x) * period / (model.alpha + age)
    return float((weights * np.where(p > 1e-12, seen, most)).sum() / 2)


@pytest.fixture(scope="module")
def lived() -> tuple[Floats, Floats, Floats]:
    return lives(PUBLISHED, 200_000, 39.0, 39.0, seed=2)


def test_parameters_of_cdnow_are_the_published_ones(shared_data: Path) -> None:
    """Fader, Hardie and Lee (2005), table 2: log-likelihood -9582.4."""
    buyers = sample(shared_data)
    found = fit_bg_nbd(buyers.repeats, buyers.recency, buyers.age)
    assert (found.r, found.alpha, found.a, found.b) == pytest.approx(
        (0.2426, 4.414, 0.793, 2.426), rel=0.005
    )
    likelihood = found.log_likelihood(buyers.repeats, buyers.recency, buyers.age).sum()
    assert likelihood == pytest.approx(-9582.4, abs=0.05)


def test_the_published_example_is_met() -> None:
    """Fader and Hardie's spreadsheet note: E[Y(39) | x = 2, t_x = 30.43, T = 38.86] = 1.226."""
    found = PUBLISHED.expected(np.array([2.0]), np.array([30.43]), np.array([38.86]), 39.0)
    assert found[0] == pytest.approx(1.226, abs=0.001)


def test_parameters_behind_a_simulation_are_found_again() -> None:
    truth = BgNbd(0.8, 6.0, 1.2, 3.0)
    repeats, recency, _ = lives(truth, 20_000, 52.0, 0.0, seed=1)
    found = fit_bg_nbd(repeats, recency, np.full(20_000, 52.0))
    assert (found.r, found.alpha) == pytest.approx((truth.r, truth.alpha), rel=0.05)
    assert found.a / (found.a + found.b) == pytest.approx(1.2 / 4.2, rel=0.05)


@pytest.mark.parametrize("repeats", [0, 1, 3, 6])
def test_expected_purchases_are_those_of_simulated_customers(
    lived: tuple[Floats, Floats, Floats], repeats: int
) -> None:
    """Among 200,000 lives those with so many repeats: the mean is met within 3.5 standard errors."""
    x, recency, later = lived
    those = x == repeats
    expected = PUBLISHED.expected(x[those], recency[those], np.full(those.sum(), 39.0), 39.0)
    miss = later[those] - expected
    assert abs(miss.mean()) < 3.5 * miss.std() / np.sqrt(those.sum())


def test_who_fell_silent_is_as_likely_still_there_as_simulated_customers(
    lived: tuple[Floats, Floats, Floats],
) -> None:
    """Of a life alive at T the later purchases have the mean for the living: so P(alive) is right."""
    x, recency, later = lived
    silent = (x == 2) & (recency < 15)
    age = np.full(silent.sum(), 39.0)
    alive = PUBLISHED.alive(x[silent], recency[silent], age)
    if_alive = by_integral(PUBLISHED, 2, 39.0, 39.0)
    error = later[silent].std() / np.sqrt(silent.sum())
    assert alive.mean() < 0.8
    assert abs(later[silent].mean() - alive.mean() * if_alive) < 3.5 * error


@pytest.mark.parametrize(
    "model", [PUBLISHED, BgNbd(2.0, 3.0, 0.05, 0.3), BgNbd(0.5, 9.0, 4.0, 7.0)]
)
@pytest.mark.parametrize("repeats", [0.0, 1.0, 4.0, 60.0])
def test_the_closed_form_is_the_integral(model: BgNbd, repeats: float) -> None:
    x, age = np.array([repeats]), np.array([20.0])
    found = model.expected(x, 0.9 * age * (x > 0), age, 30.0) / model.alive(x, 0.9 * age, age)
    assert found[0] == pytest.approx(by_integral(model, repeats, 20.0, 30.0), rel=1e-5)


@pytest.mark.parametrize(("a", "b"), [(1.0, 2.4), (0.4, 0.6), (1.0 + 1e-9, 2.4)])
def test_where_the_closed_form_divides_zero_by_zero_it_is_still_the_integral(
    a: float, b: float
) -> None:
    model = BgNbd(0.3, 5.0, a, b)
    for x in (0.0, 2.0):
        expected = model.expected(np.array([x]), np.array([x]), np.array([9.0]), 20.0)
        alive = model.alive(np.array([x]), np.array([x]), np.array([9.0]))
        assert (expected / alive)[0] == pytest.approx(by_integral(model, x, 9.0, 20.0), rel=1e-4)


def test_no_time_brings_no_purchase_and_more_time_brings_more() -> None:
    spans = [0.0, 1.0, 10.0, 100.0, 1000.0]
    who = np.array([3.0]), np.array([8.0]), np.array([9.0])
    found = [PUBLISHED.expected(*who, t)[0] for t in spans]
    assert found[0] == pytest.approx(0.0, abs=1e-12)
    assert (np.diff(found) > 0).all()


def test_who_never_came_back_cannot_have_left() -> None:
    """In this model people leave after a repeat purchase only."""
    assert PUBLISHED.alive(NOBODY, NOBODY, np.array([500.0])) == pytest.approx(1.0)
    later = PUBLISHED.alive(np.full(3, 4.0), np.array([1.0, 5.0, 10.0]), np.full(3, 10.0))
    assert (np.diff(later) > 0).all()


def test_thousands_of_purchases_stay_finite() -> None:
    who = np.array([20_000.0]), np.array([300.0]), np.array([300.1])
    if_alive = PUBLISHED.expected(*who, 52.0) / PUBLISHED.alive(*who)
    assert if_alive[0] == pytest.approx(by_integral(PUBLISHED, 20_000, 300.1, 52.0), rel=1e-6)
    likelihood = PUBLISHED.log_likelihood(np.array([20_000.0]), np.array([1.0]), np.array([300.0]))
    assert np.isfinite(likelihood).all()


def test_days_instead_of_weeks_change_the_unit_alone() -> None:
    repeats, recency, _ = lives(PUBLISHED, 2_000, 30.0, 0.0, seed=4)
    age = np.full(2_000, 30.0)
    weeks = fit_bg_nbd(repeats, recency, age)
    days = fit_bg_nbd(repeats, 7 * recency, 7 * age)
    assert days.alpha == pytest.approx(7 * weeks.alpha, rel=1e-4)
    assert (days.r, days.a, days.b) == pytest.approx((weeks.r, weeks.a, weeks.b), rel=1e-4)


def test_the_order_of_the_customers_does_not_matter() -> None:
    repeats, recency, _ = lives(PUBLISHED, 2_000, 30.0, 0.0, seed=5)
    age = np.full(2_000, 30.0)
    order = np.random.default_rng(6).permutation(2_000)
    assert fit_bg_nbd(repeats[order], recency[order], age) == fit_bg_nbd(repeats, recency, age)


def test_nobody_at_all_is_refused() -> None:
    with pytest.raises(NotTrainable, match="no customer with a purchase"):
        fit_bg_nbd(np.empty(0), np.empty(0), np.empty(0))


def test_a_shop_to_which_nobody_returns_is_refused() -> None:
    with pytest.raises(NotTrainable, match="0 of 50 customers came back"):
        fit_bg_nbd(np.zeros(50), np.zeros(50), np.full(50, 9.0))


@pytest.mark.parametrize(
    ("repeats", "recency", "age"),
    [
        (2.0, 11.0, 10.0),  # the last purchase after the moment of looking
        (2.0, -1.0, 10.0),
        (-1.0, 0.0, 10.0),
        (1.5, 2.0, 10.0),
        (0.0, 3.0, 10.0),  # the time since the last purchase, taken for the recency
        (2.0, np.nan, 10.0),
        (2.0, 3.0, np.inf),
    ],
)
def test_customers_who_cannot_be_are_refused(repeats: float, recency: float, age: float) -> None:
    others = np.full(20, 1.0)
    with pytest.raises(NotTrainable, match="1 of 21 customers cannot be"):
        fit_bg_nbd(
            np.append(others, repeats), np.append(others, recency), np.append(2 * others, age)
        )

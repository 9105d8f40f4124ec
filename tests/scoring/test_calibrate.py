"""Raw scores become honest ones."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator

from engage.scoring.calibrate import (
    Calibration,
    error_of_mean,
    fit_scale,
    fit_shift,
    fit_sigmoid,
    settle,
    sigmoid,
)
from engage.scoring.metrics import ece

Floats = NDArray[np.float64]


class RawScore(ClassifierMixin, BaseEstimator):  # type: ignore[misc] # sklearn has no types
    """A classifier whose decision is the one column it is given, so that sklearn calibrates it."""

    classes_ = np.array([0, 1])

    def fit(self, x: Floats, y: Floats) -> RawScore:
        """Learn nothing."""
        self.fitted_ = True
        return self

    def decision_function(self, x: Floats) -> Floats:
        """Return the raw score."""
        return x[:, 0]

    def predict(self, x: Floats) -> Floats:
        """Return the side of zero."""
        return (x[:, 0] > 0).astype(int)


def drawn(seed: int, rows: int = 4000) -> tuple[Floats, Floats]:
    """Return raw scores twice as sure as they may be, and outcomes drawn from the honest half."""
    rng = np.random.default_rng(seed)
    raw = rng.normal(-3.0, 2.0, rows)
    return raw, (rng.random(rows) < sigmoid(raw / 2 + 0.3)).astype(float)


def test_the_sigmoid_is_that_of_scikit_learn() -> None:
    raw, label = drawn(1)
    ours = fit_sigmoid(raw, label).apply(raw)
    peer = CalibratedClassifierCV(FrozenEstimator(RawScore().fit(raw, label)), method="sigmoid")
    theirs = peer.fit(raw[:, None], label).predict_proba(raw[:, None])[:, 1]
    assert ours == pytest.approx(theirs, abs=2e-4)


def test_calibration_finds_the_known_slope_and_shift() -> None:
    """The outcomes were drawn with slope 1/2 and shift .3."""
    found = fit_sigmoid(*drawn(2, rows=100_000))
    assert found.slope == pytest.approx(0.5, abs=0.02)
    assert found.shift == pytest.approx(0.3, abs=0.05)


def test_calibration_lowers_the_error_on_rows_it_never_saw() -> None:
    raw, label = drawn(4, rows=20_000)
    found = fit_sigmoid(raw[:10_000], label[:10_000])
    before = ece(label[10_000:], sigmoid(raw[10_000:]))
    after = ece(label[10_000:], found.apply(raw[10_000:]))
    assert after < before / 3


def test_scores_that_rank_the_wrong_way_become_the_base_rate() -> None:
    raw, label = drawn(5)
    chances = fit_sigmoid(-raw, label).apply(raw)
    assert np.ptp(chances) == 0
    assert chances[0] == pytest.approx(label.mean(), abs=0.001)


def test_equal_scores_become_the_base_rate() -> None:
    label = np.array([1.0, 0, 0, 0] * 50)
    assert fit_sigmoid(np.zeros(200), label).apply(np.zeros(1))[0] == pytest.approx(0.25, abs=0.01)


def test_separated_classes_give_finite_curves() -> None:
    raw = np.repeat([-5.0, 5.0], 50)
    found = fit_sigmoid(raw, (raw > 0).astype(float))
    assert np.isfinite([found.slope, found.shift]).all()
    assert found.apply(np.array([5.0]))[0] == pytest.approx(51 / 52, abs=1e-6)


def test_honest_scores_are_left_alone() -> None:
    """Over 200 honest samples of 500 rows the settled curve is nearer the truth than the fitted."""
    rng = np.random.default_rng(6)
    settled, fitted = [], []
    for _ in range(200):
        raw = rng.normal(-1.0, 1.0, 500)
        label = (rng.random(500) < sigmoid(raw)).astype(float)
        found = fit_sigmoid(raw, label)
        settled.append(np.abs(settle(found, raw, label).apply(raw) - sigmoid(raw)).mean())
        fitted.append(np.abs(found.apply(raw) - sigmoid(raw)).mean())
    assert np.mean(settled) < 0.6 * np.mean(fitted)


def test_a_clear_correction_is_applied_in_full() -> None:
    raw, label = drawn(7, rows=20_000)
    found = fit_sigmoid(raw, label)
    assert settle(found, raw, label).slope == pytest.approx(found.slope, abs=0.005)


def test_a_curve_that_fits_worse_than_the_scores_themselves_is_not_used() -> None:
    raw, label = drawn(8)
    assert settle(Calibration("sigmoid", -3.0, 5.0), raw, label) == Calibration("sigmoid", 1.0, 0.0)


def test_a_factor_makes_the_total_of_amounts_right() -> None:
    """Predicted e^0 = 1 each, 1 or 2 in truth: the mean miss .5, its error .5 / sqrt(9,999).

    The factor is 1 + .5 (1 - 1 / 9,999); a mean of 9 is held at the largest factor of 2.
    """
    label = np.tile([1.0, 2.0], 5000)
    found = fit_scale(np.zeros(10_000), label)
    assert found.slope == pytest.approx(1 + 0.5 * (1 - 1 / 9999), abs=1e-9)
    assert fit_scale(np.zeros(10_000), label + 8).slope == 2.0
    assert found.apply(np.array([np.log(3.0)]))[0] == pytest.approx(3 * found.slope)


def test_a_factor_that_chance_explains_is_one() -> None:
    """One of four spends 4: the mean is right. One of four spends 5: .25 off, error 1.25."""
    assert fit_scale(np.zeros(4), np.array([0.0, 0, 0, 4])).slope == 1.0
    assert fit_scale(np.zeros(4), np.array([0.0, 0, 0, 5])).slope == 1.0
    assert fit_scale(np.zeros(1), np.array([5.0])).slope == 1.0


def test_many_rows_of_one_person_prove_no_more_than_one() -> None:
    """Each of 50 people four times: the error is that of the 50, not half of it."""
    rng = np.random.default_rng(9)
    once, person = rng.normal(1.0, 2.0, 50), np.arange(50)
    four, whose = np.tile(once, 4), np.tile(person, 4)
    assert error_of_mean(once) == pytest.approx(once.std(ddof=1) / np.sqrt(50))
    assert error_of_mean(four, whose) == pytest.approx(error_of_mean(once, person))
    assert np.isnan(error_of_mean(np.ones(7), np.zeros(7, dtype=np.int64)))


def test_twelve_months_of_one_huge_customer_move_no_other() -> None:
    """600 rows that are right, and 12 of one person who spends 200 instead of 1: a mean miss of 3.9.

    By rows its error is 1.1, and the factor were nearly its limit; by people it is 3.9: chance.
    """
    label = np.append(np.ones(600), np.full(12, 200.0))
    person = np.append(np.arange(600) // 12, np.full(12, 50))
    assert fit_scale(np.zeros(612), label).slope == 2.0
    assert fit_scale(np.zeros(612), label, person).slope == pytest.approx(1.0, abs=0.001)


def test_a_shift_makes_the_total_right_where_losses_are_possible() -> None:
    """Off by -1 or -3, mean -2, error 1 / sqrt(999): shrunk by 1 - 1 / (4 x 999)."""
    found = fit_shift(np.tile([1.0, 3.0], 500), np.zeros(1000))
    assert found.shift == pytest.approx(-2 * (1 - 1 / (4 * 999)), abs=1e-9)
    assert found.apply(np.array([2.0]))[0] == pytest.approx(2 + found.shift)


def test_the_sigmoid_neither_overflows_nor_warns() -> None:
    with np.errstate(all="raise"):
        assert sigmoid(np.array([-800.0, 0.0, 800.0])).tolist() == [0.0, 0.5, 1.0]

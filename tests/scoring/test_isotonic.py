"""A rising curve replaces the sigmoid only where it is clearly more honest."""

from __future__ import annotations

import json

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.isotonic import IsotonicRegression

from engage.scoring.calibrate import Calibration, sigmoid
from engage.scoring.isotonic import FEWEST, fit_isotonic, most_honest

Floats = NDArray[np.float64]


def outcomes(chance: Floats, seed: int) -> Floats:
    """Return what chance makes of these chances."""
    return (np.random.default_rng(seed).random(len(chance)) < chance).astype(np.float64)


def steps(raw: Floats) -> Floats:
    """Return chances that rise in two steps, which no sigmoid follows."""
    return np.where(raw < -1, 0.05, np.where(raw < 1, 0.5, 0.55))


def test_shares_are_those_of_scikit_learn() -> None:
    raw = np.random.default_rng(1).normal(size=3000).round(2)
    label = outcomes(sigmoid(raw), 2)
    knots = fit_isotonic(raw, label).knots
    peer = IsotonicRegression().fit(raw, label)
    # One row more at the mean of all moves the share s of n rows to (n s + mean) / (n + 1).
    theirs = peer.predict(raw)
    shares, rows = np.unique(theirs.round(12), return_counts=True)
    expected = np.maximum.accumulate((shares * rows + label.mean()) / (rows + 1))
    assert [share for _, share in knots] == pytest.approx(expected.tolist())


def test_four_rows_by_hand() -> None:
    # The middle two break the order and are pooled: 1 of 2. Shares with half a row more, as the
    # mean is 1/2: (0 + .5) / 2, (1 + .5) / 3, (1 + .5) / 2.
    found = fit_isotonic(np.array([1.0, 2.0, 3.0, 4.0]), np.array([0.0, 1.0, 0.0, 1.0]))
    assert found.knots == ((1.0, 0.25), (2.5, 0.5), (4.0, 0.75))
    assert found.apply(np.array([0.0, 1.75, 9.0])) == pytest.approx([0.25, 0.375, 0.75])


def test_the_order_of_rows_changes_nothing() -> None:
    raw = np.random.default_rng(3).normal(size=500).round(1)
    label = outcomes(sigmoid(raw), 4)
    turned = np.random.default_rng(5).permutation(500)
    assert fit_isotonic(raw[turned], label[turned]) == fit_isotonic(raw, label)


def test_no_chance_is_zero_or_one() -> None:
    raw = np.linspace(-3, 3, 400)
    stated = fit_isotonic(raw, (raw > 0).astype(np.float64)).apply(raw)
    assert 0 < stated.min() < stated.max() < 1


def test_a_curve_survives_being_written_down() -> None:
    raw = np.random.default_rng(6).normal(size=300)
    found = fit_isotonic(raw, outcomes(sigmoid(raw), 7))
    read = Calibration(**json.loads(json.dumps(found.body())))
    assert np.array_equal(read.apply(raw), found.apply(raw))


def test_the_curve_is_chosen_where_it_is_clearly_better() -> None:
    raw = np.random.default_rng(8).uniform(-3, 3, 6000)
    found = most_honest(raw, outcomes(steps(raw), 9), np.arange(6000))
    assert found.kind == "isotonic"
    new = np.random.default_rng(10).uniform(-3, 3, 2000)
    assert np.abs(found.apply(new) - steps(new)).mean() < 0.03


def test_the_sigmoid_stands_where_it_is_true() -> None:
    kinds = []
    for seed in range(20):
        raw = np.random.default_rng(seed).normal(size=4000)
        found = most_honest(raw, outcomes(sigmoid(1.5 * raw), seed + 100), np.arange(4000))
        kinds.append(found.kind)
    assert kinds == ["sigmoid"] * 20


def test_few_rows_prove_no_curve() -> None:
    raw = np.random.default_rng(11).uniform(-3, 3, FEWEST - 1)
    assert most_honest(raw, outcomes(steps(raw), 12), np.arange(FEWEST - 1)).kind == "sigmoid"


def test_many_rows_of_few_people_prove_no_curve() -> None:
    raw = np.random.default_rng(13).uniform(-3, 3, 60)
    label, times = outcomes(steps(raw), 14), 100
    person = np.repeat(np.arange(60), times)
    found = most_honest(np.repeat(raw, times), np.repeat(label, times), person)
    assert found.kind == "sigmoid"
    assert most_honest(raw.repeat(times), label.repeat(times), np.zeros(6000, int)).slope > 0

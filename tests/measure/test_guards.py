"""Uneven arms are noticed, and many comparisons are paid for."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chisquare

from engage.measure.guards import MISMATCH, holm, sample_ratio_p


def test_the_sample_ratio_is_scipys_chi_square() -> None:
    peer = chisquare([5200, 4800], [5000, 5000]).pvalue
    assert sample_ratio_p(5200, 4800, 0.5) == pytest.approx(peer)


def test_a_mismatch_is_caught_and_chance_is_not() -> None:
    """10,000 people at a tenth, error 30: 150 missing are 5 errors, 60 are 2."""
    assert sample_ratio_p(9150, 850, 0.1) < MISMATCH
    assert sample_ratio_p(9060, 940, 0.1) > MISMATCH


def test_fair_draws_are_hardly_ever_called_a_mismatch() -> None:
    """400 fair draws: none expected below .001, one may happen."""
    rng = np.random.default_rng(1)
    held_out = rng.binomial(2000, 0.3, 400)
    assert sum(sample_ratio_p(2000 - n, n, 0.3) < MISMATCH for n in held_out) <= 2


def test_a_share_that_was_changed_is_no_mismatch() -> None:
    """1,000 people at a half and 1,000 at a tenth: 600 held out are exactly as drawn."""
    share = np.repeat([0.5, 0.1], 1000)
    assert sample_ratio_p(1400, 600, share) == pytest.approx(1.0)
    assert sample_ratio_p(1400, 600, 0.5) < MISMATCH


def test_where_nobody_could_be_drawn_there_is_no_mismatch() -> None:
    assert sample_ratio_p(100, 0, 0.0) == 1.0
    assert sample_ratio_p(0, 0, 0.5) == 1.0


def test_holms_correction_by_hand() -> None:
    """Sorted .01 .02 .04: x 3 = .03, x 2 = .04, x 1 = .04."""
    found = holm({"a": 0.04, "b": 0.01, "c": 0.02})
    assert found == pytest.approx({"a": 0.04, "b": 0.03, "c": 0.04})


def test_holms_correction_never_passes_one_or_falls() -> None:
    found = holm({"a": 0.4, "b": 0.5, "c": 0.6})
    assert found == {"a": 1.0, "b": 1.0, "c": 1.0}


def test_effects_that_are_not_known_are_not_counted() -> None:
    found = holm({"a": float("nan"), "b": 0.03})
    assert np.isnan(found["a"])
    assert found["b"] == 0.03
    assert holm({}) == {}

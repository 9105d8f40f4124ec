"""Figures are those of scikit-learn, or of arithmetic shown here."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import (
    average_precision_score,
    brier_score_loss,
    roc_auc_score,
    root_mean_squared_error,
)

from engage.scoring import metrics
from tests.scoring.conftest import Floats


@pytest.fixture(params=["distinct", "ties"])
def scored(request: pytest.FixtureRequest) -> tuple[np.ndarray, np.ndarray]:
    """Return outcomes and scores, with and without ties."""
    rng = np.random.default_rng(3)
    predicted = rng.random(2000)
    if request.param == "ties":
        predicted = np.round(predicted, 1)
    return (rng.random(2000) < predicted).astype(float), predicted


def test_ranking_figures_are_those_of_scikit_learn(scored: tuple[Floats, Floats]) -> None:
    actual, predicted = scored
    assert metrics.roc_auc(actual, predicted) == pytest.approx(roc_auc_score(actual, predicted))
    assert metrics.pr_auc(actual, predicted) == pytest.approx(
        average_precision_score(actual, predicted)
    )


def test_brier_and_rmse_are_those_of_scikit_learn(scored: tuple[Floats, Floats]) -> None:
    actual, predicted = scored
    assert metrics.brier(actual, predicted) == pytest.approx(brier_score_loss(actual, predicted))
    assert metrics.rmse(actual, predicted) == pytest.approx(
        root_mean_squared_error(actual, predicted)
    )


def test_calibration_error_by_hand() -> None:
    """Two bins: scores .1 .3 with shares 0 and 1, scores .8 .8 with share .5.

    |.5 - .2| for two rows and |.5 - .8| for two rows: (2 x .3 + 2 x .3) / 4 = .3.
    """
    actual = np.array([0.0, 1.0, 1.0, 0.0])
    predicted = np.array([0.1, 0.3, 0.8, 0.8])
    assert metrics.ece(actual, predicted, bins=2) == pytest.approx(0.3)


def test_honest_scores_show_the_calibration_error_that_chance_explains() -> None:
    rng = np.random.default_rng(11)
    predicted = rng.beta(1, 8, 3000)
    drawn = [
        metrics.ece((rng.random(3000) < predicted).astype(np.float64), predicted)
        for _ in range(200)
    ]
    assert metrics.ece_by_chance(predicted) == pytest.approx(np.mean(drawn), rel=0.05)


def test_no_figure_depends_on_the_order_of_the_rows(scored: tuple[Floats, Floats]) -> None:
    actual, predicted = scored
    order = np.random.default_rng(5).permutation(len(actual))
    for figure in (metrics.roc_auc, metrics.pr_auc, metrics.ece, metrics.ngini):
        assert figure(actual[order], predicted[order]) == pytest.approx(
            figure(actual, predicted), abs=1e-12
        )


def test_normalised_gini_of_a_ranking_by_hand() -> None:
    """Amounts 0 0 10, predicted in the order 2 1 3: ranks 2 1 3 against the best 1.5 1.5 3.

    Covariance with the ranks' distance from their mean 2: 10 x 1 for both, so the Gini is 1; with
    the 10 ranked in the middle it is 0, and ranked last it is -1.
    """
    amounts = np.array([0.0, 0.0, 10.0])
    assert metrics.ngini(amounts, np.array([2.0, 1.0, 3.0])) == pytest.approx(1.0)
    assert metrics.ngini(amounts, np.array([1.0, 3.0, 2.0])) == pytest.approx(0.0)
    assert metrics.ngini(amounts, np.array([2.0, 3.0, 1.0])) == pytest.approx(-1.0)


def test_for_two_outcomes_the_normalised_gini_is_twice_the_auc_less_one(
    scored: tuple[Floats, Floats],
) -> None:
    actual, predicted = scored
    assert metrics.ngini(actual, predicted) == pytest.approx(
        2 * metrics.roc_auc(actual, predicted) - 1
    )


def test_bias_is_the_share_by_which_the_total_is_off() -> None:
    assert metrics.bias(np.array([100.0, 0.0]), np.array([50.0, 30.0])) == pytest.approx(-0.2)


def test_standard_error_of_the_bias_is_its_spread_over_repeated_samples() -> None:
    rng = np.random.default_rng(8)
    actual = rng.exponential(100.0, (400, 500))
    predicted = np.full(500, 100.0)
    spread = np.std([metrics.bias(row, predicted) for row in actual])
    stated = np.mean([metrics.bias_by_chance(row, predicted) for row in actual])
    assert stated == pytest.approx(spread, rel=0.1)


def test_standard_error_of_the_bias_counts_people_where_it_knows_them() -> None:
    """500 people seen four times each, alike each time: the total is as uncertain as if seen once."""
    rng = np.random.default_rng(9)
    once = rng.exponential(100.0, (400, 500))
    predicted, person = np.full(2000, 100.0), np.tile(np.arange(500), 4)
    spread = np.std([metrics.bias(np.tile(row, 4), predicted) for row in once])
    stated = [metrics.bias_by_chance(np.tile(row, 4), predicted, person) for row in once]
    assert np.mean(stated) == pytest.approx(spread, rel=0.1)


def test_what_cannot_be_known_is_no_number() -> None:
    alike, none = np.ones(3), np.empty(0)
    assert np.isnan(metrics.roc_auc(alike, alike))
    assert np.isnan(metrics.pr_auc(np.zeros(3), alike))
    assert np.isnan(metrics.bias(np.zeros(3), alike))
    assert np.isnan(metrics.bias_by_chance(np.zeros(3), alike))
    assert np.isnan(metrics.ngini(np.zeros(3), alike))
    for figure in (metrics.brier, metrics.ece, metrics.rmse):
        assert np.isnan(figure(none, none))
    assert np.isnan(metrics.ece_by_chance(none))


def test_error_of_the_ranking_by_hand() -> None:
    """Scores 3 and 1 with the outcome, 2 and 0 without: 3 beats both and 1 one, so the area is .75.

    Each adds a quarter of one half above or below: 4 x (1 / 8)^2 x 4 / 3 people = 1 / 12.
    """
    actual, predicted = np.array([1.0, 1.0, 0.0, 0.0]), np.array([3.0, 1.0, 2.0, 0.0])
    error = metrics.roc_auc_error(actual, predicted, np.arange(4))
    assert error == pytest.approx(np.sqrt(1 / 12))


def test_error_of_the_ranking_is_that_of_drawing_people_again(
    scored: tuple[Floats, Floats],
) -> None:
    """400 people with five rows that share an outcome: the spread over 400 draws of people."""
    _, predicted = scored
    rng = np.random.default_rng(8)
    person = np.repeat(np.arange(400), 5)
    actual = (rng.random(400) < predicted.reshape(400, 5).mean(axis=1)).astype(float)[person]
    rows = np.arange(2000).reshape(400, 5)
    drawn = [rows[rng.integers(0, 400, 400)].ravel() for _ in range(400)]
    spread = np.std([metrics.roc_auc(actual[one], predicted[one]) for one in drawn])
    assert metrics.roc_auc_error(actual, predicted, person) == pytest.approx(spread, rel=0.12)


def test_rows_told_again_make_a_ranking_no_surer(scored: tuple[Floats, Floats]) -> None:
    actual, predicted = scored[0][:300], scored[1][:300]
    once = metrics.roc_auc_error(actual, predicted, np.arange(300))
    thrice = metrics.roc_auc_error(
        np.tile(actual, 3), np.tile(predicted, 3), np.tile(np.arange(300), 3)
    )
    assert thrice == pytest.approx(once)


def test_error_of_a_ranking_that_cannot_be_known() -> None:
    ones = np.ones(3)
    assert np.isnan(metrics.roc_auc_error(ones, ones, np.arange(3)))
    assert np.isnan(metrics.roc_auc_error(np.array([0.0, 1.0]), ones[:2], np.zeros(2, int)))

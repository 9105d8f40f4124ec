"""A few ways of growing trees are tried on rows they have not seen; luck does not choose."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import lightgbm as lgb
import numpy as np
import pytest
from numpy.typing import NDArray

from engage.scoring.search import CHOICES, DEFAULTS, Trial, attempt, best, ways
from engage.scoring.train import train
from tests.scoring.conftest import MakeModel, Shop


def trial(losses: list[float], rounds: int = 1) -> Trial:
    """Return a trial with these losses."""
    return Trial(DEFAULTS, rounds, (), np.array(losses))


def test_the_defaults_come_first_and_the_same_seed_draws_the_same() -> None:
    assert ways(1, 7) == [{}]
    assert ways(5, 7) == ways(5, 7)
    assert ways(5, 7)[:3] == ways(3, 7), "more trials only add to those there were"
    assert ways(5, 7) != ways(5, 8)
    for way in ways(20, 1)[1:]:
        assert all(value in CHOICES[name] for name, value in way.items())


def test_a_gain_that_chance_explains_keeps_the_defaults() -> None:
    """Gains of +1 and -0.9 among ten people: mean .05, standard error sqrt(9.025) / 10 = .30."""
    first = trial([1.0] * 10)
    other = trial([0.0, 1.9] * 5)
    assert best([first, other], np.arange(10)) is first


def test_a_gain_beyond_chance_is_taken() -> None:
    """Gains of .5 and .7: mean .6, standard error sqrt(10 x .01) / 10 = .03."""
    first, other = trial([1.0] * 10), trial([0.5, 0.3] * 5)
    assert best([first, other], np.arange(10)) is other


def test_many_rows_of_one_person_are_one_piece_of_evidence() -> None:
    """One person of two gains 1 on 50 rows, the other loses .5 on 50: mean .25.

    By rows the error would be .75 / 10 = .075; by people it is sqrt(2 x 37.5^2) / 100 = .53.
    """
    gain = np.repeat([1.0, -0.5], 50)
    first, other = trial([2.0] * 100), trial((2.0 - gain).tolist())
    assert best([first, other], np.repeat([0, 1], 50)) is first
    assert best([first, other], np.arange(100)) is other


def test_trees_stop_by_rows_that_count_alike_whatever_they_weigh() -> None:
    """Checked rows of a rule that nobody learns weigh ten times the others, and count like them.

    By weight the loss would hardly ever fall; by rows it falls until the rule of the others is known.
    """
    rng = np.random.default_rng(4)
    seen = rng.random((2000, 2))
    odd = np.arange(2000) >= 1700
    label = (rng.random(2000) < np.where(odd, 1 - seen[:, 0], seen[:, 0])).astype(float)
    pairs = [(np.arange(1000), np.arange(1000, 2000))]
    settings = {**DEFAULTS, "objective": "binary", "seed": 1, "num_threads": 1, "verbosity": -1}

    def rounds(weight: NDArray[np.float64]) -> int:
        data = lgb.Dataset(seen, label, weight=weight, params=settings, free_raw_data=False)
        return attempt(data, settings, pairs, ranked=False).rounds

    alike = rounds(np.full(2000, 0.5))
    assert rounds(np.where(odd, 5.0, 0.5)) == alike > 10


def test_where_a_calibration_follows_only_the_ranking_counts() -> None:
    """Labels that come three times as often in the checked rows, ranked as before.

    The log-loss of scores that state the old chances is worse than the new base rate's own; that
    after a sigmoid is not.
    """
    rng = np.random.default_rng(1)
    x = rng.random((4000, 1))
    label = (rng.random(4000) < 0.05 + 0.1 * x[:, 0]).astype(float)
    label[2000:] = rng.random(2000) < 0.15 + 0.3 * x[2000:, 0]
    settings = {**DEFAULTS, "objective": "binary", "num_threads": 1, "verbosity": -1, "seed": 1}
    pairs = [(np.arange(2000), np.arange(2000, 4000))]

    def loss(*, ranked: bool) -> float:
        data = lgb.Dataset(x, label, params=settings, free_raw_data=False)
        return attempt(data, settings, pairs, ranked=ranked).loss

    rate = label[2000:].mean()
    of_the_rate = float(-(rate * np.log(rate) + (1 - rate) * np.log(1 - rate)))
    assert loss(ranked=True) < of_the_rate < loss(ranked=False)


@pytest.mark.parametrize("split", ["time", "random"])
def test_what_was_tried_stands_in_the_artifact(
    shop: Shop, model: MakeModel, now: datetime, split: str
) -> None:
    data = shop()[0]
    trained = train(model(), data, now=now, seed=1, threads=1, trials=3, split=split)  # type: ignore[arg-type]
    tried = trained.artifact.body["search"]
    assert len(tried) == 3
    again = train(model(), data, now=now, seed=1, threads=2, trials=3, split=split)  # type: ignore[arg-type]
    assert again.artifact.sha256 == trained.artifact.sha256


def test_given_parameters_are_not_searched(shop: Shop, model: MakeModel, now: datetime) -> None:
    asked = {"num_leaves": 3}
    trained = train(model(), shop()[0], now=now, seed=1, threads=1, trials=4, parameters=asked)
    assert [one["num_leaves"] for one in trained.artifact.body["search"]] == [3]


def test_amounts_are_searched_by_the_squared_error(
    shop: Shop, model: MakeModel, now: datetime
) -> None:
    data, chance = shop()
    amounts = replace(data, label=np.round(1000 * chance))
    made = model(objective="amount")
    trained = train(made, amounts, now=now, seed=1, threads=1, trials=2)
    assert [one["loss"] > 0 for one in trained.artifact.body["search"]] == [True, True]

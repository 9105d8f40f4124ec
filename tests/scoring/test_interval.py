"""Four in five people like this one end up between low and high."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

from engage.domain.scores import Objective, Subject
from engage.features.definition import Feature
from engage.scoring.definition import Model
from engage.scoring.interval import fit_interval, from_body
from engage.scoring.predict import Predictor
from engage.scoring.train import Trained, TrainingSet, train
from tests.scoring.conftest import MakeModel, Shop

NOW = datetime(2026, 6, 1, tzinfo=UTC)
MODEL = Model(
    name="value",
    sentence="margin of a month",
    subject=Subject.PERSON,
    features=(Feature("usual", "number", "so far: {value}"),),
    label="",
    horizon=timedelta(days=30),
    lookback=timedelta(days=30),
    objective=Objective.AMOUNT,
)


def people(number: int, seed: int) -> TrainingSet:
    """Return people who earn their usual amount times a factor with a long tail."""
    rng = np.random.default_rng(seed)
    usual = rng.choice([10.0, 40.0, 90.0, 500.0], number)
    frame = pa.table(
        {
            "subject_id": [f"per_{seed}_{one:05d}" for one in range(number)],
            "person_id": [f"per_{seed}_{one:05d}" for one in range(number)],
            "as_of": pa.array([np.datetime64("2026-01-01", "us")] * number, pa.timestamp("us")),
            "usual": pa.array(usual),
        }
    )
    return TrainingSet(frame, usual * rng.lognormal(-0.125, 0.5, number))


@pytest.fixture(scope="module")
def trained() -> Trained:
    return train(MODEL, people(2000, 1), now=NOW, seed=1, threads=1)


def test_of_fresh_people_four_in_five_lie_within_and_one_in_ten_on_each_side(
    trained: Trained,
) -> None:
    """4,000 fresh people; the standard error of a share of .8 is .006, of .1 it is .005, and the
    bounds come from 1,600 people in five groups: some .01 more for each side."""
    fresh = people(4000, 2)
    low, high = Predictor(trained.artifact).interval(fresh.frame)
    below, above = (fresh.label < low).mean(), (fresh.label > high).mean()
    assert below == pytest.approx(0.1, abs=0.03)
    assert above == pytest.approx(0.1, abs=0.03)
    small = fresh.frame["usual"].to_numpy() == 10.0
    inside = (fresh.label >= low) & (fresh.label <= high)
    assert inside[small].mean() == pytest.approx(0.8, abs=0.06)
    assert inside[~small].mean() == pytest.approx(0.8, abs=0.05)
    assert trained.metrics["interval_coverage"] == pytest.approx(0.8, abs=0.07)


def test_the_bounds_are_those_of_nine_in_ten_people_and_one_more() -> None:
    """99 people stated 100 who earn 1 ... 99: .9 x (99 + 1) = 90 at or below 90, and 90 at or
    above 10."""
    earned = np.arange(1.0, 100.0)
    found = fit_interval(np.full(99, 100.0), earned, np.arange(99))
    assert found is not None
    assert found.people == (99,)
    assert [one[0] for one in found.around(np.array([100.0]))] == pytest.approx([10.0, 90.0])
    assert found.coverage(np.full(99, 100.0), earned, np.arange(99)) == pytest.approx(81 / 99)


def test_many_rows_of_one_person_move_the_bounds_no_further_than_one() -> None:
    earned = np.arange(1.0, 100.0)
    often = np.append(np.arange(99), np.full(500, 98))
    found = fit_interval(np.full(599, 100.0), np.append(earned, np.full(500, 99.0)), often)
    assert found == fit_interval(np.full(99, 100.0), earned, np.arange(99))


def test_each_group_of_stated_amounts_has_its_own_bounds() -> None:
    """Small amounts come true exactly, large ones are off by a half either way."""
    stated = np.repeat([10.0, 1000.0], 100)
    earned = np.append(np.full(100, 10.0), np.tile([500.0, 1500.0], 50))
    found = fit_interval(stated, earned, np.arange(200))
    assert found is not None
    low, high = found.around(np.array([10.0, 1000.0]))
    assert low == pytest.approx([10.0, 500.0])
    assert high == pytest.approx([10.0, 1500.0])


def test_an_amount_that_cannot_be_negative_has_no_negative_bound() -> None:
    stated, earned = np.full(60, 10.0), np.zeros(60)
    found = fit_interval(stated, earned, np.arange(60), least=0.0)
    assert found is not None
    wide = replace(found, low=(-2.0,))
    assert wide.around(stated[:1])[0].tolist() == [0.0]
    assert replace(wide, least=None).around(stated[:1])[0].tolist() == [-10.0]


def test_where_a_fifth_brings_in_nothing_the_rest_lies_above() -> None:
    """99 people stated 50: 19 with nothing, 80 with 1 ... 80. .8 x (99 + 1) = 80 at or below 61."""
    earned = np.append(np.zeros(19), np.arange(1.0, 81.0))
    found = fit_interval(np.full(99, 50.0), earned, np.arange(99), least=0.0)
    assert found is not None
    assert [one[0] for one in found.around(np.array([50.0]))] == pytest.approx([0.0, 61.0])


def test_too_few_people_have_no_interval() -> None:
    assert fit_interval(np.ones(49), np.ones(49), np.arange(49)) is None
    assert fit_interval(np.ones(490), np.ones(490), np.arange(490) % 49) is None
    assert fit_interval(np.ones(50), np.ones(50), np.arange(50)) is not None


def test_it_is_kept_in_the_artifact_and_a_chance_has_none(
    trained: Trained, shop: Shop, model: MakeModel
) -> None:
    body = trained.artifact.body["interval"]
    found = from_body(body)
    assert found is not None
    assert found.body() == {**body, **{k: tuple(v) for k, v in body.items() if k in _LISTS}}
    data, _ = shop()
    chance = train(model(), data, now=NOW, seed=1, threads=1)
    assert "interval" not in chance.artifact.body
    assert "interval_coverage" not in chance.metrics
    assert all(np.isnan(one).all() for one in Predictor(chance.artifact).interval(data.frame))


_LISTS = ("edges", "low", "high", "people")

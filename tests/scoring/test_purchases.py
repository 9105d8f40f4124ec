"""A shop's customers are valued by the mean of the trees and of the purchase models."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from engage.domain.scores import Objective, Subject
from engage.errors import ArtifactRefused, DefinitionError, NotTrainable
from engage.features.definition import Feature
from engage.scoring.artifact import read, write
from engage.scoring.bg_nbd import BgNbd
from engage.scoring.definition import Gates, Model, Purchases
from engage.scoring.predict import Predictor
from engage.scoring.purchases import averaged, from_body
from engage.scoring.reasons import reasons
from engage.scoring.train import Trained, TrainingSet, train

Floats = NDArray[np.float64]
TRUTH = BgNbd(0.7, 4.0, 0.9, 3.0)
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
NOW = datetime(2027, 1, 1, tzinfo=UTC)
LOOKS = (10, 16, 22, 28, 34, 40)
AHEAD = 6
KEY = b"a key of this test"
FEATURES = (
    Feature("repeats", "integer", "came back {value} times"),
    Feature("recency", "number", "weeks from the first to the last purchase: {value}"),
    Feature("age", "number", "weeks since the first purchase: {value}"),
    Feature("spend", "number", "spent on a purchase: {value}"),
)
MODEL = Model(
    name="value",
    sentence="what a customer spends in six weeks",
    subject=Subject.PERSON,
    features=FEATURES,
    label="",
    horizon=timedelta(weeks=AHEAD),
    lookback=timedelta(days=365),
    objective=Objective.AMOUNT,
    gates=Gates(),
    purchases=Purchases("repeats", "recency", "age", "spend", unit=timedelta(weeks=1)),
)


def bought(customers: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Return times and amounts of purchases, one row a customer, NaN after the last of them."""
    rate = rng.gamma(TRUTH.r, 1 / TRUTH.alpha, (customers, 1))
    stays = np.cumprod(rng.random((customers, 80)) >= rng.beta(0.9, 3.0, (customers, 1)), axis=1)
    gaps = rng.exponential(1 / rate, (customers, 80))
    there = np.column_stack([np.ones(customers), stays[:, :-1]]).astype(bool)
    later = np.where(there, np.cumsum(gaps, axis=1), np.nan)
    start = rng.uniform(0, 8, (customers, 1))
    times = start + np.column_stack([np.zeros(customers), later])
    usual = rng.gamma(4.0, 1 / rng.gamma(4.0, 1 / 9000.0, (customers, 1)), times.shape)
    return times, np.where(np.isnan(times), np.nan, np.round(usual))


def shop(customers: int = 600, seed: int = 1) -> TrainingSet:
    """Return customers of a shop looked at after ten to 40 weeks, with what they spend in six."""
    times, amounts = bought(customers, np.random.default_rng(seed))
    parts = []
    for week in LOOKS:
        before, after = times < week, (times >= week) & (times < week + AHEAD)
        number = before.sum(axis=1).astype(float)
        last = np.where(before, times, -np.inf).max(axis=1)
        parts.append(
            {
                "as_of": np.full(customers, np.datetime64(FIRST.replace(tzinfo=None), "us"))
                + np.timedelta64(timedelta(weeks=week)),
                "repeats": number - 1,
                "recency": last - times[:, 0],
                "age": week - times[:, 0],
                "spend": np.where(before, amounts, 0).sum(axis=1) / number,
                "label": np.where(after, amounts, 0).sum(axis=1),
            }
        )
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    label = columns.pop("label")
    names = [f"per_{one:04d}" for _ in LOOKS for one in range(customers)]
    table = pa.table({"subject_id": names, "person_id": names, **columns})
    place = table.column_names.index("repeats")
    whole = table.set_column(place, "repeats", table["repeats"].cast(pa.int64()))
    return TrainingSet(whole, label)


@pytest.fixture(scope="module")
def data() -> TrainingSet:
    return shop()


@pytest.fixture(scope="module")
def trained(data: TrainingSet) -> Trained:
    return train(MODEL, data, now=NOW, seed=1, threads=1)


def test_the_score_is_the_mean_of_both_amounts_made_honest(
    trained: Trained, data: TrainingSet
) -> None:
    predictor = Predictor(trained.artifact)
    matrix = predictor.encode(data.frame)
    purchases = from_body(trained.artifact.body["purchases"])
    assert purchases is not None
    by_models = purchases.amounts(matrix, MODEL.feature_names)
    by_trees = np.exp(predictor.raw(matrix))
    factor = trained.artifact.body["calibration"]["slope"]
    assert predictor.score(data.frame) == pytest.approx((by_models + by_trees) / 2 * factor)


def test_the_purchase_models_are_those_of_the_newest_look_before_judging(
    trained: Trained, data: TrainingSet
) -> None:
    """Judged from week 34 on: what week 40 shows may not be in the parameters, week 34 must."""
    assert trained.artifact.body["split"] == "time"
    found = trained.artifact.body["purchases"]
    assert found["period"] == AHEAD
    assert found["bg_nbd"]["r"] == pytest.approx(TRUTH.r, rel=0.35)
    changed = {}
    for week in (34, 40):
        spend = data.frame["spend"].to_numpy().copy()
        spend[LOOKS.index(week) * 600 : (LOOKS.index(week) + 1) * 600] *= 3
        frame = data.frame.set_column(6, "spend", pa.array(spend))
        again = train(MODEL, replace(data, frame=frame), now=NOW, seed=1, threads=1)
        changed[week] = again.artifact.body["purchases"]
    assert changed[40] == found
    assert changed[34]["gamma_gamma"] != found["gamma_gamma"]


def test_the_people_who_judge_are_not_in_the_parameters_of_a_split_by_person(
    data: TrainingSet,
) -> None:
    first = train(MODEL, data, now=NOW, seed=1, threads=1, split="random")
    spend = data.frame["spend"].to_numpy().copy()
    spend[first.judged] *= 50
    changed = data.frame.set_column(6, "spend", pa.array(spend))
    again = train(MODEL, replace(data, frame=changed), now=NOW, seed=1, threads=1, split="random")
    assert again.artifact.body["purchases"] == first.artifact.body["purchases"]


def test_the_mean_is_nearer_the_truth_than_the_trees_alone(
    trained: Trained, data: TrainingSet
) -> None:
    alone = train(replace(MODEL, purchases=None), data, now=NOW, seed=1, threads=1)
    assert alone.artifact.body["purchases"] is None
    assert (trained.metrics["rmse"] or 0) < (alone.metrics["rmse"] or 0)
    assert (trained.metrics["ngini"] or 0) > (alone.metrics["ngini"] or 0)


def test_where_losses_are_possible_the_amounts_themselves_are_averaged(data: TrainingSet) -> None:
    """Returned goods make some labels negative; nothing is in logarithms then."""
    label = np.where(data.label == 0, -100.0, data.label)
    found = train(MODEL, replace(data, label=label), now=NOW, seed=1, threads=1).artifact
    predictor, purchases = Predictor(found), from_body(found.body["purchases"])
    assert purchases is not None
    matrix = predictor.encode(data.frame)
    by_models = purchases.amounts(matrix, MODEL.feature_names)
    mean = (by_models + predictor.raw(matrix)) / 2
    assert found.body["calibration"]["kind"] == "shift"
    assert predictor.score(data.frame) == pytest.approx(mean + found.body["calibration"]["shift"])


def test_who_never_bought_is_valued_by_the_trees_alone(trained: Trained) -> None:
    predictor = Predictor(trained.artifact)
    nobody = pa.table(
        {
            "repeats": pa.array([None], pa.int64()),
            "recency": pa.array([None], pa.float64()),
            "age": pa.array([None], pa.float64()),
            "spend": pa.array([None], pa.float64()),
        }
    )
    factor = trained.artifact.body["calibration"]["slope"]
    by_trees = np.exp(predictor.raw(predictor.encode(nobody)))
    assert predictor.score(nobody) == pytest.approx(by_trees * factor)


def test_one_row_scores_as_it_does_among_many(trained: Trained, data: TrainingSet) -> None:
    predictor = Predictor(trained.artifact)
    many = predictor.score(data.frame.slice(0, 50))
    single = [predictor.score(data.frame.slice(one, 1))[0] for one in range(50)]
    assert many.tolist() == single


def test_the_reasons_add_up_to_the_part_of_the_trees(trained: Trained, data: TrainingSet) -> None:
    """`reasons` refuses a model whose parts do not sum to its raw score."""
    predictor = Predictor(trained.artifact)
    rows = data.frame.slice(0, 20)
    matrix = predictor.encode(rows)
    assert predictor.contributions(matrix).sum(axis=1) == pytest.approx(predictor.raw(matrix))
    assert all(reasons(predictor, rows, FEATURES))


def test_the_parameters_are_kept_and_guarded_with_the_artifact(
    trained: Trained, data: TrainingSet, tmp_path: Path
) -> None:
    folder = write(tmp_path, trained.artifact, KEY)
    again = Predictor(read(folder, trained.artifact.sha256, KEY))
    assert (again.score(data.frame) == Predictor(trained.artifact).score(data.frame)).all()
    path = folder / "value.json"
    body = json.loads(path.read_text())
    body["purchases"]["bg_nbd"]["r"] *= 2
    path.write_text(json.dumps(body, sort_keys=True, indent=1))
    with pytest.raises(ArtifactRefused):
        read(folder, trained.artifact.sha256, KEY)


def test_an_empty_spend_counts_purchases(data: TrainingSet, trained: Trained) -> None:
    counting = Purchases("repeats", "recency", "age", unit=timedelta(weeks=1))
    label = (data.label > 0).astype(float)
    found = train(
        replace(MODEL, purchases=counting), replace(data, label=label), now=NOW, seed=1, threads=1
    )
    assert found.artifact.body["purchases"]["gamma_gamma"] is None
    assert found.artifact.body["parameters"]["tweedie_variance_power"] == 1.1
    assert "tweedie_variance_power" not in trained.artifact.body["parameters"]
    assert Predictor(found.artifact).score(data.frame).max() < 20


def test_a_period_of_its_own_looks_further_ahead(data: TrainingSet, trained: Trained) -> None:
    told = replace(MODEL.purchases or Purchases("", "", ""), ahead=timedelta(weeks=52))
    found = train(replace(MODEL, purchases=told), data, now=NOW, seed=1, threads=1)
    assert found.artifact.body["purchases"]["period"] == 52
    assert (
        found.artifact.body["purchases"]["bg_nbd"] == trained.artifact.body["purchases"]["bg_nbd"]
    )


def test_logarithms_and_plain_amounts_average_alike() -> None:
    trees, models = np.array([0.0, 3.0, 5.0]), np.array([4.0, 0.0, np.nan])
    plain = averaged(trees, models, logs=False)
    assert plain.tolist() == [2.0, 1.5, 5.0]
    with np.errstate(divide="ignore"):
        logs = np.exp(averaged(np.log(trees), models, logs=True))
    assert logs == pytest.approx(plain)


def test_customers_who_cannot_be_stop_the_training_with_the_models_name(
    data: TrainingSet,
) -> None:
    mixed_up = replace(MODEL, purchases=Purchases("repeats", "age", "recency", "spend"))
    with pytest.raises(NotTrainable, match=r"model value: BG/NBD: \d+ of 600 customers cannot be"):
        train(mixed_up, data, now=NOW, seed=1, threads=1)


def test_purchases_of_a_chance_are_refused() -> None:
    with pytest.raises(DefinitionError, match=r"set objective=Objective\.AMOUNT"):
        replace(MODEL, objective=Objective.PROBABILITY)


def test_purchases_that_name_no_number_are_refused() -> None:
    with pytest.raises(DefinitionError, match="purchases name 'often'"):
        replace(MODEL, purchases=Purchases("often", "recency", "age"))

"""Training is honest, repeatable, and says what it lacks."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

from engage.domain.scores import Objective
from engage.errors import DefinitionError, NotTrainable
from engage.features.definition import Feature
from engage.scoring import fit as fitting
from engage.scoring.definition import Gates, Model
from engage.scoring.metrics import ece
from engage.scoring.predict import Predictor
from engage.scoring.splits import JUDGING_SHARE, person_draws
from engage.scoring.train import Trained, TrainingSet, train
from tests.scoring.conftest import NOW, MakeModel, Shop


def replaced(data: TrainingSet, name: str, values: pa.Array) -> TrainingSet:
    """Return the training set with this column replaced."""
    position = data.frame.column_names.index(name)
    return replace(data, frame=data.frame.set_column(position, name, values))


@pytest.fixture(scope="module")
def well_trained(shop: Shop, model: MakeModel) -> Predictor:
    return Predictor(train(model(), shop(rows=20_000)[0], now=NOW, seed=1, threads=1).artifact)


def test_scores_are_the_known_chances(well_trained: Predictor, shop: Shop) -> None:
    """Judged on another draw of the shop: its true chances are known."""
    data, chance = shop(rows=20_000, seed=99)
    scores = well_trained.score(data.frame)
    assert np.corrcoef(scores, chance)[0, 1] > 0.98
    assert np.abs(scores - chance).mean() < 0.03


def test_calibration_is_as_good_as_or_better_than_the_trees_alone(
    well_trained: Predictor, shop: Shop
) -> None:
    data, chance = shop(rows=20_000, seed=98)
    predictor = well_trained
    raw = predictor.raw(predictor.encode(data.frame))
    before = ece(chance, 1 / (1 + np.exp(-raw)))
    assert ece(chance, predictor.score(data.frame)) <= before + 0.001


def test_calibration_on_a_few_hundred_rows_spoils_nothing(trained: Trained, shop: Shop) -> None:
    """Some 600 rows calibrate: a curve fitted to them alone would double the error."""
    data, chance = shop(rows=20_000, seed=98)
    predictor = Predictor(trained.artifact)
    raw = predictor.raw(predictor.encode(data.frame))
    before = ece(chance, 1 / (1 + np.exp(-raw)))
    assert ece(chance, predictor.score(data.frame)) <= before + 0.006


def test_people_not_learned_from_calibrate_in_a_split_by_person(
    shop: Shop, model: MakeModel, now: datetime
) -> None:
    """Greedy trees on labels without signal are sure of what they memorised.

    Scores of people their booster never saw show that it means nothing, so that what is stated
    stays at the base rate.
    """
    data, _ = shop()
    label = np.random.default_rng(3).permutation(data.label)
    greedy = {"num_leaves": 63, "min_data_in_leaf": 2, "learning_rate": 0.5}
    trained = train(
        model(),
        replace(data, label=label),
        now=now,
        seed=1,
        threads=1,
        split="random",
        parameters=greedy,
    )
    scores = Predictor(trained.artifact).score(data.frame)
    assert np.abs(scores - label.mean()).mean() < 0.05


def test_a_rare_outcome_keeps_its_chance(shop: Shop, model: MakeModel, now: datetime) -> None:
    """Only a fiftieth of the positives: an average score near 1 %, not near a weighted half."""
    data, chance = shop(rows=20_000, seed=5)
    drawn = np.random.default_rng(2).random(len(chance))
    rare = replace(data, label=(drawn < chance / 30).astype(float))
    trained = train(model(), rare, now=now, seed=1, threads=1)
    scores = Predictor(trained.artifact).score(data.frame)
    assert scores.mean() == pytest.approx(chance.mean() / 30, rel=0.25)


def test_one_and_two_threads_give_the_same_artifact(
    shop: Shop, model: MakeModel, now: datetime
) -> None:
    data, _ = shop()
    one = train(model(), data, now=now, seed=1, threads=1)
    two = train(model(), data, now=now, seed=1, threads=2)
    assert one.artifact.sha256 == two.artifact.sha256


def test_the_order_of_the_rows_does_not_matter(
    shop: Shop, model: MakeModel, now: datetime, trained: Trained
) -> None:
    data, _ = shop()
    order = np.random.default_rng(4).permutation(data.frame.num_rows)
    shuffled = TrainingSet(data.frame.take(pa.array(order)), data.label[order])
    again = train(model(), shuffled, now=now, seed=1, threads=1)
    assert again.artifact.sha256 == trained.artifact.sha256
    assert sorted(order[again.judged]) == sorted(trained.judged)


def test_another_seed_gives_another_artifact(
    shop: Shop, model: MakeModel, now: datetime, trained: Trained
) -> None:
    again = train(model(), shop()[0], now=now, seed=2, threads=1)
    assert again.artifact.sha256 != trained.artifact.sha256


def test_long_history_is_split_by_time_with_a_gap_of_one_horizon(trained: Trained) -> None:
    window = trained.artifact.body["window"]
    assert trained.artifact.body["split"] == "time"
    for earlier, later in (("learned", "calibrated"), ("calibrated", "judged")):
        gap = np.datetime64(window[later]["from"]) - np.datetime64(window[earlier]["to"])
        assert gap >= np.timedelta64(2, "D")


def test_short_history_is_split_by_person_and_says_so(
    shop: Shop, model: MakeModel, now: datetime
) -> None:
    trained = train(model(horizon=timedelta(days=60)), shop()[0], now=now, seed=1, threads=1)
    assert trained.artifact.body["split"] == "random"
    assert trained.artifact.body["window"]["calibrated"] == {"rows": 0}


def test_judged_people_were_not_learned_from_in_a_split_by_person(
    shop: Shop, model: MakeModel, now: datetime
) -> None:
    data, _ = shop()
    trained = train(model(), data, now=now, seed=1, threads=1, split="random")
    people = np.array(data.frame.column("person_id").to_pylist())
    judged = set(people[trained.judged])
    assert trained.metrics["n_new_people"] == len(trained.judged)
    assert not judged & set(np.delete(people, trained.judged))


def test_unknown_labels_are_left_out_and_counted(
    shop: Shop, model: MakeModel, now: datetime
) -> None:
    data, _ = shop()
    label = data.label.copy()
    label[:300] = np.nan
    trained = train(model(), TrainingSet(data.frame, label), now=now, seed=1, threads=1)
    rest = TrainingSet(data.frame.slice(300), data.label[300:])
    alone = train(model(), rest, now=now, seed=1, threads=1)
    assert trained.counts["unknown"] == 300
    assert trained.rows == 2700
    assert trained.artifact.booster == alone.artifact.booster


def test_labels_that_are_not_ripe_are_left_out_and_counted(shop: Shop, model: MakeModel) -> None:
    """Two days before the last visit: only visits of two days earlier still are ripe."""
    data, _ = shop()
    moments = data.frame.column("as_of").to_numpy()
    now = moments.max().astype("M8[us]").item()
    trained = train(model(), data, now=now, seed=1, threads=1)
    late = int((moments + np.timedelta64(2, "D") > moments.max()).sum())
    assert late > 0
    assert trained.counts["immature"] == late
    assert trained.rows == 3000 - late
    unknown = np.where(moments + np.timedelta64(2, "D") > moments.max(), np.nan, data.label)
    again = train(model(), TrainingSet(data.frame, unknown), now=now, seed=1, threads=1)
    assert again.counts == trained.counts  # what is not ripe waits, whatever it says so far


def test_infinite_features_count_as_missing(shop: Shop, model: MakeModel, now: datetime) -> None:
    data, _ = shop()
    seconds = data.frame.column("seconds").to_numpy().copy()
    seconds[:50] = np.inf
    seconds[50:80] = -np.inf
    trained = train(
        model(), replaced(data, "seconds", pa.array(seconds)), now=now, seed=1, threads=1
    )
    assert trained.counts["infinite"] == 80
    empty = pa.array([None] * 80 + seconds[80:].tolist(), pa.float64())
    missing = train(model(), replaced(data, "seconds", empty), now=now, seed=1, threads=1)
    assert missing.artifact.booster == trained.artifact.booster


def test_a_feature_that_is_always_missing_is_noted_and_harmless(
    shop: Shop, model: MakeModel, now: datetime
) -> None:
    data, _ = shop()
    empty = replaced(data, "seconds", pa.nulls(3000, pa.float64()))
    trained = train(model(), empty, now=now, seed=1, threads=1)
    assert trained.artifact.body["unused"] == ["seconds"]
    assert (trained.metrics["roc_auc"] or 0) > 0.7


def test_a_constant_feature_is_noted_and_harmless(
    shop: Shop, model: MakeModel, now: datetime
) -> None:
    data, _ = shop()
    constant = replaced(data, "device", pa.array(["phone"] * 3000))
    trained = train(model(), constant, now=now, seed=1, threads=1)
    assert trained.artifact.body["unused"] == ["device"]


def test_only_constant_features_cannot_be_trained_on(
    shop: Shop, model: MakeModel, now: datetime
) -> None:
    data, _ = shop()
    alone = model(features=(Feature("device", "category", "came with a {value}"),))
    with pytest.raises(NotTrainable, match="all 1 features hold the same value in each of 3000"):
        train(alone, replaced(data, "device", pa.array(["x"] * 3000)), now=now, seed=1, threads=1)


def test_one_outcome_only_cannot_be_trained_on(shop: Shop, model: MakeModel, now: datetime) -> None:
    data, _ = shop()
    with pytest.raises(NotTrainable, match="0 of 3000 labelled rows are of the rarer outcome, 30"):
        train(model(), replace(data, label=np.ones(3000)), now=now, seed=1, threads=1)


def test_too_few_rows_cannot_be_trained_on(shop: Shop, model: MakeModel, now: datetime) -> None:
    data, _ = shop(rows=150)
    with pytest.raises(NotTrainable, match="150 labelled rows, 200 are needed"):
        train(model(), data, now=now, seed=1, threads=1)


def test_rows_of_a_handful_of_people_cannot_be_trained_on(
    shop: Shop, model: MakeModel, now: datetime
) -> None:
    data, _ = shop()
    people = pa.array([f"per_{one % 9}" for one in range(3000)])
    with pytest.raises(NotTrainable, match="9 people"):
        train(model(), replaced(data, "person_id", people), now=now, seed=1, threads=1)


def test_one_person_alone_before_the_split_cannot_be_learned_from(
    shop: Shop, model: MakeModel, now: datetime
) -> None:
    data, _ = shop()
    people = pa.array(["per_one" if one < 2200 else f"per_{one}" for one in range(3000)])
    with pytest.raises(NotTrainable, match="of one person only"):
        train(model(), replaced(data, "person_id", people), now=now, seed=1, threads=1)


def test_people_too_few_to_set_one_aside_cannot_be_judged(
    shop: Shop, model: MakeModel, now: datetime
) -> None:
    """Of ten people none is drawn to judge in .8^10 = 11 % of seeds: the first such is taken."""
    data, _ = shop()
    names = [f"per_{one}" for one in range(10)]
    people = pa.array([names[one % 10] for one in range(3000)])
    seed = next(
        seed for seed in range(1000) if (person_draws(names, seed, "judge") >= JUDGING_SHARE).all()
    )
    with pytest.raises(NotTrainable, match="10 people are too few to set some aside"):
        train(
            model(),
            replaced(data, "person_id", people),
            now=now,
            seed=seed,
            threads=1,
            split="random",
        )


@pytest.mark.parametrize("seed", range(6))
def test_small_history_trains_or_says_why_not(
    shop: Shop, model: MakeModel, now: datetime, seed: int
) -> None:
    data, _ = shop(rows=240, seed=seed)
    small = model(gates=Gates(min_rows=50, min_positives=5))
    trained = train(small, data, now=now, seed=seed, threads=1)
    assert 0 <= Predictor(trained.artifact).score(data.frame).min() <= 1


def test_a_label_that_is_no_yes_or_no_is_refused(
    shop: Shop, model: MakeModel, now: datetime
) -> None:
    data, _ = shop()
    with pytest.raises(DefinitionError, match="returned 2"):
        train(model(), replace(data, label=data.label * 2), now=now, seed=1, threads=1)


def test_labels_must_match_the_rows(shop: Shop, model: MakeModel, now: datetime) -> None:
    data, _ = shop()
    with pytest.raises(DefinitionError, match="2999 labels for 3000 rows"):
        train(model(), replace(data, label=data.label[1:]), now=now, seed=1, threads=1)


def test_a_subject_may_stand_once_per_moment(shop: Shop, model: MakeModel, now: datetime) -> None:
    data, _ = shop()
    twice = TrainingSet(
        pa.concat_tables([data.frame, data.frame.slice(0, 1)]), np.append(data.label, 0.0)
    )
    with pytest.raises(DefinitionError, match="twice"):
        train(model(), twice, now=now, seed=1, threads=1)


def test_a_category_cannot_be_monotone(shop: Shop, model: MakeModel, now: datetime) -> None:
    wrong = model(features=(Feature("device", "category", "", monotone=1),))
    with pytest.raises(DefinitionError, match="monotone=0"):
        train(wrong, shop()[0], now=now, seed=1, threads=1)


def test_more_of_a_monotone_feature_never_lowers_the_score(trained: Trained, shop: Shop) -> None:
    """`views` is declared to raise the score: checked on every visit with one view more."""
    data, _ = shop(rows=500, seed=3)
    predictor = Predictor(trained.artifact)
    matrix = predictor.encode(data.frame)
    more = matrix.copy()
    more[:, 0] += 1
    assert (predictor.score_matrix(more) >= predictor.score_matrix(matrix)).all()


def test_the_artifact_is_plain_json_and_text(trained: Trained) -> None:
    json.dumps(trained.artifact.body, allow_nan=False)
    assert trained.artifact.booster.startswith("tree\n")
    assert "num_threads" not in trained.artifact.booster


def test_large_history_uses_one_fold_to_know_when_to_stop(
    shop: Shop, model: MakeModel, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fitting, "ONE_FOLD_ABOVE", 1000)
    trained = train(model(), shop()[0], now=now, seed=1, threads=1)
    assert (trained.metrics["roc_auc"] or 0) > 0.7


class TestAmounts:
    """A value model states money, negative where losses are possible."""

    @pytest.fixture
    def spend(self, shop: Shop) -> TrainingSet:
        """Return visits with an amount: mostly nothing, else a long tail that grows with views."""
        data, chance = shop(rows=6000)
        rng = np.random.default_rng(12)
        amount = (rng.random(6000) < chance) * rng.gamma(2.0, 2500.0, 6000)
        return replace(data, label=np.round(amount))

    @pytest.fixture
    def value(self, model: MakeModel) -> Model:
        """Return the model of an amount."""
        return model(name="value", objective=Objective.AMOUNT)

    def test_amounts_are_never_negative_when_no_label_is(
        self, spend: TrainingSet, value: Model, now: datetime
    ) -> None:
        trained = train(value, spend, now=now, seed=1, threads=1)
        scores = Predictor(trained.artifact).score(spend.frame)
        assert trained.artifact.body["parameters"]["objective"] == "tweedie"
        assert scores.min() > 0
        assert scores.sum() == pytest.approx(spend.label.sum(), rel=0.1)
        assert (trained.metrics["ngini"] or 0) > 0.3

    def test_losses_stay_losses(self, spend: TrainingSet, value: Model, now: datetime) -> None:
        """Each visit costs 2,000: the mean amount is below zero for visits without views."""
        losing = replace(spend, label=spend.label - 2000)
        trained = train(value, losing, now=now, seed=1, threads=1)
        scores = Predictor(trained.artifact).score(losing.frame)
        assert trained.artifact.body["parameters"]["objective"] == "regression"
        assert scores.min() < 0
        assert scores.mean() == pytest.approx(losing.label.mean(), rel=0.2)

    def test_amounts_that_are_all_zero_cannot_be_trained_on(
        self, spend: TrainingSet, value: Model, now: datetime
    ) -> None:
        with pytest.raises(NotTrainable, match="0 of 6000 labelled rows are not zero"):
            train(value, replace(spend, label=np.zeros(6000)), now=now, seed=1, threads=1)

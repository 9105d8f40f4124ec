"""A visit looked at several times teaches more, and counts no more, than one looked at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from engage.domain.scores import Subject
from engage.errors import NotTrainable
from engage.scoring.artifact import Artifact
from engage.scoring.calibrate import Calibration
from engage.scoring.isotonic import most_honest
from engage.scoring.predict import Predictor
from engage.scoring.prepare import prepare
from engage.scoring.splits import Blocks, Split
from engage.scoring.train import Trained, TrainingSet, train
from engage.scoring.visits import standing, weights, with_other_moments
from tests.scoring.conftest import Floats, MakeModel, Shop

MINUTE = np.timedelta64(1, "m")


def longer(data: TrainingSet, moments: NDArray[np.int64]) -> TrainingSet:
    """Return the training set with so many moments of each visit, a minute after one another."""
    place = np.repeat(np.arange(data.frame.num_rows), moments)
    later = np.concatenate([np.arange(one) for one in moments])
    frame = data.frame.take(pa.array(place))
    at = frame.schema.get_field_index("as_of")
    as_of = pa.array(frame["as_of"].to_numpy() + later * MINUTE, pa.timestamp("us"))
    return TrainingSet(frame.set_column(at, "as_of", as_of), data.label[place])


@pytest.fixture(scope="module")
def visits(shop: Shop) -> TrainingSet:
    """Return 3000 visits with one, two or three moments each."""
    return longer(shop()[0], np.arange(3000) % 3 + 1)


def test_one_moment_of_each_visit_stands_for_it(model: MakeModel, visits: TrainingSet) -> None:
    """Of 1000 visits with three moments each is drawn about as often: 333, standard error 15."""
    stands = standing(model(), visits.frame, 1)
    ids = visits.frame["subject_id"].filter(pa.array(stands)).to_pylist()
    assert sorted(ids) == sorted(set(visits.frame["subject_id"].to_pylist()))
    place = np.concatenate([np.arange(one) for one in np.arange(3000) % 3 + 1])
    of_three = np.repeat(np.arange(3000) % 3 == 2, np.arange(3000) % 3 + 1)
    drawn = np.bincount(place[stands & of_three], minlength=3)
    assert drawn.sum() == 1000
    assert np.abs(drawn - 333).max() < 60


def test_the_moment_is_drawn_whatever_the_order(model: MakeModel, visits: TrainingSet) -> None:
    order = np.random.default_rng(2).permutation(visits.frame.num_rows)
    stands = standing(model(), visits.frame, 1)
    shuffled = visits.frame.take(pa.array(order))
    assert (standing(model(), shuffled, 1) == stands[order]).all()
    assert (standing(model(), visits.frame, 2) != stands).any()


def test_months_of_a_customer_are_all_counted(model: MakeModel, visits: TrainingSet) -> None:
    assert standing(model(subject=Subject.PERSON), visits.frame, 1).all()


def test_no_visits_have_no_moment(model: MakeModel, visits: TrainingSet) -> None:
    assert len(standing(model(), visits.frame.slice(0, 0), 1)) == 0


@pytest.mark.parametrize("split", ["time", "random"])
def test_visits_are_counted_and_judged_once(
    split: Split, model: MakeModel, visits: TrainingSet, now: datetime
) -> None:
    trained = train(model(), visits, now=now, seed=1, threads=1, split=split)
    body = trained.artifact.body
    ids = np.array(visits.frame["subject_id"].to_pylist())
    judged = ids[trained.judged]
    assert len(set(judged)) == len(judged) == trained.metrics["n"]
    assert trained.rows == body["rows"] == trained.metrics["rows"] == 3000
    label = visits.label[standing(model(), visits.frame, 1)]
    assert trained.base_rate == pytest.approx(label.mean())
    assert body["reference"]["rows"] <= 3000
    learned = body["window"]["learned"]
    assert learned["moments"] == pytest.approx(2 * learned["rows"], rel=0.1)
    assert "moments" not in body["window"]["judged"]


def test_too_few_visits_are_not_made_up_for_by_moments(
    shop: Shop, model: MakeModel, now: datetime
) -> None:
    data = longer(shop(rows=150)[0], np.full(150, 3))
    with pytest.raises(NotTrainable, match="150 labelled rows, 200 are needed"):
        train(model(), data, now=now, seed=1, threads=1)


def test_the_order_of_moments_does_not_matter(
    model: MakeModel, visits: TrainingSet, now: datetime
) -> None:
    order = np.random.default_rng(4).permutation(visits.frame.num_rows)
    shuffled = TrainingSet(visits.frame.take(pa.array(order)), visits.label[order])
    made = [
        train(model(), data, now=now, seed=1, threads=1).artifact.sha256
        for data in (visits, shuffled)
    ]
    assert made[0] == made[1]


def trees(trained: Trained) -> Predictor:
    """Return the trees alone, before calibration puts their level right."""
    bare = {**trained.artifact.body, "calibration": {"kind": "sigmoid", "slope": 1.0, "shift": 0.0}}
    return Predictor(Artifact("intent", trained.artifact.booster, bare))


def test_a_long_visit_weighs_no_more_than_a_short_one(
    shop: Shop, model: MakeModel, now: datetime
) -> None:
    """Visits with the outcome have three moments, others one, and the features tell nothing.

    By rows the outcome's share would be 3 p / (1 + 2 p), far above p; the trees learn p.
    """
    data, _ = shop()
    label = np.random.default_rng(5).permutation(data.label)
    told = longer(replace(data, label=label), np.where(label == 1, 3, 1))
    said = trees(train(model(), told, now=now, seed=1, threads=1)).score(data.frame).mean()
    p = label.mean()
    assert said == pytest.approx(p, abs=0.04)
    assert 3 * p / (1 + 2 * p) > p + 0.2


def test_moments_of_a_visit_weigh_one_together(model: MakeModel, visits: TrainingSet) -> None:
    weight = weights(model(), visits.frame)
    assert weight[:6].tolist() == pytest.approx([1, 1 / 2, 1 / 2, 1 / 3, 1 / 3, 1 / 3])
    assert (weights(model(subject=Subject.PERSON), visits.frame) == 1).all()


def test_moments_without_a_label_weigh_too(shop: Shop, model: MakeModel, now: datetime) -> None:
    """Three moments of each visit; of those with the outcome two come too late to have a label.

    So such a visit stands for itself in one of three draws: of p + (1 - p) visits p / 3 + (1 - p)
    are counted, and the outcome has the share p / (3 - 2 p) among them, not p.
    """
    data, _ = shop()
    label = np.random.default_rng(5).permutation(data.label)
    told = longer(replace(data, label=label), np.full(3000, 3))
    late = (told.label == 1) & (np.tile([0, 1, 2], 3000) > 0)
    told = replace(told, label=np.where(late, np.nan, told.label))
    said = trees(train(model(), told, now=now, seed=1, threads=1)).score(data.frame).mean()
    p = label.mean()
    assert said == pytest.approx(p / (3 - 2 * p), abs=0.03)
    assert p / (3 - 2 * p) < p - 0.15


def widened(kind: Split, learn: list[int], calibrate: list[int], judge: list[int]) -> list[int]:
    """Return what is learned of ten visits, a day apart, with a second moment an hour after each.

    Rows 2 k and 2 k + 1 are visit k, of which the first stands; visits 8 and 9 are of one person.
    """
    start = np.datetime64("2026-01-01", "us")
    visit = np.repeat(np.arange(10), 2)
    blocks = Blocks(kind, *(np.array(one, dtype=np.int64) for one in (learn, calibrate, judge)))
    found = with_other_moments(
        blocks,
        visit=visit,
        stands=np.tile([True, False], 10),
        person=np.minimum(visit, 8),
        as_of=start + visit * np.timedelta64(1, "D") + np.tile([0, 1], 10) * np.timedelta64(1, "h"),
        horizon=timedelta(days=1),
    )
    assert (found.calibrate.tolist(), found.judge.tolist()) == (calibrate, judge)
    learned: list[int] = found.learn.tolist()
    return learned


def test_other_moments_end_a_horizon_before_the_calibrating_block() -> None:
    """Visit 3's first moment is just a day before visit 4; its second is too late."""
    assert widened("time", [2, 4, 6], [8, 10], [16, 18]) == [2, 3, 4, 5, 6]


def test_other_moments_of_people_who_judge_are_not_learned_from() -> None:
    """Visit 8 was not counted, but is of the person of visit 9, which judges."""
    assert widened("random", [0, 2], [], [18]) == [0, 1, 2, 3, 5, 7, 9, 11, 13, 15]


def test_no_moment_of_a_visit_that_calibrates_is_learned_from() -> None:
    """Visit 1 went on for days: its first moment is old enough, but the last one calibrates."""
    day = np.datetime64("2026-01-01", "us") + np.arange(4) * np.timedelta64(1, "D")
    found = with_other_moments(
        Blocks("time", np.array([0]), np.array([3]), np.array([3])),
        visit=np.array([0, 1, 0, 1]),
        stands=np.array([True, False, False, True]),
        person=np.zeros(4, dtype=np.int64),
        as_of=day,
        horizon=timedelta(hours=1),
    )
    assert found.learn.tolist() == [0, 2]


def test_calibration_asks_about_each_visit_once(
    model: MakeModel, visits: TrainingSet, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Shrinking goes by how many rows there are, so that a visit told thrice would prove too much."""
    asked: list[int] = []

    def counting(raw: Floats, label: Floats, person: NDArray[np.int64]) -> Calibration:
        asked.append(len(raw))
        return most_honest(raw, label, person)

    monkeypatch.setattr("engage.scoring.fit.most_honest", counting)
    trained = train(model(), visits, now=now, seed=1, threads=1, split="random")
    assert asked == [trained.artifact.body["window"]["learned"]["rows"]]


def test_a_visit_is_throughout_of_whom_it_was_last_known_of(
    model: MakeModel, visits: TrainingSet, now: datetime
) -> None:
    """Whoever logs in on the way must not be learned from under one name and judge under another."""
    named = visits.frame["person_id"].to_pylist()
    subject = visits.frame["subject_id"].to_pylist()
    begun = [
        f"browser {name}" if k == 0 or subject[k] != subject[k - 1] else name
        for k, name in enumerate(named)
    ]
    frame = visits.frame.set_column(1, "person_id", pa.array(begun))
    data = TrainingSet(frame, visits.label)
    prepared = prepare(model(), data, now, standing(model(), frame, 1))
    last = dict(zip(subject, begun, strict=True))
    rows = prepared.rows.tolist()
    assert [prepared.persons[one] for one in prepared.person.tolist()] == [
        last[subject[row]] for row in rows
    ]


def test_several_moments_of_a_visit_teach_more_than_one(
    shop: Shop, model: MakeModel, now: datetime
) -> None:
    """Three looks with numbers of their own at 400 visits; judged on visits that nobody learned from.

    The outcome of a visit is drawn once, from the mean of what its moments show; of the two that an
    unseen one does not show, 2 views each are expected.
    """
    gains = []
    for seed in range(4):
        data, _ = shop(rows=1200, seed=seed)
        views = data.frame["views"].to_numpy().reshape(400, 3)
        chance = 1 / (1 + np.exp(3 - 1.4 * views.mean(axis=1)))
        label = (np.random.default_rng(seed).random(400) < chance).astype(float)
        ids = pa.array([f"ses_{one // 3:06d}" for one in range(1200)])
        owner = pa.array([f"per_{one // 3:06d}" for one in range(1200)])
        frame = data.frame.set_column(0, "subject_id", ids).set_column(1, "person_id", owner)
        several = TrainingSet(frame, np.repeat(label, 3))
        first = np.arange(0, 1200, 3)
        one = TrainingSet(frame.take(pa.array(first)), label)
        unseen, _ = shop(rows=6000, seed=100 + seed)
        true = 1 / (1 + np.exp(3 - 1.4 * (unseen.frame["views"].to_numpy() + 4) / 3))
        losses = [_loss(model, learned, unseen, true, now) for learned in (one, several)]
        gains.append(losses[0] - losses[1])
    assert np.mean(gains) > 0


def _loss(
    model: MakeModel, learned: TrainingSet, unseen: TrainingSet, true: Floats, now: datetime
) -> float:
    """Return the expected log-loss where the chances are known."""
    trained = train(model(), learned, now=now, seed=1, threads=1, split="random")
    said = Predictor(trained.artifact).score(unseen.frame)
    return float(-(true * np.log(said) + (1 - true) * np.log1p(-said)).mean())

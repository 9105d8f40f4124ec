"""A contract customer's value is margin times retention, learned before a whole year is over."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import lightgbm
import numpy as np
import pyarrow as pa
import pytest

from engage.domain.scores import Objective, Subject
from engage.errors import ArtifactRefused, DefinitionError
from engage.features.definition import Feature
from engage.scoring.artifact import read, write
from engage.scoring.contract import BORDER, Retention, from_texts, person_months, split_text
from engage.scoring.definition import Contract, Model, Purchases
from engage.scoring.predict import Predictor
from engage.scoring.train import Trained, TrainingSet, train

KEY = b"of this installation"
MONTH = timedelta(days=30)
LOOKS = 18
HAZARD = {False: 0.02, True: 0.15}
"""The chance to leave in a month: of the settled, and of the restless."""
START = np.datetime64("2024-01-01", "us")
NOW = datetime(2024, 1, 1, tzinfo=UTC) + LOOKS * MONTH
MODEL = Model(
    name="value",
    sentence="margin of the next twelve months",
    subject=Subject.PERSON,
    features=(
        Feature("restless", "flag", "moved house lately"),
        Feature("usual", "number", "margin of a month so far: {value}"),
    ),
    label="",
    horizon=12 * MONTH,
    lookback=24 * MONTH,
    objective=Objective.AMOUNT,
    contract=Contract("select 1"),
)


def made(people: int = 600, seed: int = 5, horizon: int = 12) -> TrainingSet:
    """Return looks at the first of 18 months at everybody who is still there.

    They leave by their hazard, and earn their usual margin until then.
    """
    rng = np.random.default_rng(seed)
    restless = rng.random(people) < 0.5
    chance = np.where(restless, HAZARD[True], HAZARD[False])
    leaves = rng.geometric(chance) - 1 + rng.random(people)
    usual = rng.choice([100.0, 300.0], people)
    look, who = (one.ravel() for one in np.mgrid[:LOOKS, :people])
    there = leaves[who] > look
    look, who = look[there], who[there]
    kept = np.minimum(np.minimum(leaves[who], LOOKS), look + horizon) - look
    month = np.timedelta64(MONTH)
    left = START + (leaves[who] * (month / np.timedelta64(1, "us"))).astype("m8[us]")
    frame = pa.table(
        {
            "subject_id": [f"per_{one:04d}" for one in who],
            "person_id": [f"per_{one:04d}" for one in who],
            "as_of": pa.array(START + look * month, pa.timestamp("us")),
            "restless": pa.array(restless[who]),
            "usual": pa.array(usual[who], pa.float64()),
        }
    )
    seen = left < START + LOOKS * month
    return TrainingSet(frame, usual[who] * kept, left=np.where(seen, left, np.datetime64("NaT")))


@pytest.fixture(scope="module")
def data() -> TrainingSet:
    return made()


@pytest.fixture(scope="module")
def trained(data: TrainingSet) -> Trained:
    return train(MODEL, data, now=NOW, seed=1, threads=1)


def retention(trained: Trained) -> Retention:
    texts = split_text(trained.artifact.booster)[1:]
    found = from_texts(texts, trained.artifact.body["contract"])
    assert found is not None
    return found


def test_a_person_month_counts_once_it_is_over_and_known() -> None:
    """Stays for 3.9 known months; leaves in month 1; left, but the month is not over; long gone."""
    left = np.array([np.nan, 1.5, 0.2, -3.0])
    known = np.array([3.9, 12.0, 0.5, 1.0])
    row, month, leaves = person_months(left, known, 12)
    assert row.tolist() == [0, 0, 0, 1, 1, 3]
    assert month.tolist() == [0, 1, 2, 0, 1, 0]
    assert leaves.tolist() == [0, 0, 0, 0, 1, 1]


def test_nobody_is_followed_further_than_the_months_ahead() -> None:
    row, month, leaves = person_months(np.array([np.nan, 5.5]), np.array([40.0, 40.0]), 3)
    assert row.tolist() == [0, 0, 0, 1, 1, 1]
    assert month.tolist() == [0, 1, 2, 0, 1, 2]
    assert not leaves.any()


def test_twelve_months_of_staying_are_learned_though_few_were_seen_whole(trained: Trained) -> None:
    """(1 - h)^12: .98^12 = .785 and .85^12 = .142. Had the unknown counted as stayed, half of the
    rows, which were watched for less than nine months, would lift the first one above .82."""
    matrix = np.array([[0.0, 100.0], [1.0, 100.0]])
    settled, restless = retention(trained).survival(matrix)
    assert settled[[0, 12]] == pytest.approx([1.0, 0.98**12], abs=0.03)
    assert restless[[0, 1, 12]] == pytest.approx([1.0, 0.85, 0.85**12], abs=0.04)
    assert (np.diff(settled) < 0).all()


def test_the_amount_is_the_margin_of_a_month_times_the_months_kept(trained: Trained) -> None:
    """300 x sum of (S(m - 1) + S(m)) / 2 with S(m) = .98^m: 300 x 10.66 = 3,197."""
    stays = 0.98 ** np.arange(13)
    exact = 300 * (stays[:-1] + stays[1:]).sum() / 2
    assert exact == pytest.approx(3197, abs=1)
    assert retention(trained).amounts(np.array([[0.0, 300.0]])) == pytest.approx(exact, rel=0.05)


def test_the_score_is_the_calibrated_mean_of_the_trees_and_of_retention(
    trained: Trained, data: TrainingSet
) -> None:
    predictor = Predictor(trained.artifact)
    matrix = predictor.encode(data.frame)
    mean = (np.exp(predictor.raw(matrix)) + retention(trained).amounts(matrix)) / 2
    factor = trained.artifact.body["calibration"]["slope"]
    assert predictor.score(data.frame) == pytest.approx(mean * factor)
    assert predictor.score(data.frame.slice(7, 1))[0] == predictor.score(data.frame)[7]


def test_the_order_of_rows_and_threads_change_no_byte(trained: Trained, data: TrainingSet) -> None:
    order = np.random.default_rng(2).permutation(data.frame.num_rows)
    assert data.left is not None
    mixed = TrainingSet(data.frame.take(pa.array(order)), data.label[order], left=data.left[order])
    again = train(MODEL, mixed, now=NOW, seed=1, threads=2)
    assert again.artifact.sha256 == trained.artifact.sha256


def test_what_calibrates_and_judges_later_is_not_in_the_hazards() -> None:
    """A month ahead in halves, split by time: who leaves after calibration began changes no tree."""
    model = replace(MODEL, horizon=MONTH, contract=Contract("select 1", months=2))
    data = made(horizon=1)
    first = train(model, data, now=NOW, seed=1, threads=1)
    assert first.artifact.body["split"] == "time"
    assert data.left is not None
    begins = np.datetime64(first.artifact.body["window"]["calibrated"]["from"])
    later, earlier = data.left >= begins, data.left < begins
    assert later.sum() > 100
    for changed, same in ((later, True), (earlier, False)):
        left = data.left.copy()
        left[changed] = np.datetime64("NaT")
        again = train(model, replace(data, left=left), now=NOW, seed=1, threads=1)
        assert (again.artifact.booster == first.artifact.booster) is same


def test_people_who_judge_are_not_in_the_hazards_of_a_split_by_person(
    trained: Trained, data: TrainingSet
) -> None:
    assert trained.artifact.body["split"] == "random"
    people = data.frame["person_id"].to_numpy(zero_copy_only=False)
    judged = np.isin(people, people[trained.judged])
    assert data.left is not None
    left = np.where(judged, np.datetime64("NaT"), data.left)
    again = train(MODEL, replace(data, left=left), now=NOW, seed=1, threads=1)
    assert again.artifact.booster == trained.artifact.booster


def test_hazard_and_rate_lie_in_the_verified_text(
    trained: Trained, data: TrainingSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write(tmp_path, trained.artifact, KEY)
    again = Predictor(read(folder, trained.artifact.sha256, KEY))
    assert (again.score(data.frame) == Predictor(trained.artifact).score(data.frame)).all()
    path = folder / "value.txt"
    text = path.read_bytes()
    place = text.index(BORDER.encode()) + len(BORDER) + 40
    path.write_bytes(text[:place] + bytes([text[place] ^ 1]) + text[place + 1 :])
    monkeypatch.setattr(lightgbm, "Booster", lambda **_: pytest.fail("parsed before verified"))
    with pytest.raises(ArtifactRefused):
        read(folder, trained.artifact.sha256, KEY)


def test_where_hardly_anybody_was_seen_to_leave_the_trees_stand_alone(data: TrainingSet) -> None:
    assert data.left is not None
    few = np.full_like(data.left, np.datetime64("NaT"))
    found = train(MODEL, replace(data, left=few), now=NOW, seed=1, threads=1).artifact
    alone = train(replace(MODEL, contract=None), data, now=NOW, seed=1, threads=1).artifact
    assert found.body["contract"] is None
    assert found.sha256 == alone.sha256


def test_a_contract_needs_to_know_who_left(data: TrainingSet) -> None:
    with pytest.raises(DefinitionError, match="when the person left"):
        train(MODEL, replace(data, left=None), now=NOW, seed=1, threads=1)


def test_a_contract_is_refused_where_it_cannot_be() -> None:
    with pytest.raises(DefinitionError, match="gives the amount of a person"):
        replace(MODEL, objective=Objective.PROBABILITY)
    with pytest.raises(DefinitionError, match="gives the amount of a person"):
        replace(MODEL, subject=Subject.SESSION)
    with pytest.raises(DefinitionError, match="keep one of the two"):
        replace(MODEL, purchases=Purchases("usual", "usual", "usual"))
    for wrong in (Contract("  "), Contract("select 1", months=0)):
        with pytest.raises(DefinitionError, match="at least one month"):
            replace(MODEL, contract=wrong)

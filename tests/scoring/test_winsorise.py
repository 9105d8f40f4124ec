"""One enormous customer teaches the trees no more than many customers do together."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from engage.domain.scores import Objective, Subject
from engage.features.definition import Feature
from engage.scoring import fit as fitting
from engage.scoring.gates import judge
from engage.scoring.train import Trained, TrainingSet, train
from engage.scoring.winsorise import largest_learned, winsorised
from tests.scoring.conftest import MakeModel

Floats = NDArray[np.float64]
GIANT = "per_giant"


def test_the_limit_is_a_share_of_what_all_earn() -> None:
    """399 who earn 1 and one who earns 1,000: 20 times the mean of the limited amounts.

    m = (399 + 20 m) / 400, so m = 399 / 380 = 1.05 and the limit is 21: a twentieth of 420.
    """
    amount = np.append(np.ones(399), 1000.0)
    person = np.arange(400)
    assert largest_learned(amount, person) == pytest.approx(20 * 399 / 380)
    limited = winsorised(amount, person)
    assert limited.max() / limited.sum() == pytest.approx(0.05)
    assert (limited[:-1] == 1).all()


def test_many_rows_of_one_person_are_one_person() -> None:
    amount = np.append(np.ones(399), np.full(12, 1000.0))
    person = np.append(np.arange(399), np.full(12, 399))
    assert largest_learned(amount, person) == pytest.approx(20 * 399 / (411 - 12 * 20))


def test_who_earns_nothing_counts_neither_way() -> None:
    amount = np.append(np.ones(399), 1000.0)
    padded = np.append(amount, np.zeros(5000))
    assert largest_learned(padded, np.arange(5400)) == largest_learned(amount, np.arange(400))
    assert winsorised(np.zeros(9), np.arange(9)).tolist() == [0.0] * 9


def test_a_long_tail_of_a_large_shop_is_learned_as_it_is() -> None:
    amount = np.random.default_rng(1).lognormal(3.0, 1.4, 20_000)
    assert (winsorised(amount, np.arange(20_000)) == amount).all()


def test_losses_are_limited_alike() -> None:
    amount = np.append(np.ones(399), -1000.0)
    assert winsorised(amount, np.arange(400)).min() == pytest.approx(-20 * 399 / 380)


def unlimited(amount: Floats, person: NDArray[np.int64]) -> Floats:
    """Return the amounts as they are: what was learned from before."""
    return amount


def customers(seed: int = 3, moments: int = 12) -> TrainingSet:
    """Return 150 customers who earn what they earned before, but one who earns 500 times as much.

    Until then nothing told them from the best tenth of the others, who so share a leaf.
    """
    rng = np.random.default_rng(seed)
    names = [GIANT, *(f"per_{one:03d}" for one in range(149))]
    usual = rng.lognormal(5.0, 0.7, 150)
    usual[0] = 500 * usual.mean()
    person = np.tile(np.arange(150), moments)
    month = np.repeat(np.arange(moments), 150)
    as_of = np.datetime64("2026-01-01", "us") + month.astype("m8[D]").astype("m8[us]")
    seen = np.minimum(usual, np.quantile(usual, 0.9))
    before = seen[person] * rng.uniform(0.8, 1.2, len(person))
    frame = pa.table(
        {
            "subject_id": [names[one] for one in person],
            "person_id": [names[one] for one in person],
            "as_of": pa.array(as_of, pa.timestamp("us")),
            "before": pa.array(before),
        }
    )
    return TrainingSet(frame, usual[person] * rng.uniform(0.8, 1.2, len(person)))


def trained_on(data: TrainingSet, model: MakeModel, now: datetime, seed: int) -> Trained:
    value = model(
        subject=Subject.PERSON,
        objective=Objective.AMOUNT,
        features=(Feature("before", "number", "before: {value}"),),
    )
    return train(value, data, now=now, seed=seed, threads=1, split="random")


def seeds(data: TrainingSet, model: MakeModel, now: datetime) -> dict[bool, int]:
    """Return a seed that has the giant among the judged people, and one that has not."""
    found: dict[bool, int] = {}
    for seed in range(40):
        judged = trained_on(data, model, now, seed).judged
        found.setdefault(GIANT in data.frame["person_id"].take(pa.array(judged)).to_pylist(), seed)
        if len(found) == 2:
            break
    return found


@pytest.mark.parametrize("among_the_judged", [True, False])
def test_a_giant_does_not_keep_a_good_model_from_use(
    among_the_judged: bool, model: MakeModel, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = customers()
    seed = seeds(data, model, now)[among_the_judged]
    value = model(objective=Objective.AMOUNT)
    trained = trained_on(data, model, now, seed)
    assert judge(value, trained.metrics, None) == ()
    if not among_the_judged:
        monkeypatch.setattr(fitting, "winsorised", unlimited)
        plain = trained_on(data, model, now, seed)
        assert plain.metrics["rmse"] > 2 * trained.metrics["rmse"]  # type: ignore[operator]


def test_without_a_giant_nothing_changes(
    model: MakeModel, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = customers()
    others = np.array([one != GIANT for one in data.frame["person_id"].to_pylist()])
    data = replace(data, frame=data.frame.filter(pa.array(others)), label=data.label[others])
    limited = trained_on(data, model, now, 1).artifact.sha256
    monkeypatch.setattr(fitting, "winsorised", unlimited)
    assert trained_on(data, model, now, 1).artifact.sha256 == limited

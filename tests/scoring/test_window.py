"""A model learns from as much history as predicts the newest rows best, and no less by chance."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import numpy as np
import pyarrow as pa
import pytest

from engage.domain.scores import Objective
from engage.scoring.train import TrainingSet, train
from tests.scoring.conftest import MakeModel, Shop


def retrained(model: MakeModel, data: TrainingSet, now: datetime) -> dict[str, object]:
    body = train(model(), data, now=now, seed=1, threads=1).artifact.body
    kept: dict[str, object] = body["retraining"]
    return {**kept, "learned": body["window"]["learned"]["rows"]}


def test_where_nothing_changes_all_history_is_learned_from(
    shop: Shop, model: MakeModel, now: datetime
) -> None:
    kept = retrained(model, shop(rows=4000)[0], now)
    assert kept["share"] == 1.0
    assert [one["share"] for one in kept["tried"]] == [1.0, 0.5, 0.25]  # type: ignore[attr-defined]


def test_where_people_turned_round_the_old_half_is_forgotten(
    shop: Shop, model: MakeModel, now: datetime
) -> None:
    """Until the 30th of 90 days who looks less buys more: half of what there is to learn from."""
    data, _ = shop(rows=6000, seed=3)
    old = np.arange(6000) < 2000
    turned = np.where(old, data.label[::-1], data.label)
    views = data.frame["views"].to_numpy()
    frame = data.frame.set_column(3, "views", pa.array(np.where(old, 8 - views, views)))
    plain = model(features=tuple(replace(one, monotone=0) for one in model().features))
    labels = np.where(old, (views < 2).astype(float), turned)
    body = train(plain, TrainingSet(frame, labels), now=now, seed=1, threads=1).artifact.body
    assert body["retraining"]["share"] < 1.0
    assert body["window"]["learned"]["from"] > "2026-01-25"


def test_the_choice_is_the_same_in_any_order(shop: Shop, model: MakeModel, now: datetime) -> None:
    data, _ = shop(rows=3000)
    order = np.random.default_rng(1).permutation(3000)
    turned = TrainingSet(data.frame.take(pa.array(order)), data.label[order])
    assert retrained(model, data, now) == retrained(model, turned, now)


@pytest.mark.parametrize("kind", ["random", "amount"])
def test_without_a_newest_block_or_for_amounts_nothing_is_tried(
    shop: Shop, model: MakeModel, now: datetime, kind: str
) -> None:
    data, _ = shop(rows=1500)
    objective = Objective.AMOUNT if kind == "amount" else Objective.PROBABILITY
    trained = train(
        model(objective=objective),
        data,
        now=now,
        seed=1,
        threads=1,
        split="random" if kind == "random" else "time",
    )
    assert trained.artifact.body["retraining"] == {"share": 1.0, "tried": []}

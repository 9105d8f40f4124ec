"""Evaluation judges on what was set aside, and compares two models on the same rows."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest

from engage.scoring.evaluate import evaluate, measure
from engage.scoring.metrics import roc_auc
from engage.scoring.predict import Predictor
from engage.scoring.train import Trained
from tests.scoring.conftest import MakeModel, Shop


def test_the_split_asked_for_is_the_split_judged(
    shop: Shop, model: MakeModel, now: datetime
) -> None:
    data, _ = shop()
    for split in ("time", "random"):
        found = evaluate(model(), data, split=split, seed=1, threads=1, now=now)
        assert found["split"] == split
        assert found["n"] == pytest.approx(600, abs=80)
        assert set(found) >= {"roc_auc", "pr_auc", "brier", "ece", "n", "base_rate"}


def test_the_figure_is_near_the_best_possible(shop: Shop, model: MakeModel, now: datetime) -> None:
    """The best possible ranking is by the true chances, on the same shop."""
    data, chance = shop(rows=6000)
    found = evaluate(model(), data, split="random", seed=1, threads=1, now=now)
    assert found["roc_auc"] == pytest.approx(roc_auc(data.label, chance), abs=0.03)


def test_a_model_in_use_is_measured_on_the_rows_that_judged_the_new_one(
    shop: Shop, trained: Trained, model: MakeModel
) -> None:
    data, _ = shop()
    found = measure(model(), Predictor(trained.artifact), data, trained.judged)
    assert found["roc_auc"] == trained.metrics["roc_auc"]
    assert found["n"] == len(trained.judged)


def test_labels_without_signal_are_worth_nothing(
    shop: Shop, model: MakeModel, now: datetime
) -> None:
    """Shuffled labels: an AUC of one half, within three standard errors of about .03."""
    data, _ = shop()
    label = np.random.default_rng(9).permutation(data.label)
    shuffled = type(data)(data.frame, label)
    found = evaluate(model(), shuffled, split="random", seed=1, threads=1, now=now)
    assert found["roc_auc"] == pytest.approx(0.5, abs=0.09)
    assert found["ece"] < 0.06

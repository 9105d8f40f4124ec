"""A made-up shop whose true chances are known, for every test of scoring."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from engage.domain.scores import Objective, Subject
from engage.features.definition import Feature
from engage.scoring.definition import Gates, Model
from engage.scoring.train import Trained, TrainingSet, train

Floats = NDArray[np.float64]
Shop = Callable[..., tuple[TrainingSet, Floats]]
MakeModel = Callable[..., Model]
NOW = datetime(2026, 6, 1, tzinfo=UTC)
FEATURES = (
    Feature("views", "integer", "looked at the calculator {value} times", monotone=1),
    Feature("seconds", "number", "stayed {value} seconds"),
    Feature("logged_in", "flag", "was logged in"),
    Feature("device", "category", "came with a {value}"),
)


@pytest.fixture(scope="session")
def shop() -> Shop:
    """Return a maker of (training set, true chances), one row per visit, two visits a person."""

    def make(rows: int = 3000, seed: int = 7, days: int = 90) -> tuple[TrainingSet, Floats]:
        rng = np.random.default_rng(seed)
        views = rng.poisson(2.0, rows)
        seconds = rng.exponential(60.0, rows)
        logged_in = rng.random(rows) < 0.4
        device = rng.choice(["phone", "tablet", "desktop"], rows, p=[0.6, 0.1, 0.3])
        raw = -3.0 + 0.7 * views + 0.005 * seconds + 0.8 * logged_in + 0.6 * (device == "desktop")
        chance = 1 / (1 + np.exp(-raw))
        start = np.datetime64("2026-01-01", "us")
        moments = start + np.sort(rng.integers(0, days * 86_400_000_000, rows)).astype("m8[us]")
        frame = pa.table(
            {
                "subject_id": [f"ses_{one:06d}" for one in range(rows)],
                "person_id": [f"per_{one:05d}" for one in rng.integers(0, rows // 2, rows)],
                "as_of": pa.array(moments, pa.timestamp("us")),
                "views": pa.array(views, pa.int64()),
                "seconds": pa.array(seconds, pa.float64()),
                "logged_in": pa.array(logged_in),
                "device": pa.array(device.astype(object), pa.string()),
            }
        )
        return TrainingSet(frame, (rng.random(rows) < chance).astype(float)), chance

    return make


@pytest.fixture(scope="session")
def model() -> MakeModel:
    """Return a maker of the shop's model, with changes."""

    def make(**changes: object) -> Model:
        parts: dict[str, object] = {
            "name": "intent",
            "sentence": "will the visitor buy",
            "subject": Subject.SESSION,
            "features": FEATURES,
            "label": "",
            "horizon": timedelta(days=2),
            "lookback": timedelta(days=30),
            "objective": Objective.PROBABILITY,
            "gates": Gates(),
        }
        return Model(**{**parts, **changes})  # type: ignore[arg-type]

    return make


@pytest.fixture(scope="session")
def trained(shop: Shop, model: MakeModel) -> Trained:
    """Return the shop's model, trained once for all tests that only use it."""
    return train(model(), shop()[0], now=NOW, seed=1, threads=1)


@pytest.fixture
def now() -> datetime:
    """Return the moment of training: every label of the shop is ripe by then."""
    return NOW

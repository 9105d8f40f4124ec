"""How good a model is on data set aside, and how a model in use does on the newest rows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa

from engage.scoring.definition import Model
from engage.scoring.metrics import bias, brier, ece, ngini, pr_auc, rmse, roc_auc
from engage.scoring.predict import Predictor
from engage.scoring.quality import quality
from engage.scoring.splits import Rows, Split
from engage.scoring.train import Trained, TrainingSet, train

__all__ = [
    "bias",
    "brier",
    "ece",
    "evaluate",
    "figures",
    "measure",
    "ngini",
    "pr_auc",
    "rmse",
    "roc_auc",
]


def evaluate(
    model: Model,
    data: TrainingSet,
    *,
    split: Split,
    seed: int,
    threads: int,
    now: datetime,
    trials: int = 1,
    parameters: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the figures of the model trained on four fifths and judged on the last.

    `random` sets a fifth of the people aside, drawn by `seed`; `time` the newest fifth of the rows.
    `split` in the answer says which it was; `by_minute` is there for visits whose age is known.
    """
    trained = train(
        model,
        data,
        now=now,
        seed=seed,
        threads=threads,
        trials=trials,
        parameters=parameters,
        split=split,
    )
    return figures(trained, seed)


def figures(trained: Trained, seed: int) -> dict[str, Any]:
    """Return what `models evaluate` tells of a trained model; of visits also `by_minute`."""
    body = trained.artifact.body
    found = {**trained.metrics, "split": body["split"], "seed": seed}
    return found | ({"by_minute": body["by_minute"]} if "by_minute" in body else {})


def measure(
    model: Model, predictor: Predictor, data: TrainingSet, rows: Rows
) -> dict[str, float | None]:
    """Return the figures of a model already trained on these rows of a training set.

    With `Trained.judged` as rows, the model in use and the new one are compared on the same ones.
    """
    frame = data.frame.take(pa.array(rows))
    actual = np.asarray(data.label, dtype=np.float64)[rows]
    return quality(model.objective, actual, predictor.score(frame))

"""A model is trained on what happened, judged on the newest rows, and packed with its figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import lightgbm as lgb
import numpy as np

from engage.domain.scores import Objective
from engage.errors import NotTrainable
from engage.scoring.artifact import Artifact
from engage.scoring.contract import BORDER
from engage.scoring.definition import Model
from engage.scoring.fit import Fitted, fit
from engage.scoring.metrics import roc_auc
from engage.scoring.predict import Predictor
from engage.scoring.prepare import Prepared, TrainingSet, prepare, rarer_class
from engage.scoring.quality import quality
from engage.scoring.splits import (
    FEWEST_OF_A_CLASS,
    Blocks,
    Rows,
    Split,
    by_person,
    by_time,
    person_draws,
)
from engage.scoring.visits import standing, with_other_moments
from engage.scoring.watched import watched
from engage.scoring.window import windowed

__all__ = ["Trained", "TrainingSet", "train"]


@dataclass(frozen=True, slots=True)
class Trained:
    """A trained model with what it was trained on and how it did on rows it never saw."""

    artifact: Artifact
    metrics: dict[str, float | None]
    rows: int
    """Labelled, ripe rows; a visit is one, however many moments of it were learned from."""
    base_rate: float
    """Share of positives, or the mean amount in minor units."""
    counts: dict[str, int]
    """Rows left out: `unknown` label, `immature`; and `infinite` values taken as missing."""
    judged: Rows
    """Positions in the training set of the rows that `metrics` is about."""


def train(
    model: Model,
    data: TrainingSet,
    *,
    now: datetime,
    seed: int,
    threads: int,
    trials: int = 1,
    parameters: Mapping[str, Any] | None = None,
    split: Split = "time",
) -> Trained:
    """Return the model trained on this data; the same data in any order gives the same artifact.

    Raises NotTrainable when there is too little to learn from, saying what and how much. A split
    by time that the span of the data does not allow becomes one by person (`random`), as the
    artifact's body says.
    """
    stands = standing(model, data.frame, seed)
    prepared = prepare(model, data, now, stands)
    blocks = _blocks(model, prepared, split, seed)
    blocks, window = windowed(model, prepared, blocks, seed=seed)
    blocks = with_other_moments(
        blocks,
        visit=prepared.visit,
        stands=prepared.stands,
        person=prepared.person,
        as_of=prepared.as_of,
        horizon=model.horizon,
    )
    fitted = fit(
        model, prepared, blocks, seed=seed, threads=threads, trials=trials, parameters=parameters
    )
    body = _body(model, prepared, blocks, fitted, now=now, seed=seed)
    predictor = Predictor(Artifact(model.name, fitted.booster, body), threads=threads)
    metrics = _metrics(model, prepared, blocks, predictor)
    judged = prepared.rows[blocks.judge]
    learned = prepared.rows[blocks.learn]
    seen = watched(model, data, predictor, judged=judged, learned=learned, stands=stands)
    artifact = Artifact(
        model.name,
        fitted.booster,
        {**body, "metrics": metrics, "retraining": window.body(), **seen},
    )
    return Trained(artifact, metrics, body["rows"], body["base_rate"], prepared.counts, judged)


def _blocks(model: Model, prepared: Prepared, split: Split, seed: int) -> Blocks:
    counted = np.flatnonzero(prepared.stands)
    if split == "time":
        timed = by_time(prepared.as_of[counted], model.horizon)
        timed = None if timed is None else timed.among(counted)
        if timed is not None and _holds_both(model, prepared, timed):
            return timed
    draws = person_draws(prepared.persons, seed, "judge")
    blocks = by_person(prepared.person[counted], draws).among(counted)
    if not len(blocks.judge) or not rarer_class(model, prepared.label[blocks.learn]):
        raise NotTrainable(
            f"model {model.name}: {len(prepared.persons)} people are too few to set some aside "
            f"for judging; import a longer history"
        )
    return blocks


def _holds_both(model: Model, prepared: Prepared, blocks: Blocks) -> bool:
    return all(
        rarer_class(model, prepared.label[rows]) >= FEWEST_OF_A_CLASS
        for rows in (blocks.learn, blocks.calibrate, blocks.judge)
    )


def _metrics(
    model: Model, prepared: Prepared, blocks: Blocks, predictor: Predictor
) -> dict[str, float | None]:
    """Return the figures on the judging block, with the size of the whole training set."""
    actual = prepared.label[blocks.judge]
    predicted = predictor.score_matrix(prepared.matrix[blocks.judge])
    figures = quality(model.objective, actual, predicted, prepared.person[blocks.judge])
    counted = prepared.label[prepared.stands]
    figures["rows"] = len(counted)
    figures["rarer"] = rarer_class(model, counted)
    if predictor.around is not None:
        share = predictor.around.coverage(predicted, actual, prepared.person[blocks.judge])
        figures["interval_coverage"] = share
    if model.objective is Objective.PROBABILITY:
        known = np.zeros(len(prepared.persons), dtype=bool)
        known[prepared.person[np.concatenate([blocks.learn, blocks.calibrate])]] = True
        new = ~known[prepared.person[blocks.judge]]
        figures["n_new_people"] = int(new.sum())
        on_new = roc_auc(actual[new], predicted[new])
        figures["roc_auc_new_people"] = on_new if np.isfinite(on_new) else None
    return figures


def _body(
    model: Model, prepared: Prepared, blocks: Blocks, fitted: Fitted, *, now: datetime, seed: int
) -> dict[str, Any]:
    return {
        "objective": str(model.objective),
        "features": [asdict(feature) for feature in model.features],
        "categories": prepared.categories,
        "unused": list(prepared.unused),
        "calibration": fitted.calibration.body(),
        "purchases": fitted.purchases.body() if fitted.purchases else None,
        **_of_amounts(model, fitted),
        "parameters": fitted.settings,
        "search": list(fitted.tried),
        "trees": fitted.rounds,
        "split": blocks.kind,
        "window": {
            "learned": _span(prepared, blocks.learn),
            "calibrated": _span(prepared, blocks.calibrate),
            "judged": _span(prepared, blocks.judge),
        },
        "horizon_s": model.horizon.total_seconds(),
        "rows": int(prepared.stands.sum()),
        "left_out": prepared.counts,
        "base_rate": float(prepared.label[prepared.stands].mean()),
        "seed": seed,
        "trained_at": now.astimezone(UTC).isoformat(),
        "versions": {"lightgbm": lgb.__version__, "numpy": np.__version__},
    }


def _of_amounts(model: Model, fitted: Fitted) -> dict[str, Any]:
    """Return what only the body of a model of an amount holds."""
    if model.objective is not Objective.AMOUNT:
        return {}
    months = model.contract.months if model.contract else 0
    return {
        "interval": fitted.interval.body() if fitted.interval else None,
        "contract": {"months": months} if BORDER in fitted.booster else None,
    }


def _span(prepared: Prepared, rows: Rows) -> dict[str, Any]:
    if not len(rows):
        return {"rows": 0}
    first, last = np.datetime_as_string(prepared.as_of[rows[[0, -1]]], unit="us").tolist()
    counted = int(prepared.stands[rows].sum())
    moments = {} if counted == len(rows) else {"moments": len(rows)}
    return {"rows": counted, **moments, "from": first, "to": last}

"""How far back a model learns from: as far as what it says of the newest rows gets better by it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from engage.domain.scores import Objective
from engage.scoring.calibrate import fit_sigmoid
from engage.scoring.definition import Model
from engage.scoring.prepare import Prepared, rarer_class
from engage.scoring.splits import Blocks, Rows

Floats = NDArray[np.float64]

SHARES = (1.0, 0.5, 0.25)
"""Of the rows to learn from, the newest so many: everything, the last half, the last quarter."""
MOST_ROWS = 50_000
"""More rows, the newest first, tell the windows no better apart."""
FEWEST_ROWS = 500
FEWEST_RARER = 30
_TRIAL: dict[str, Any] = {
    "objective": "binary",
    "learning_rate": 0.1,
    "num_leaves": 15,
    "min_data_in_leaf": 20,
    "feature_fraction": 0.7,
    "lambda_l2": 1.0,
    "num_threads": 1,
    "deterministic": True,
    "force_col_wise": True,
    "verbosity": -1,
}
_ROUNDS = 100


@dataclass(frozen=True, slots=True)
class Window:
    """What was tried and chosen."""

    share: float
    tried: tuple[dict[str, float], ...]
    """For each share: rows, loss on the newest rows, and how much better than all the history in
    standard errors."""

    def body(self) -> dict[str, Any]:
        """Return what stands in an artifact's body."""
        return {"share": self.share, "tried": list(self.tried)}


def windowed(
    model: Model, prepared: Prepared, blocks: Blocks, *, seed: int
) -> tuple[Blocks, Window]:
    """Return the blocks with as much history to learn from as predicts the newest rows best.

    Each window's quick trial is asked about the calibrating block, the newest but for the judges,
    who must not choose; the loss is the log-loss of the ranking, after a sigmoid, since calibration
    mends the level afterwards anyway. Less history is taken only where it is better by more than
    one standard error over people: forgetting is not free. Tried for chances split by time alone.
    """
    whole = Window(1.0, ())
    if model.objective is not Objective.PROBABILITY or blocks.kind != "time":
        return blocks, whole
    losses: list[tuple[float, int, Floats]] = []
    for share in SHARES:
        rows = newest(blocks.learn, share)
        if _enough(model, prepared, rows) or share == 1.0:
            losses.append((share, len(rows), _loss(model, prepared, rows, blocks.calibrate, seed)))
    if len(losses) < 2:
        return blocks, whole
    person = prepared.person[blocks.calibrate]
    tried = [_compared(share, rows, loss, losses[0][2], person) for share, rows, loss in losses]
    better = [one for one in tried if one["better_by"] > 1.0]
    best = min(better, key=lambda one: one["loss"]) if better else tried[0]
    chosen = Window(best["share"], tuple(tried))
    return replace(blocks, learn=newest(blocks.learn, chosen.share)), chosen


def newest(rows: Rows, share: float) -> Rows:
    """Return the newest share of rows, which stand in order of time."""
    return rows[len(rows) - round(len(rows) * share) :]


def _enough(model: Model, prepared: Prepared, rows: Rows) -> bool:
    enough = len(rows) >= max(FEWEST_ROWS, model.gates.min_rows)
    return enough and rarer_class(model, prepared.label[rows]) >= FEWEST_RARER


def _loss(model: Model, prepared: Prepared, rows: Rows, check: Rows, seed: int) -> Floats:
    rows = rows[-MOST_ROWS:]
    words = [place for place, one in enumerate(model.features) if one.type == "category"]
    settings = {**_TRIAL, "seed": seed}
    data = lgb.Dataset(
        prepared.matrix[rows], prepared.label[rows], categorical_feature=words, params=settings
    )
    booster = lgb.train(settings, data, _ROUNDS)
    raw = np.asarray(booster.predict(prepared.matrix[check], raw_score=True), dtype=np.float64)
    label = prepared.label[check]
    chance = np.clip(fit_sigmoid(raw, label).apply(raw), 1e-9, 1 - 1e-9)
    return np.asarray(-np.where(label == 1, np.log(chance), np.log1p(-chance)), dtype=np.float64)


def _compared(
    share: float, rows: int, loss: Floats, of_all: Floats, person: Rows
) -> dict[str, float]:
    gain = of_all - loss
    mean = float(gain.mean())
    _, who = np.unique(person, return_inverse=True)
    spread = np.bincount(who, weights=gain - mean)
    error = float(np.sqrt((spread**2).sum())) / len(gain)
    better_by = mean / error if error > 0 else 0.0
    return {
        "share": share,
        "rows": float(rows),
        "loss": round(float(loss.mean()), 6),
        "better_by": round(better_by, 3),
    }

"""Which way of growing trees suits this history: a few are tried, the best on unseen rows stays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from engage.scoring.calibrate import fit_sigmoid
from engage.scoring.splits import Rows

Floats = NDArray[np.float64]
Pairs = Sequence[tuple[Rows, Rows]]

MOST_ROUNDS = 2000
PATIENCE = 50

DEFAULTS: dict[str, Any] = {
    "learning_rate": 0.03,
    "num_leaves": 31,
    "min_data_in_leaf": 20,
    "feature_fraction_bynode": 0.3,
    "bagging_fraction": 0.5,
    "bagging_freq": 1,
    "lambda_l2": 1.0,
}
"""Trees that share the work: half of the rows and, at each split, a third of the features.

No tree can lean on the one feature that explains most today and may drift away tomorrow; on rows of
the same weeks this costs nothing (docs/decisions/0016).
"""

CHOICES: dict[str, tuple[Any, ...]] = {
    "learning_rate": (0.02, 0.03, 0.05),
    "num_leaves": (7, 15, 31, 63),
    "min_data_in_leaf": (20, 50, 100),
    "feature_fraction_bynode": (0.2, 0.3, 0.5),
    "lambda_l2": (1.0, 5.0, 20.0),
}
"""What the search draws from; all of it keeps trees sharing the work."""


@dataclass(frozen=True)
class Trial:
    """One way that was tried, and how it did on rows its trees had not seen."""

    settings: dict[str, Any]
    """LightGBM's parameters."""
    rounds: int
    """Trees, where the mean loss stopped falling."""
    raw: tuple[Floats, ...]
    """Raw scores of the checked rows of each pair by the booster that did not learn from them."""
    losses: Floats
    """Of each checked row, one pair after the other."""

    @property
    def loss(self) -> float:
        """Return the mean loss of a checked row."""
        return float(self.losses.mean())

    def body(self) -> dict[str, Any]:
        """Return what stands in an artifact's body."""
        drawn = {name: self.settings[name] for name in CHOICES if name in self.settings}
        return {**drawn, "trees": self.rounds, "loss": round(self.loss, 6)}


SMALLER = {"num_leaves": 15, "learning_rate": 0.05}
"""The second way, for plain relations and few rows."""


def ways(trials: int, seed: int) -> list[dict[str, Any]]:
    """Return this many ways to try, our defaults first; the same seed draws the same ones."""
    draws = np.random.default_rng(seed)
    drawn = [
        {name: values[int(draws.integers(len(values)))] for name, values in CHOICES.items()}
        for _ in range(trials - 2)
    ]
    return [{}, dict(SMALLER), *drawn][:trials]


def best(trials: Sequence[Trial], person: Rows) -> Trial:
    """Return the trial with the least loss, or the first where that is no better than by chance.

    Better is what lies more than one standard error of the paired difference over people below the
    loss of the first; a choice among many is otherwise a choice of luck (Breiman et al. 1984).
    """
    first, least = trials[0], min(trials, key=lambda one: one.loss)
    gain = first.losses - least.losses
    spread = np.bincount(person, weights=gain - gain.mean())
    error = float(np.sqrt((spread**2).sum())) / len(gain)
    return least if gain.mean() > error else first


def attempt(data: lgb.Dataset, settings: dict[str, Any], pairs: Pairs, *, ranked: bool) -> Trial:
    """Return how trees grown this way do on the checking rows of each pair.

    `ranked`: a calibration on later rows will mend the level, so that only the ranking counts; the
    log-loss is then that after a sigmoid.
    """
    crossed = lgb.cv(
        settings,
        data,
        num_boost_round=MOST_ROUNDS,
        folds=pairs,
        fpreproc=_counted_alike,
        callbacks=[lgb.early_stopping(PATIENCE, verbose=False)],
        return_cvbooster=True,
    )
    kept = cast("lgb.CVBooster", crossed["cvbooster"])
    rounds = max(int(kept.best_iteration), 1)
    matrix, label = np.asarray(data.get_data()), np.asarray(data.get_label(), dtype=np.float64)
    threads = settings["num_threads"]
    raw = tuple(
        np.asarray(
            one.predict(matrix[check], raw_score=True, num_iteration=rounds, num_threads=threads)
        )
        for one, (_, check) in zip(kept.boosters, pairs, strict=True)
    )
    losses = [
        _losses(scores, label[check], settings["objective"], ranked=ranked)
        for scores, (_, check) in zip(raw, pairs, strict=True)
    ]
    return Trial(settings, rounds, raw, np.concatenate(losses))


def _counted_alike(
    grown: lgb.Dataset, check: lgb.Dataset, settings: dict[str, Any]
) -> tuple[lgb.Dataset, lgb.Dataset, dict[str, Any]]:
    """Let each checked row count once, whatever it weighs where it is learned from."""
    if check.construct().get_weight() is not None:
        # LightGBM takes a weight of 1 for none given, and keeps those that are there.
        check.set_weight(np.full(check.num_data(), 0.5))
    return grown, check, settings


def _losses(raw: Floats, label: Floats, objective: str, *, ranked: bool) -> Floats:
    """Return the loss of each row: log-loss of a chance, squared error of an amount."""
    if objective != "binary":
        amount = np.exp(raw) if objective == "tweedie" else raw
        return np.asarray((amount - label) ** 2, dtype=np.float64)
    if ranked:
        found = fit_sigmoid(raw, label)
        raw = found.slope * raw + found.shift
    return np.logaddexp(0.0, np.where(label == 1, -raw, raw))

"""Small regularised trees, the same on every machine: what each learner of uplift is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from engage.scoring.fit import ONE_THREAD_BELOW

Floats = NDArray[np.float64]

ROUNDS = 150
SETTINGS: dict[str, Any] = {
    "learning_rate": 0.05,
    "num_leaves": 4,
    "min_data_in_leaf": 100,
    "lambda_l2": 10.0,
    "max_bin": 63,
    "deterministic": True,
    "force_col_wise": True,
    "verbosity": -1,
}
"""An effect is many times smaller than what people do anyway, so trees must be slower to believe
than those of a score: four leaves are at most three questions about a person and an action."""


@dataclass(frozen=True, slots=True)
class Fit:
    """What every tree of a learner has in common."""

    categories: tuple[int, ...]
    seed: int
    threads: int


def objective(label: Floats) -> str:
    """Return what trees minimise: the log-odds of a goal, the squared error of anything else.

    On log-odds an action that everybody likes adds most points where the chance is near one half,
    which is what a shared effect looks like in shares. An amount could be fitted as Tweedie, whose
    effects are factors; a difference may be negative, and is not.
    """
    return "binary" if np.isin(label, (0.0, 1.0)).all() else "regression"


def grow(matrix: Floats, label: Floats, weight: Floats, fit: Fit) -> lgb.Booster:
    """Return trees fitted to a label; rows weigh `weight`."""
    settings = {**SETTINGS, "objective": objective(label), "seed": fit.seed}
    threads = fit.threads if len(label) > ONE_THREAD_BELOW else 1
    data = lgb.Dataset(
        matrix,
        label,
        weight=weight,
        categorical_feature=list(fit.categories),
        params={**settings, "num_threads": threads},
    )
    return lgb.train({**settings, "num_threads": threads}, data, ROUNDS)


def ask(boosters: Sequence[lgb.Booster], matrix: Floats, threads: int) -> Floats:
    """Return (n, boosters) what each says of each row."""
    if not len(matrix):
        return np.empty((0, len(boosters)))
    told = [np.asarray(one.predict(matrix, num_threads=threads)) for one in boosters]
    return np.stack(told, axis=1).astype(np.float64)

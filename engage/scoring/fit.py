"""Trees are fitted, stopped in time and made honest; this is all that LightGBM is asked to learn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from engage.domain.scores import Objective
from engage.errors import DefinitionError, NotTrainable
from engage.scoring.calibrate import Calibration, fit_scale, fit_shift, fit_sigmoid, settle
from engage.scoring.definition import Model
from engage.scoring.prepare import Prepared
from engage.scoring.purchases import PurchaseValue, averaged, fit_purchases
from engage.scoring.splits import Blocks, Rows, folds, person_draws
from engage.scoring.winsorise import winsorised

Floats = NDArray[np.float64]

MOST_ROUNDS = 2000
PATIENCE = 50
FOLDS = 5
ONE_FOLD_ABOVE = 100_000
"""With more rows than this one fold is enough to know when to stop."""

ONE_THREAD_BELOW = 20_000
"""With fewer rows threads wait for each other longer than they work; the result is the same."""

COUNTS_POWER = 1.1
"""Tweedie's power for numbers of purchases; chosen within the 39 weeks that CDNOW was learned from."""

DEFAULTS: dict[str, Any] = {
    "learning_rate": 0.05,
    "num_leaves": 15,
    "min_data_in_leaf": 20,
    "feature_fraction": 0.7,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 1.0,
}
"""Small trees that are hard to fool with a few hundred rows and good enough with a million."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """The booster as text, its calibration, and how many trees it holds."""

    booster: str
    calibration: Calibration
    rounds: int
    settings: dict[str, Any]
    """LightGBM's parameters, without the number of threads, on which nothing depends."""
    purchases: PurchaseValue | None = None
    """What is averaged with the trees where the model names purchases."""


def fit(
    model: Model,
    prepared: Prepared,
    blocks: Blocks,
    *,
    seed: int,
    threads: int,
    parameters: Mapping[str, Any] | None = None,
) -> Fitted:
    """Return the model fitted on the learning block.

    The number of trees is where the loss on people not learned from stops falling (early stopping
    over folds of people). The calibration is fitted on the later block where there is one, else on
    the folds' scores of people their booster did not see. Classes are never weighted: a weight
    would distort the chances that are to be stated.
    """
    learn = blocks.learn
    threads = threads if len(learn) > ONE_THREAD_BELOW else 1
    settings = _settings(model, prepared.label, seed, threads, parameters)
    draws = person_draws(prepared.persons, seed, "fold")
    pairs = folds(prepared.person[learn], draws, FOLDS)
    pairs = pairs[:1] if len(learn) > ONE_FOLD_ABOVE else pairs
    if not pairs:
        raise NotTrainable(f"model {model.name}: the rows to learn from are of one person only")
    data = _dataset(model, prepared, learn, settings)
    crossed = lgb.cv(
        settings,
        data,
        num_boost_round=MOST_ROUNDS,
        folds=pairs,
        callbacks=[lgb.early_stopping(PATIENCE, verbose=False)],
        return_cvbooster=True,
    )
    boosters = cast("lgb.CVBooster", crossed["cvbooster"])
    rounds = max(int(boosters.best_iteration), 1)
    booster = lgb.train(settings, _dataset(model, prepared, learn, settings), rounds)
    if len(blocks.calibrate):
        later = blocks.calibrate
        raw = booster.predict(prepared.matrix[later], raw_score=True, num_threads=threads)
    else:
        later, raw = _unseen(boosters.boosters, pairs, prepared.matrix[learn], rounds, threads)
        later = learn[later]
    raw, purchases = np.asarray(raw), fit_purchases(model, prepared, blocks)
    if purchases is not None:
        amounts = purchases.amounts(prepared.matrix[later], model.feature_names)
        raw = averaged(raw, amounts, logs=settings["objective"] == "tweedie")
    label, person = prepared.label[later], prepared.person[later]
    calibration = _calibrate(settings["objective"], raw, label, person)
    kept = {name: value for name, value in settings.items() if name != "num_threads"}
    return Fitted(plain_text(booster), calibration, rounds, kept, purchases)


def _settings(
    model: Model, label: Floats, seed: int, threads: int, parameters: Mapping[str, Any] | None
) -> dict[str, Any]:
    return {
        **DEFAULTS,
        **_spread(model),
        **(parameters or {}),
        "objective": objective(model, label),
        "monotone_constraints": [_monotone(model, one) for one in range(len(model.features))],
        "seed": seed,
        "num_threads": threads,
        "deterministic": True,
        "force_col_wise": True,
        "verbosity": -1,
    }


def _spread(model: Model) -> dict[str, float]:
    """Return how the variance of purchases grows with their number, where a model counts them.

    Of counts it grows about like the mean (Poisson: power 1), of money faster (LightGBM's own 1.5).
    """
    if model.purchases is not None and not model.purchases.spend:
        return {"tweedie_variance_power": COUNTS_POWER}
    return {}


def objective(model: Model, label: Floats) -> str:
    """Return what the trees minimise.

    An amount that is never negative has many zeros and a long tail, which a Tweedie distribution
    fits and which keeps predictions positive. Margins may be negative; then it is the squared
    error, and nothing is clipped, since a loss is a possible truth.
    """
    if model.objective is Objective.PROBABILITY:
        return "binary"
    return "tweedie" if label.min() >= 0 else "regression"


def _monotone(model: Model, position: int) -> int:
    feature = model.features[position]
    if feature.type == "category" and feature.monotone:
        raise DefinitionError(
            f"model {model.name}: the feature {feature.name} is a category, "
            f"whose words have no order; set monotone=0"
        )
    return feature.monotone


def _dataset(
    model: Model, prepared: Prepared, rows: Rows, settings: Mapping[str, Any]
) -> lgb.Dataset:
    categories = [one for one, feature in enumerate(model.features) if feature.type == "category"]
    label = prepared.label[rows]
    if model.objective is Objective.AMOUNT:
        label = winsorised(label, prepared.person[rows])
    return lgb.Dataset(
        prepared.matrix[rows],
        label,
        feature_name=list(model.feature_names),
        categorical_feature=categories,
        params=dict(settings),
        free_raw_data=False,
    )


def _unseen(
    boosters: Sequence[lgb.Booster],
    pairs: Sequence[tuple[Rows, Rows]],
    matrix: Floats,
    rounds: int,
    threads: int,
) -> tuple[Rows, Floats]:
    """Return positions and raw scores of the checking rows, each by the booster without them."""
    scores = [
        booster.predict(matrix[check], raw_score=True, num_iteration=rounds, num_threads=threads)
        for booster, (_, check) in zip(boosters, pairs, strict=True)
    ]
    positions = np.concatenate([check for _, check in pairs])
    order = np.argsort(positions, kind="stable")
    return positions[order], np.concatenate([np.asarray(one) for one in scores])[order]


def _calibrate(objective: str, raw: Floats, label: Floats, person: Rows) -> Calibration:
    if objective == "binary":
        return settle(fit_sigmoid(raw, label), raw, label)
    if objective == "tweedie":
        return fit_scale(raw, label, person)
    return fit_shift(raw, label, person)


def plain_text(booster: lgb.Booster) -> str:
    """Return the trees as text without the list of parameters.

    The parameters name the number of threads, on which nothing else depends; what matters of them
    stands in the artifact's body.
    """
    return booster.model_to_string().split("\nparameters:", 1)[0] + "\n"

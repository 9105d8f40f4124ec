"""Trees are fitted, stopped in time and made honest; this is all that LightGBM is asked to learn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from engage.domain.scores import Objective
from engage.errors import DefinitionError, NotTrainable
from engage.scoring import search
from engage.scoring.calibrate import Calibration, fit_scale, fit_shift
from engage.scoring.contract import BORDER, fit_contract
from engage.scoring.definition import Model
from engage.scoring.interval import Interval, fit_interval
from engage.scoring.isotonic import most_honest
from engage.scoring.prepare import Prepared, rarer_class
from engage.scoring.purchases import PurchaseValue, averaged, fit_purchases
from engage.scoring.splits import (
    FEWEST_OF_A_CLASS,
    Blocks,
    Rows,
    folds,
    person_draws,
    rolling,
)
from engage.scoring.winsorise import winsorised

Floats = NDArray[np.float64]

FOLDS = 5
ONE_FOLD_ABOVE = 100_000
"""With more rows than this one pair is enough to know when to stop; the last, newest one."""
FEWEST_AT_A_SPLIT = 3
"""With few features a third of them is no choice; at least so many are looked at."""
ONE_THREAD_BELOW = 20_000
"""With fewer rows threads wait for each other longer than they work; the result is the same."""

COUNTS_POWER = 1.1
"""Tweedie's power for numbers of purchases; chosen within the 39 weeks that CDNOW was learned from."""


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
    tried: tuple[dict[str, Any], ...] = ()
    """Each way of growing trees that was tried, with its loss on unseen rows."""
    interval: Interval | None = None
    """How far people's amounts lie around the stated ones."""


def fit(
    model: Model,
    prepared: Prepared,
    blocks: Blocks,
    *,
    seed: int,
    threads: int,
    trials: int = 1,
    parameters: Mapping[str, Any] | None = None,
) -> Fitted:
    """Return the model fitted on the learning block, the best of so many `trials`.

    How trees are grown, and when they stop, is found on rows of people and, in a split by time, of
    days that they did not see (`splits.rolling`, `splits.folds`). `parameters` stand
    in for the search. The calibration is fitted on the later block where there is one, else on
    the folds' scores of people their booster did not see. Classes are never weighted: a weight
    would distort the chances that are to be stated.
    """
    learn = blocks.learn
    threads = threads if len(learn) > ONE_THREAD_BELOW else 1
    pairs = _pairs(model, prepared, blocks, seed)
    ways = [dict(parameters)] if parameters else search.ways(trials, seed)
    tried = [
        _attempt(
            model, prepared, blocks, pairs, _settings(model, prepared.label, seed, threads, way)
        )
        for way in ways
    ]
    chosen = search.best(tried, _checked(prepared.person[learn], pairs))
    settings = chosen.settings
    booster = lgb.train(settings, _dataset(model, prepared, learn, settings), chosen.rounds)
    if len(blocks.calibrate):
        later = blocks.calibrate
        raw = booster.predict(prepared.matrix[later], raw_score=True, num_threads=threads)
    else:
        later, raw = _of_others(chosen, pairs)
        later = learn[later]
    raw, purchases = np.asarray(raw), fit_purchases(model, prepared, blocks)
    if purchases is not None:
        amounts = purchases.amounts(prepared.matrix[later], model.feature_names)
        raw = averaged(raw, amounts, logs=settings["objective"] == "tweedie")
    texts = [plain_text(booster)]
    held = fit_contract(model, prepared, blocks, later, settings, rounds=chosen.rounds, seed=seed)
    if held is not None:
        retention, amounts = held
        raw = averaged(raw, amounts, logs=settings["objective"] == "tweedie")
        texts += [plain_text(retention.hazard), plain_text(retention.rate)]
    label, person = prepared.label[later], prepared.person[later]
    calibration = _calibrate(settings["objective"], raw, label, person)
    interval = _interval(settings["objective"], calibration.apply(raw), label, person)
    kept = {name: value for name, value in settings.items() if name != "num_threads"}
    bodies = tuple(one.body() for one in tried)
    return Fitted(BORDER.join(texts), calibration, chosen.rounds, kept, purchases, bodies, interval)


def _pairs(model: Model, prepared: Prepared, blocks: Blocks, seed: int) -> search.Pairs:
    """Return the pairs of rows, by place in the learning block, to learn from and to check on.

    A visit is checked on once, at the moment that stands for it.
    """
    learn = blocks.learn
    person, label = prepared.person[learn], prepared.label[learn]
    draws = person_draws(prepared.persons, seed, "fold")
    pairs = folds(person, draws, FOLDS)
    if not pairs:
        raise NotTrainable(f"model {model.name}: the rows to learn from are of one person only")
    if blocks.kind == "time":
        rolled = rolling(prepared.as_of[learn], person, draws, model.horizon)
        parts = [part for pair in rolled for part in pair]
        if min(rarer_class(model, label[part]) for part in parts) >= FEWEST_OF_A_CLASS:
            pairs = rolled
    pairs = pairs[-1:] if len(learn) > ONE_FOLD_ABOVE else pairs
    stands = prepared.stands[learn]
    return [(grown, check[stands[check]]) for grown, check in pairs]


def _attempt(
    model: Model,
    prepared: Prepared,
    blocks: Blocks,
    pairs: search.Pairs,
    settings: dict[str, Any],
) -> search.Trial:
    data = _dataset(model, prepared, blocks.learn, settings)
    return search.attempt(data, settings, pairs, ranked=blocks.kind == "time")


def _checked(person: Rows, pairs: search.Pairs) -> Rows:
    """Return who each checked row is of, one pair after the other, numbered from 0."""
    who = person[np.concatenate([check for _, check in pairs])]
    return np.asarray(np.unique(who, return_inverse=True)[1], dtype=np.int64)


def _of_others(chosen: search.Trial, pairs: search.Pairs) -> tuple[Rows, Floats]:
    """Return the checked rows in order, and their raw scores by the booster without them."""
    positions = np.concatenate([check for _, check in pairs])
    order = np.argsort(positions, kind="stable")
    return positions[order], np.concatenate(chosen.raw)[order]


def _settings(
    model: Model, label: Floats, seed: int, threads: int, parameters: Mapping[str, Any] | None
) -> dict[str, Any]:
    grown = {**search.DEFAULTS, **_spread(model), **(parameters or {})}
    fewest = min(1.0, FEWEST_AT_A_SPLIT / len(model.features))
    grown["feature_fraction_bynode"] = max(grown["feature_fraction_bynode"], fewest)
    return {
        **grown,
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
    label, weight = prepared.label[rows], prepared.weight[rows]
    if model.objective is Objective.AMOUNT:
        label = winsorised(label, prepared.person[rows])
    return lgb.Dataset(
        prepared.matrix[rows],
        label,
        weight=None if (weight == 1).all() else weight,
        feature_name=list(model.feature_names),
        categorical_feature=categories,
        params=dict(settings),
        free_raw_data=False,
    )


def _calibrate(objective: str, raw: Floats, label: Floats, person: Rows) -> Calibration:
    if objective == "binary":
        return most_honest(raw, label, person)
    if objective == "tweedie":
        return fit_scale(raw, label, person)
    return fit_shift(raw, label, person)


def _interval(objective: str, stated: Floats, label: Floats, person: Rows) -> Interval | None:
    """Return how far amounts lie around the stated ones; None for a chance or too few people."""
    if objective == "binary":
        return None
    least = 0.0 if objective == "tweedie" else None
    return fit_interval(stated, label, person, least=least)


def plain_text(booster: lgb.Booster) -> str:
    """Return the trees as text without the list of parameters.

    The parameters name the number of threads, on which nothing else depends; what matters of them
    stands in the artifact's body.
    """
    return booster.model_to_string().split("\nparameters:", 1)[0] + "\n"

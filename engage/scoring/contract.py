"""What a contract customer still brings in: the margin of a month kept, times the months they stay.

With hazards h(m | x) of leaving in month m ahead (discrete-time survival, Singer and Willett 1993,
equations 1 to 4) and S(m) = (1 - h(1)) ... (1 - h(m)), the value of M months is

    rate(x) x sum over m of (S(m - 1) + S(m)) / 2

(Gupta, Lehmann and Stuart 2004, equation 3, without discounting; Fader and Hardie 2007). Who leaves
in a month is taken to stay for half of it. A person-month counts only once it is over and known:
who was not seen to the end is unknown from there on, never "stayed".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from engage.scoring.columns import Matrix
from engage.scoring.definition import Model
from engage.scoring.prepare import Prepared, Told
from engage.scoring.splits import Blocks, Rows, person_draws
from engage.scoring.winsorise import winsorised

Floats = NDArray[np.float64]

HAZARD_ROUNDS = 80
HAZARD: dict[str, Any] = {
    "objective": "binary",
    "learning_rate": 0.05,
    "num_leaves": 15,
    "min_data_in_leaf": 100,
    "lambda_l2": 10.0,
}
"""Few and small trees: leaving is rare, and a row stands in up to twelve person-months."""
FEWEST_LEFT = 20
"""With fewer people seen to leave there is no hazard to learn, and the trees stand alone."""
MOST_PERSON_MONTHS = 500_000
"""Of more, rows are taken at equal steps, so that memory stays bounded."""
BORDER = "\n=== engage: the next trees ===\n"
"""Between the boosters in an artifact's text; it is verified whole before any is parsed."""


@dataclass(frozen=True, slots=True)
class Retention:
    """Both boosters of a contract model: who leaves when, and what a month kept brings in."""

    hazard: lgb.Booster
    rate: lgb.Booster
    months: int

    def survival(self, matrix: Matrix, *, threads: int = 1) -> Floats:
        """Return S(m) for m = 0 ... months, one row per customer."""
        stays = np.ones((len(matrix), self.months + 1))
        ahead = np.empty((len(matrix), matrix.shape[1] + 1))
        ahead[:, :-1] = matrix
        for month in range(self.months if len(matrix) else 0):
            ahead[:, -1] = month
            left = np.asarray(self.hazard.predict(ahead, num_threads=threads))
            stays[:, month + 1] = stays[:, month] * (1 - left)
        return stays

    def amounts(self, matrix: Matrix, *, threads: int = 1) -> Floats:
        """Return what each customer brings in over all months ahead, in minor units."""
        if not len(matrix):
            return np.empty(0)
        stays = self.survival(matrix, threads=threads)
        kept: Floats = (stays[:, :-1] + stays[:, 1:]).sum(axis=1) / 2
        rate = np.asarray(self.rate.predict(matrix, num_threads=threads), dtype=np.float64)
        return rate * kept


def split_text(text: str) -> list[str]:
    """Return the boosters of an artifact's text: the trees first, then hazard and rate if any."""
    return text.split(BORDER)


def from_texts(texts: list[str], body: Mapping[str, Any] | None) -> Retention | None:
    """Return what an artifact's text and body hold of a contract; None where there is none."""
    if body is None:
        return None
    hazard, rate = (lgb.Booster(model_str=one) for one in texts)
    return Retention(hazard, rate, int(body["months"]))


def person_months(left: Floats, known: Floats, months: int) -> tuple[Rows, Rows, Floats]:
    """Return (row, month, whether they left in it) of every person-month that is known to its end.

    `left` and `known`: months from each row's moment until somebody left (NaN: not seen to leave)
    and until we stopped looking. Who had left before the moment leaves in month 0.
    """
    over = np.clip(np.floor(known), 0, months).astype(np.int64)
    leaves = np.where(np.isnan(left), months, np.floor(np.maximum(left, 0))).astype(np.int64)
    number = np.minimum(over, leaves + 1)
    row = np.repeat(np.arange(len(left)), number)
    month = np.arange(len(row)) - np.repeat(np.cumsum(number) - number, number)
    return row, month, (month == leaves[row]).astype(np.float64)


def fit_contract(
    model: Model,
    prepared: Prepared,
    blocks: Blocks,
    later: Rows,
    settings: Mapping[str, Any],
    *,
    rounds: int,
    seed: int,
) -> tuple[Retention, Floats] | None:
    """Return what is kept and, for the rows that calibrate, amounts by fits that did not see them.

    In a split by time both are the same fit, to what was known when calibration begins. In one by
    person the calibrating rows are learned from in the end, so that each half of the people is
    valued by a fit to the other half. `settings` and `rounds` grow the rate's trees as the
    model's own. None where the model has no contract, or too few people were seen to leave.
    """
    if model.contract is None or prepared.told is None:
        return None
    told, owners = prepared.told, prepared.person
    cut = prepared.as_of[blocks.calibrate].min() if blocks.kind == "time" else told.now
    if leavers(told, cut) < FEWEST_LEFT:
        return None
    if blocks.kind == "time":
        kept = _fit(model, told, np.arange(len(told.matrix)), cut, settings, rounds)
        return kept, kept.amounts(prepared.matrix[later])
    judged = np.isin(told.person, owners[blocks.judge])
    learn, amounts = np.flatnonzero(~judged), np.empty(len(later))
    half = person_draws(prepared.persons, seed, "contract") < 0.5
    for side in (False, True):
        other = learn[~_among(told.person[learn], half == side)]
        mine = half[owners[later]] == side
        if mine.any():
            fitted = _fit(model, told, other, told.now, settings, rounds)
            amounts[mine] = fitted.amounts(prepared.matrix[later[mine]])
    return _fit(model, told, learn, told.now, settings, rounds), amounts


def leavers(told: Told, cut: np.datetime64) -> int:
    """Return how many people were seen to leave by a moment."""
    return len(np.unique(told.person[told.left < cut]))


def _among(person: Rows, mine: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return whose rows are of these people; -1, whom no ripe row knows, is of none."""
    return np.where(person >= 0, mine[person], False)


def _fit(
    model: Model,
    told: Told,
    rows: Rows,
    cut: np.datetime64,
    settings: Mapping[str, Any],
    rounds: int,
) -> Retention:
    assert model.contract is not None
    months = model.contract.months
    rows = rows[told.as_of[rows] < cut]
    month = np.timedelta64(model.horizon) / months
    known = (cut - told.as_of[rows]) / month
    left = (told.left[rows] - told.as_of[rows]) / month
    left[left > known] = np.nan
    common = {name: value for name, value in settings.items() if name not in _OWN}
    hazard = _fit_hazard(model, told, rows, left, known, common)
    rate = _fit_rate(model, told, rows, left, known, cut, {**settings}, rounds)
    return Retention(hazard, rate, months)


_OWN = frozenset({*HAZARD, "monotone_constraints", "tweedie_variance_power"})


def _fit_hazard(
    model: Model,
    told: Told,
    rows: Rows,
    left: Floats,
    known: Floats,
    common: Mapping[str, Any],
) -> lgb.Booster:
    assert model.contract is not None
    step = 1 + int(np.clip(known, 0, model.contract.months).sum()) // MOST_PERSON_MONTHS
    rows, left, known = rows[::step], left[::step], known[::step]
    row, month, leaves = person_months(left, known, model.contract.months)
    ahead = np.column_stack([told.matrix[rows[row]], month])
    data = lgb.Dataset(ahead, leaves, categorical_feature=_words(model))
    return lgb.train({**common, **HAZARD}, data, HAZARD_ROUNDS)


def _fit_rate(
    model: Model,
    told: Told,
    rows: Rows,
    left: Floats,
    known: Floats,
    cut: np.datetime64,
    settings: dict[str, Any],
    rounds: int,
) -> lgb.Booster:
    """Return trees of the margin in a month kept, each row weighing as many months as it was kept.

    What is known of a label so far is the margin so far; before `told.now` it is known ripe only.
    """
    assert model.contract is not None
    months = model.contract.months
    kept = np.fmin(np.fmin(left, known), months)
    usable = (kept >= 1) & np.isfinite(told.label[rows])
    if cut < told.now:
        usable &= known >= months
    rows, kept = rows[usable], kept[usable]
    rate = winsorised(told.label[rows] / kept, told.person[rows])
    data = lgb.Dataset(told.matrix[rows], rate, weight=kept, categorical_feature=_words(model))
    return lgb.train(settings, data, rounds)


def _words(model: Model) -> list[int]:
    return [place for place, one in enumerate(model.features) if one.type == "category"]

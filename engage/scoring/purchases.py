"""What a shop's customer will still buy, beside what the trees say, and the average of both.

Trees know everything about a customer but only what came of others within the horizon; BG/NBD with
gamma-gamma knows three numbers but how buying goes on beyond what was seen. On real purchases their
plain mean is nearer the truth than either (docs/benchmarks.md, cdnow).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engage.errors import NotTrainable
from engage.scoring.bg_nbd import BgNbd, fit_bg_nbd, possible
from engage.scoring.columns import Matrix
from engage.scoring.definition import Model
from engage.scoring.gamma_gamma import GammaGamma, fit_gamma_gamma
from engage.scoring.prepare import Prepared
from engage.scoring.splits import Blocks, Rows

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PurchaseValue:
    """Both purchase models with the features they read and how far ahead they look."""

    repeats: str
    recency: str
    age: str
    spend: str
    """Empty where the amount is the number of purchases."""
    period: float
    """How far ahead, in the unit of recency and age."""
    bg_nbd: BgNbd
    gamma_gamma: GammaGamma | None

    def amounts(self, matrix: Matrix, names: Sequence[str]) -> Floats:
        """Return what each row's customer will bring: minor units, or a number of purchases.

        Expected purchases times expected spend, which are taken to be independent. NaN for who
        never bought, and where the numbers cannot be true.
        """
        x, recency, age = _columns(matrix, names, (self.repeats, self.recency, self.age))
        known = possible(x, recency, age)
        found = np.full(len(matrix), np.nan)
        number = self.bg_nbd.expected(x[known], recency[known], age[known], self.period)
        if self.gamma_gamma is not None:
            (spend,) = _columns(matrix[known], names, (self.spend,))
            number = number * self.gamma_gamma.expected(x[known] + 1, spend)
        found[known] = number
        return found

    def body(self) -> dict[str, Any]:
        """Return it as an artifact's body holds it."""
        return asdict(self)


def from_body(body: Mapping[str, Any] | None) -> PurchaseValue | None:
    """Return what `PurchaseValue.body` wrote down; None where a model has none."""
    if body is None:
        return None
    spends = body["gamma_gamma"]
    parts = {**body, "bg_nbd": BgNbd(**body["bg_nbd"])}
    return PurchaseValue(**{**parts, "gamma_gamma": GammaGamma(**spends) if spends else None})


def averaged(raw: Floats, amounts: Floats, *, logs: bool) -> Floats:
    """Return the raw score of the mean of the trees' amount and `amounts`.

    `logs`: raw scores are logarithms. Where `amounts` is NaN the trees' own raw score stands.
    """
    known = ~np.isnan(amounts)
    found = raw.copy()
    if not logs:
        found[known] = (raw[known] + amounts[known]) / 2
        return found
    with np.errstate(divide="ignore"):
        found[known] = np.logaddexp(raw[known], np.log(amounts[known])) - np.log(2.0)
    return found


def fit_purchases(model: Model, prepared: Prepared, blocks: Blocks) -> PurchaseValue | None:
    """Return the purchase models fitted; None where the model names no purchases.

    They need no label, only what was known of each person: the newest row of each up to the moment
    from which on the model is judged, or of the people who are not judged. Raises NotTrainable as
    `fit_bg_nbd` and `fit_gamma_gamma` do.
    """
    told = model.purchases
    if told is None:
        return None
    matrix = prepared.matrix[_newest(prepared, blocks)]
    x, recency, age = _columns(matrix, model.feature_names, (told.repeats, told.recency, told.age))
    bought = ~np.isnan(x)
    period = (told.ahead or model.horizon) / told.unit
    try:
        buying = fit_bg_nbd(x[bought], recency[bought], age[bought])
        spending = None
        if told.spend:
            (spend,) = _columns(matrix[bought], model.feature_names, (told.spend,))
            spending = fit_gamma_gamma(x[bought] + 1, spend)
    except NotTrainable as error:
        raise NotTrainable(f"model {model.name}: {error}") from error
    return PurchaseValue(told.repeats, told.recency, told.age, told.spend, period, buying, spending)


def _newest(prepared: Prepared, blocks: Blocks) -> Rows:
    """Return the newest row of each person that may be known when judging begins."""
    rows = blocks.learn
    if blocks.kind == "time":
        rows = np.flatnonzero(prepared.as_of <= prepared.as_of[blocks.judge].min())
    backwards = rows[::-1]
    _, first = np.unique(prepared.person[backwards], return_index=True)
    return backwards[first]


def _columns(matrix: Matrix, names: Sequence[str], wanted: Sequence[str]) -> list[Floats]:
    places = [list(names).index(one) for one in wanted]
    return [matrix[:, one] for one in places]

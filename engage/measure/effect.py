"""What the treated did more than the held out, with how sure that is."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import t as student

from engage.domain.effects import Estimate
from engage.measure.guards import sample_ratio_p
from engage.measure.power import days_until, minimum_detectable_effect
from engage.measure.sequential import FEWEST, FEWEST_UNCOMMON, always_valid
from engage.measure.shares import newcombe

__all__ = [
    "Comparison",
    "compare",
    "days_until",
    "difference",
    "minimum_detectable_effect",
    "sample_ratio_p",
]

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Comparison:
    """An estimate with its standard error and the p-value of "no effect"."""

    estimate: Estimate
    error: float
    p_value: float


@dataclass(frozen=True, slots=True)
class _Arm:
    """One side: mean, variance of the mean, people, effective people, people unlike most."""

    mean: float
    variance: float
    n: int
    effective: float
    uncommon: int


def difference(
    values: npt.ArrayLike,
    treated: npt.ArrayLike,
    *,
    estimand: str,
    covariate: npt.ArrayLike | None = None,
    weights: npt.ArrayLike | None = None,
    alpha: float = 0.05,
    surrogate: bool = False,
) -> Estimate:
    """Return the difference in means, treated less held out, per person; see `compare`."""
    return compare(
        values,
        treated,
        estimand=estimand,
        covariate=covariate,
        weights=weights,
        alpha=alpha,
        surrogate=surrogate,
    ).estimate


def compare(
    values: npt.ArrayLike,
    treated: npt.ArrayLike,
    *,
    estimand: str,
    covariate: npt.ArrayLike | None = None,
    weights: npt.ArrayLike | None = None,
    alpha: float = 0.05,
    surrogate: bool = False,
) -> Comparison:
    """Return the difference in means, treated less held out, one value per person.

    Amounts: Welch's interval. Rates (only 0 and 1): Newcombe's, which holds for few people too.
    `covariate`, known before anybody was treated, takes away what it explains (CUPED, Deng, Xu,
    Kohavi and Walker 2013; one slope within the arms); one number per person, missing ones count as
    the mean. `weights` are inverse chances of the arm a person is in, for shares that changed
    (Hajek: weighted means, with the sandwich variance). Interval and always-valid interval are at
    1 - `alpha`. With fewer than two people in an arm there is no estimate and `withheld` says so.
    """
    y, arm = np.asarray(values, np.float64), np.asarray(treated, np.bool_)
    w = np.ones(len(y)) if weights is None else np.asarray(weights, np.float64)
    n_treated, n_held_out = int(arm.sum()), int((~arm).sum())
    if min(n_treated, n_held_out) < 2:
        return _nothing(estimand, n_treated, n_held_out, surrogate=surrogate)
    adjusted = y if covariate is None else _without(y, np.asarray(covariate, np.float64), arm, w)
    one, other = _arm(adjusted, w, y, arm), _arm(adjusted, w, y, ~arm)
    found, error = one.mean - other.mean, math.sqrt(one.variance + other.variance)
    rates = adjusted is y and bool(np.isin(y, (0.0, 1.0)).all())
    low, high = _shares(one, other, alpha) if rates else _welch(one, other, error, alpha)
    estimate = Estimate(
        estimand=estimand,
        estimate=found,
        low=low,
        high=high,
        n_treated=n_treated,
        n_held_out=n_held_out,
        always_valid=_always(found, error, one, other, alpha),
        mean_treated=one.mean,
        mean_held_out=other.mean,
        surrogate=surrogate,
    )
    return Comparison(estimate, error, _p_value(found, error, one, other))


def _nothing(estimand: str, n_treated: int, n_held_out: int, *, surrogate: bool) -> Comparison:
    nan = float("nan")
    why = f"{n_treated} treated and {n_held_out} held out are too few to compare"
    estimate = Estimate(
        estimand, nan, nan, nan, n_treated, n_held_out, surrogate=surrogate, withheld=why
    )
    return Comparison(estimate, nan, nan)


def _arm(adjusted: Floats, every_weight: Floats, raw: Floats, mine: Mask) -> _Arm:
    values, weights = adjusted[mine], every_weight[mine]
    total = weights.sum()
    mean = (weights * values).sum() / total
    n = len(values)
    variance = (weights**2 * (values - mean) ** 2).sum() / total**2 * n / (n - 1)
    effective = float(total**2 / (weights**2).sum())
    uncommon = n - int(np.unique(raw[mine], return_counts=True)[1].max())
    return _Arm(float(mean), float(variance), n, effective, uncommon)


def _without(y: Floats, x: Floats, treated: Mask, weights: Floats) -> Floats:
    """Return the values less what the covariate explains within the arms."""
    known = np.isfinite(x)
    if not known.any():
        return y
    centre = (weights * np.where(known, x, 0.0)).sum() / weights[known].sum()
    x = np.where(known, x, centre)
    within_x, within_y = _centred(x, treated, weights), _centred(y, treated, weights)
    spread = (weights * within_x**2).sum()
    if spread <= 0:
        return y
    slope = float((weights * within_x * within_y).sum() / spread)
    mean = float((weights * x).sum() / weights.sum())
    adjusted: Floats = y - slope * (x - mean)
    return adjusted


def _centred(values: Floats, treated: Mask, weights: Floats) -> Floats:
    centred = values.copy()
    for arm in (treated, ~treated):
        centred[arm] -= (weights[arm] * values[arm]).sum() / weights[arm].sum()
    return centred


def _shares(one: _Arm, other: _Arm, alpha: float) -> tuple[float, float]:
    return newcombe(one.mean, one.effective, other.mean, other.effective, alpha)


def _freedom(one: _Arm, other: _Arm) -> float:
    """Return Welch and Satterthwaite's degrees of freedom."""
    below = one.variance**2 / max(one.effective - 1, 1)
    below += other.variance**2 / max(other.effective - 1, 1)
    return (one.variance + other.variance) ** 2 / below if below > 0 else float(one.n + other.n - 2)


def _welch(one: _Arm, other: _Arm, error: float, alpha: float) -> tuple[float, float]:
    width = float(student.isf(alpha / 2, _freedom(one, other))) * error
    found = one.mean - other.mean
    return found - width, found + width


def _p_value(found: float, error: float, one: _Arm, other: _Arm) -> float:
    if error <= 0:
        return 1.0 if found == 0 else 0.0
    return float(2 * student.sf(abs(found) / error, _freedom(one, other)))


def _always(
    found: float, error: float, one: _Arm, other: _Arm, alpha: float
) -> tuple[float, float]:
    """Return the always-valid interval once both arms are large enough for it to hold."""
    if min(one.n, other.n) < FEWEST or min(one.uncommon, other.uncommon) < FEWEST_UNCOMMON:
        return float("-inf"), float("inf")
    low, high = always_valid(found, error, one.n + other.n, alpha=alpha)
    return float(low), float(high)

"""A raw score becomes an honest chance or amount, from rows later than those it was fitted on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
People = NDArray[np.int64]

LARGEST_FACTOR = 2.0
"""An amount is never moved by more than this factor: one huge customer must not move them all."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """How a raw score is turned into what is stated."""

    kind: str
    """sigmoid: 1 / (1 + exp(-(slope x + shift))); isotonic: straight between `knots`; log_scale:
    exp(x) slope; shift: x + shift."""
    slope: float = 1.0
    shift: float = 0.0
    knots: Sequence[Sequence[float]] = ()
    """Pairs of raw score and chance, both rising; beyond the ends the chance stays."""

    def body(self) -> dict[str, Any]:
        """Return what stands in an artifact's body; `Calibration(**body)` is the same again."""
        knots = {"knots": [list(knot) for knot in self.knots]} if self.knots else {}
        return {"kind": self.kind, "slope": self.slope, "shift": self.shift, **knots}

    def apply(self, raw: Floats) -> Floats:
        """Return the stated chances or amounts of these raw scores."""
        if self.kind == "sigmoid":
            return sigmoid(self.slope * raw + self.shift)
        if self.kind == "isotonic":
            at, chance = np.array(self.knots, dtype=np.float64).T
            return np.asarray(np.interp(raw, at, chance), dtype=np.float64)
        if self.kind == "log_scale":
            return np.exp(raw) * self.slope
        return raw + self.shift


def sigmoid(x: Floats) -> Floats:
    """Return 1 / (1 + exp(-x)) without overflow."""
    return 0.5 * (1.0 + np.tanh(0.5 * x))


def fit_sigmoid(raw: Floats, label: Floats) -> Calibration:
    """Return the sigmoid that makes raw scores honest (Platt 1999), by Newton's method.

    Platt's smoothed targets, (positives + 1) / (positives + 2) and 1 / (negatives + 2), keep it
    finite when the classes separate. A falling curve would turn the ranking round, so a slope below
    zero becomes zero: everybody then gets the base rate, and the gates refuse the model.
    """
    positives = label.sum()
    negatives = len(label) - positives
    target = np.where(label == 1, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    centre, scale = raw.mean(), raw.std()
    if scale < 1e-12:
        return _flat(target)
    slope, shift = _newton((raw - centre) / scale, target)
    if slope <= 0:
        return _flat(target)
    return Calibration("sigmoid", float(slope / scale), float(shift - slope * centre / scale))


def _flat(target: Floats) -> Calibration:
    rate = float(target.mean())
    return Calibration("sigmoid", 0.0, float(np.log(rate / (1 - rate))))


def _newton(x: Floats, target: Floats) -> tuple[float, float]:
    """Return slope and shift that maximise the likelihood of `target` given the scaled `x`."""
    rate = target.mean()
    slope, shift = 0.0, float(np.log(rate / (1 - rate)))
    for _ in range(100):
        chance = sigmoid(slope * x + shift)
        weight = chance * (1 - chance)
        miss = target - chance
        a, b, c = (weight * x * x).sum(), (weight * x).sum(), weight.sum()
        determinant = max(a * c - b * b, 1e-300)
        gx, g1 = (miss * x).sum(), miss.sum()
        step_slope = (c * gx - b * g1) / determinant
        step_shift = (a * g1 - b * gx) / determinant
        # A full Newton step can overshoot where the curve is flat; two units is a large step here.
        damp = min(1.0, 2.0 / max(abs(step_slope), abs(step_shift), 1e-12))
        slope, shift = slope + damp * step_slope, shift + damp * step_shift
        if max(abs(step_slope), abs(step_shift)) < 1e-10:
            break
    return float(slope), float(shift)


def settle(found: Calibration, raw: Floats, label: Floats) -> Calibration:
    """Return a sigmoid moved from the trees' own chances only as far as the evidence goes.

    Trees fitted to the log-loss state chances that are nearly honest, and a curve through a few
    hundred rows is off by chance. The positive-part James-Stein factor 1 - 2 / LR, with LR twice
    the gain in log-likelihood over the uncalibrated scores and 2 the number of parameters, leaves
    honest scores alone and applies a clear correction in full.
    """
    gain = 2 * (_log_likelihood(found.apply(raw), label) - _log_likelihood(sigmoid(raw), label))
    share = max(0.0, 1 - 2 / gain) if gain > 0 else 0.0
    return Calibration("sigmoid", 1 + share * (found.slope - 1), share * found.shift)


def _log_likelihood(chance: Floats, label: Floats) -> float:
    chance = np.clip(chance, 1e-12, 1 - 1e-12)
    return float(np.where(label == 1, np.log(chance), np.log1p(-chance)).sum())


def fit_scale(raw: Floats, label: Floats, person: People | None = None) -> Calibration:
    """Return the factor that makes the total of positive amounts right; `raw` is the logarithm.

    Rows of one `person` come from one purse: together they prove no more than that person does.
    """
    predicted = np.exp(raw)
    missing = _settled_mean(label - predicted, person)
    factor = 1 + missing / predicted.mean()
    return Calibration("log_scale", float(np.clip(factor, 1 / LARGEST_FACTOR, LARGEST_FACTOR)))


def fit_shift(raw: Floats, label: Floats, person: People | None = None) -> Calibration:
    """Return the constant that makes the total right where amounts may be negative."""
    return Calibration("shift", 1.0, _settled_mean(label - raw, person))


def _settled_mean(miss: Floats, person: People | None) -> float:
    """Return the mean miss, shrunk by 1 - 1 / t^2 as in `settle`; zero when chance explains it."""
    error = error_of_mean(miss, person)
    mean = float(miss.mean())
    if not mean or not np.isfinite(error):
        return 0.0
    return mean * max(0.0, 1 - (error / mean) ** 2)


def error_of_mean(values: Floats, person: People | None = None) -> float:
    """Return the standard error of a mean of rows that cluster by person; NaN for one person.

    Liang and Zeger (1986): the squared sums of each person's deviations, times P / (P - 1). With
    one row a person it is the usual s / sqrt(n).
    """
    miss = values - values.mean()
    if person is not None:
        _, place = np.unique(person, return_inverse=True)
        miss = np.bincount(place, weights=miss)
    people = len(miss)
    if people < 2:
        return float("nan")
    return float(np.sqrt((miss**2).sum() * people / (people - 1)) / len(values))

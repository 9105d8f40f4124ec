"""How many purchases a customer still makes, from how often and how lately they bought.

The BG/NBD model of Fader, Hardie and Lee (2005), "'Counting Your Customers' the Easy Way: An
Alternative to the Pareto/NBD Model", Marketing Science 24(2): a customer buys at a steady rate until,
after one of the purchases, they silently leave; rates follow a gamma distribution (r, alpha), the
chance to leave a beta distribution (a, b). For shops only: a contract is not left in silence.

Everywhere `repeats` is the number of purchases after the first, `recency` the time from the first to
the last purchase, `age` the time from the first purchase to the moment of looking, in one unit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import digamma, expit, gammaln, hyp2f1

from engage.errors import NotTrainable

Floats = NDArray[np.float64]

FEWEST_REPEATING = 10
"""Customers who came back, below which four parameters cannot be told from chance."""
STARTS = ((0.5, 1.0, 1.0, 2.0), (2.0, 1.0, 0.5, 5.0))
"""Where the search begins, with time in units of the mean age; the better end is taken."""
SMALLEST, LARGEST = 1e-6, 1e6
NUDGE = 1e-6
"""How far a is moved from 1, and a + b from 1, where equations (9) and (10) are 0 / 0."""


@dataclass(frozen=True, slots=True)
class BgNbd:
    """The four parameters; `alpha` is in the unit of the times."""

    r: float
    alpha: float
    a: float
    b: float

    def log_likelihood(self, repeats: Floats, recency: Floats, age: Floats) -> Floats:
        """Return each customer's log-likelihood, equation (6)."""
        start, survived, _ = _parts(self, repeats, recency, age)
        return start + survived

    def alive(self, repeats: Floats, recency: Floats, age: Floats) -> Floats:
        """Return the chance that a customer is still one; 1 for those who never came back.

        Fader, Hardie and Lee (2008), "Computing P(alive) Using the BG/NBD Model", equation (1).
        """
        return expit(-_log_odds_of_leaving(self, repeats, recency, age))

    def expected(self, repeats: Floats, recency: Floats, age: Floats, period: float) -> Floats:
        """Return the purchases to expect in the next `period`, equation (10).

        With no repeats and an age of 0 it is the number for a new customer, equation (9). Euler's
        transformation of the hypergeometric function keeps it finite for thousands of purchases.
        """
        a, b = _apart(self.a, self.b)
        kept = (self.alpha + age) / (self.alpha + age + period)
        series = hyp2f1(a + b - 1 - self.r, a - 1, a + b + repeats - 1, 1 - kept)
        if_alive = (a + b + repeats - 1) / (a - 1) * (1 - kept ** (a - 1) * series)
        return np.asarray(if_alive * self.alive(repeats, recency, age), dtype=np.float64)


def fit_bg_nbd(repeats: Floats, recency: Floats, age: Floats) -> BgNbd:
    """Return the parameters of maximum likelihood; raises NotTrainable when there are none.

    Customers who look alike are counted once with their number. The order of the customers changes
    nothing.
    """
    _check(repeats, recency, age)
    distinct, count = np.unique(np.stack([repeats, recency, age]), axis=1, return_counts=True)
    unit = float(np.average(distinct[2], weights=count))
    x, t_x, t = distinct[0], distinct[1] / unit, distinct[2] / unit
    share = count / count.sum()

    def loss(logs: Floats) -> tuple[float, Floats]:
        model = BgNbd(*np.exp(logs))
        start, survived, left = _parts(model, x, t_x, t)
        slope = _slope(model, x, t_x, t, left)
        return -float((share * (start + survived)).sum()), -(slope * share).sum(axis=1) * np.exp(
            logs
        )

    edge = (np.log(SMALLEST), np.log(LARGEST))
    ends = [
        minimize(
            loss,
            np.log(one),
            jac=True,
            method="L-BFGS-B",
            bounds=[edge] * 4,
            options={"ftol": 1e-14, "gtol": 1e-9, "maxiter": 1000},
        )
        for one in STARTS
    ]
    best = min(ends, key=lambda end: float(end.fun))
    r, alpha, a, b = (float(one) for one in np.exp(best.x))
    return BgNbd(r, alpha * unit, a, b)


def _parts(
    model: BgNbd, repeats: Floats, recency: Floats, age: Floats
) -> tuple[Floats, Floats, Floats]:
    """Return ln A1 + ln A2, ln(A3 + A4) and the chance that they left after the last purchase."""
    r, alpha, a, b = model.r, model.alpha, model.a, model.b
    start = gammaln(r + repeats) - gammaln(r) + r * np.log(alpha)
    start += gammaln(a + b) - gammaln(a + b + repeats) + gammaln(b + repeats) - gammaln(b)
    odds = _log_odds_of_leaving(model, repeats, recency, age)
    stayed = -(r + repeats) * np.log(alpha + age)
    return start, stayed + np.logaddexp(0.0, odds), expit(odds)


def _log_odds_of_leaving(model: BgNbd, repeats: Floats, recency: Floats, age: Floats) -> Floats:
    """Return ln(A4 / A3): left after the last purchase against still a customer."""
    before = np.where(repeats > 0, model.b + repeats - 1, 1.0)
    gap = np.log(model.alpha + age) - np.log(model.alpha + recency)
    odds = np.log(model.a) - np.log(before) + (model.r + repeats) * gap
    return np.where(repeats > 0, odds, -np.inf)


def _slope(model: BgNbd, x: Floats, t_x: Floats, t: Floats, left: Floats) -> Floats:
    """Return the derivatives of each log-likelihood by r, alpha, a and b, one row each."""
    r, alpha, a, b = model.r, model.alpha, model.a, model.b
    logs = (1 - left) * np.log(alpha + t) + left * np.log(alpha + t_x)
    ratios = (1 - left) / (alpha + t) + left / (alpha + t_x)
    shared = digamma(a + b) - digamma(a + b + x)
    lost = left / np.where(x > 0, b + x - 1, 1.0)
    return np.stack(
        [
            digamma(r + x) - digamma(r) + np.log(alpha) - logs,
            r / alpha - (r + x) * ratios,
            shared + left / a,
            shared + digamma(b + x) - digamma(b) - lost,
        ]
    )


def _apart(a: float, b: float) -> tuple[float, float]:
    """Return a and b, moved where a formula would divide 0 by 0; the error is some 1e-6 of it."""
    a = 1 + NUDGE if abs(a - 1) < NUDGE else a
    return a, b + NUDGE if abs(a + b - 1) < NUDGE else b


def possible(repeats: Floats, recency: Floats, age: Floats) -> NDArray[np.bool_]:
    """Return for whom the numbers can be true; False also where one is missing."""
    whole = (repeats >= 0) & (repeats == np.floor(repeats)) & np.isfinite(repeats)
    times = (recency >= 0) & (recency <= age) & np.isfinite(age)
    found: NDArray[np.bool_] = whole & times & ((repeats > 0) | (recency == 0))
    return found


def _check(repeats: Floats, recency: Floats, age: Floats) -> None:
    if not len(repeats):
        raise NotTrainable("BG/NBD: no customer with a purchase; import transactions first")
    wrong = np.flatnonzero(~possible(repeats, recency, age))
    if len(wrong):
        one = wrong[0]
        raise NotTrainable(
            f"BG/NBD: {len(wrong)} of {len(repeats)} customers cannot be, one with "
            f"{repeats[one]:g} repeat purchases, the last {recency[one]:g} after the first, seen "
            f"for {age[one]:g}; it must hold that 0 <= recency <= age, and recency is 0 for "
            f"those who never came back: check the feature query"
        )
    repeating = int((repeats > 0).sum())
    if repeating < FEWEST_REPEATING:
        raise NotTrainable(
            f"BG/NBD: {repeating} of {len(repeats)} customers came back, {FEWEST_REPEATING} are "
            f"needed; wait for a longer history"
        )

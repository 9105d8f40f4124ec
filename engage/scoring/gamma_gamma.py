"""What a customer spends on a purchase, from what they spent on those before.

The gamma-gamma model of Fader and Hardie (2013), "The Gamma-Gamma Model of Monetary Value"
(brucehardie.com/notes/025): purchases vary about a customer's own mean by a gamma distribution of
shape p, the means vary between customers (q, gamma). A customer seen once is taken to be much like
all others, one seen often much like themselves. What they spend must not depend on how often they
buy, which is to be looked at before use.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import digamma, gammaln

from engage.errors import NotTrainable

Floats = NDArray[np.float64]

FEWEST_CUSTOMERS = 10
"""Customers with a spend, below which three parameters cannot be told from chance."""
STARTS = ((2.0, 3.0, 1.0), (6.0, 4.0, 0.5))
"""Where the search begins, with money in units of the mean; the better end is taken."""
SMALLEST, LARGEST = 1e-3, 1e4
LEAST_Q = 1.001
"""At q <= 1 the mean over customers is infinite, so the search stays above."""


@dataclass(frozen=True, slots=True)
class GammaGamma:
    """The three parameters; `gamma` is in the unit of the money."""

    p: float
    q: float
    gamma: float

    @property
    def mean(self) -> float:
        """Return what all customers spend on a purchase on average: p gamma / (q - 1)."""
        return self.p * self.gamma / (self.q - 1)

    def log_likelihood(self, purchases: Floats, spend: Floats) -> Floats:
        """Return each customer's log-likelihood, equation (1a)."""
        p, q, gamma = self.p, self.q, self.gamma
        shape = p * purchases
        found = gammaln(shape + q) - gammaln(shape) - gammaln(q) + q * np.log(gamma)
        found += (shape - 1) * np.log(spend) + shape * np.log(purchases)
        return np.asarray(found - (shape + q) * np.log(gamma + purchases * spend))

    def expected(self, purchases: Floats, spend: Floats) -> Floats:
        """Return what the next purchase is worth, equation (5): between own and everybody's mean.

        Where there is no purchase, or nothing was spent, it is the mean of all.
        """
        known = (purchases > 0) & (spend > 0)
        counted = np.where(known, purchases, 0.0)
        total = counted * np.where(known, spend, 0.0)
        return self.p * (self.gamma + total) / (self.p * counted + self.q - 1)


def fit_gamma_gamma(purchases: Floats, spend: Floats) -> GammaGamma:
    """Return the parameters of maximum likelihood; raises NotTrainable when there are none.

    `purchases` is how many purchases stand behind the mean `spend`. Customers without a purchase or
    whose spend is not above zero say nothing and are passed over.
    """
    known = (purchases > 0) & (spend > 0) & np.isfinite(purchases) & np.isfinite(spend)
    if int(known.sum()) < FEWEST_CUSTOMERS:
        raise NotTrainable(
            f"gamma-gamma: {int(known.sum())} of {len(purchases)} customers have spent more than "
            f"nothing, {FEWEST_CUSTOMERS} are needed; check the amounts that were imported"
        )
    distinct, count = np.unique(
        np.stack([purchases[known], spend[known]]), axis=1, return_counts=True
    )
    unit = float(np.average(distinct[1], weights=count))
    n, z = distinct[0], distinct[1] / unit
    share = count / count.sum()

    def loss(logs: Floats) -> tuple[float, Floats]:
        model = GammaGamma(*np.exp(logs))
        found = float((share * model.log_likelihood(n, z)).sum())
        return -found, -(share * _slope(model, n, z)).sum(axis=1) * np.exp(logs)

    edge = (np.log(SMALLEST), np.log(LARGEST))
    ends = [
        minimize(
            loss,
            np.log(one),
            jac=True,
            method="L-BFGS-B",
            bounds=[edge, (np.log(LEAST_Q), edge[1]), edge],
            options={"ftol": 1e-14, "gtol": 1e-9, "maxiter": 1000},
        )
        for one in STARTS
    ]
    best = min(ends, key=lambda end: float(end.fun))
    p, q, gamma = (float(one) for one in np.exp(best.x))
    return GammaGamma(p, q, gamma * unit)


def _slope(model: GammaGamma, n: Floats, z: Floats) -> Floats:
    """Return the derivatives of each log-likelihood by p, q and gamma, one row each."""
    p, q, gamma = model.p, model.q, model.gamma
    total = np.log(gamma + n * z)
    both = digamma(p * n + q)
    return np.stack(
        [
            n * (both - digamma(p * n) + np.log(n * z) - total),
            both - digamma(q) + np.log(gamma) - total,
            q / gamma - (p * n + q) / (gamma + n * z),
        ]
    )

"""How many agents a queue needs so that callers are answered in time: Erlang A.

Callers arrive by chance, wait in turn, and hang up when their patience ends (Palm 1957). Formulas by
Zeltyn and Mandelbaum 2005, Queueing Systems 51:361-402, section 4, for patience that is exponential;
the integrals are closed by the confluent hypergeometric series (Abramowitz and Stegun 6.5.29).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import gammainc, gammaln
from scipy.stats import gamma

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

_NODES = 9
"""Ways a half hour may turn out, equally likely, over which the service is averaged."""
_SMALL = 1e-12
_REMEMBERED = 200_000
_FOUND: dict[tuple[Service, float, float], int] = {}


@dataclass(frozen=True, slots=True)
class Service:
    """What is promised to those who call, and how long they and the agents take."""

    target: float = 0.8
    """The share of callers who are answered in time."""
    within_s: float = 20.0
    handle_s: float = 360.0
    """Mean seconds of a conversation and its wrap-up."""
    patience_s: float = 120.0
    """Mean seconds after which a caller would hang up."""


def answered(agents: npt.ArrayLike, per_s: npt.ArrayLike, service: Service) -> Floats:
    """Return the share of callers who are answered in time, of all who call.

    agents: how many there are, 1 or more. per_s: how many call in a second.
    """
    return _share(agents, per_s, service, np.exp(-service.within_s / service.patience_s))


def abandoned(agents: npt.ArrayLike, per_s: npt.ArrayLike, service: Service) -> Floats:
    """Return the share of callers who hang up before they are answered."""
    return 1 - _share(agents, per_s, service, 0.0)


def needed(per_s: Floats, certainty: Floats, service: Service) -> Whole:
    """Return (h,) the fewest agents with whom the target is kept, when it is not sure how many call.

    per_s: (h,) how many are expected to call in a second. certainty: (h,) the shape of the Gamma
    variable, with mean one, by which it may be more or less; the target is kept for callers on
    average over it. What was asked before is remembered, as a plan is made anew every half hour.
    """
    asked = [
        (service, *one) for one in zip(per_s.tolist(), np.round(certainty, 3).tolist(), strict=True)
    ]
    new = [one for one in dict.fromkeys(asked) if one not in _FOUND]
    if new:
        if len(_FOUND) + len(new) > _REMEMBERED:
            _FOUND.clear()
            new = list(dict.fromkeys(asked))
        rates, sure = (np.asarray([one[at] for one in new], np.float64) for at in (1, 2))
        _FOUND.update(zip(new, _needed(rates, sure, service).tolist(), strict=True))
    return np.asarray([_FOUND[one] for one in asked], np.int64)


def _needed(per_s: Floats, certainty: Floats, service: Service) -> Whole:
    busier = _ways(certainty)
    rates = per_s[:, None] * busier
    load = rates.max(axis=1, initial=0.0) * service.handle_s
    low = np.zeros(len(per_s), np.int64)
    high = np.ceil(load + 10 * np.sqrt(load) + 10).astype(np.int64)
    while np.any(low + 1 < high):
        middle = np.maximum((low + high) // 2, 1)
        kept = (answered(middle[:, None], rates, service) * busier).mean(axis=1) >= service.target
        high, low = np.where(kept, middle, high), np.where(kept, low, middle)
    return np.where(per_s > 0, high, 0)


def _ways(certainty: Floats) -> Floats:
    """Return (h, nodes) the means of equally likely parts of each Gamma variable, about."""
    middle = (np.arange(_NODES) + 0.5) / _NODES
    found = np.asarray(gamma.ppf(middle, certainty[:, None]), np.float64)
    return np.asarray(found / found.mean(axis=1, keepdims=True))


def _share(agents: npt.ArrayLike, per_s: npt.ArrayLike, service: Service, left: float) -> Floats:
    """Return the share who are answered before this share of patience is left.

    With c = agents x patience / handling and h = calls in one patience: the queue's part of the
    normalising sum is h S(c, h); who waits and is answered, h (S(c + 1, h) - those too late).
    """
    n, calls = np.broadcast_arrays(np.asarray(agents, np.int64), np.asarray(per_s, np.float64))
    h = np.maximum(calls * service.patience_s, _SMALL)
    c = n * service.patience_s / service.handle_s
    idle = np.log(_erlang_sum(n, np.maximum(calls * service.handle_s, _SMALL)))
    queued = np.log(h) + _log_series(c, h)
    whole = np.logaddexp(idle, queued)
    served = np.exp(np.log(h) + _log_series(c + 1, h) - whole)
    late = np.zeros_like(served)
    if left > 0:
        tail = (c + 1) * np.log(left) + h * (1 - left) + _log_series(c + 1, h * left)
        late = np.exp(np.log(h) + tail - whole)
    return np.asarray(np.exp(idle - whole) + np.maximum(served - late, 0.0))


def _erlang_sum(agents: Whole, load: Floats) -> Floats:
    """Return the sum of (load^j / j!) below n agents over its last term: 1 / Erlang B of n - 1."""
    found = value = np.ones_like(load)
    with np.errstate(over="ignore"):
        for busy in range(1, int(agents.max(initial=1))):
            value = np.minimum(1 + value * busy / load, 1e300)
            found = np.where(agents == busy + 1, value, found)
    return found


def _log_series(c: Floats, h: Floats) -> Floats:
    """Return log of the sum over k of h^k / (c (c + 1) ... (c + k)), c > 0."""
    c, h = np.broadcast_arrays(c, h)
    found = np.empty(c.shape)
    over = h > c
    # Where more call than can be served: e^h h^-c Gamma(c) P(c, h).
    co, ho = c[over], h[over]
    found[over] = ho - co * np.log(ho) + gammaln(co) + np.log(gammainc(co, ho))
    found[~over] = _summed(c[~over], h[~over])
    return found


def _summed(c: Floats, h: Floats) -> Floats:
    term = 1 / c
    total, k = term.copy(), 0
    while np.any(term > _SMALL * total):
        k += 1
        term = term * h / (c + k)
        total = total + term
    return np.asarray(np.log(total))

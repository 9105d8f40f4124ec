"""What a minute of one half hour is worth, while it runs: where those who ask and those free meet.

A plan knows how many come up in a half hour only roughly. Priced again while it runs, by the minutes that
are left and the time in which they are asked for, its price rises where more come up than was foreseen
and falls where fewer do (Balseiro, Lu and Mirrokni 2023, The Best of Many Worlds, on pacing by dual prices;
here the dual problem of the rest is solved, as it is small).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engage.decide.prices import Wanted

Floats = npt.NDArray[np.float64]
_ROUNDS = 50
_CLOSE = 1e-6
"""Relative; of a minute that costs 100 it is the fourth digit, as which prices are written."""
_STEP = 1e-4
"""Relative, tried first where a price is about right."""


def at_once(wanted: Wanted, later: Floats, free: Floats) -> Floats:
    """Return (q,) the lowest price of a minute at which no more are asked for than are free.

    wanted: those who come up in the half hour, or in what is left of it; the options of a group stand
    together. later: (q,) what a minute of a slot costs them. free: (q,) minutes. Who is asked more
    for one queue's minutes turns to another's, never away from it, so that prices that only ever rise find
    the lowest ones (Kelso and Crawford 1982).
    """
    asking = _Asking.of(wanted, later)
    price = np.zeros(len(free))
    for _ in range(_ROUNDS):
        before = price.copy()
        for queue, minutes in enumerate(free.tolist()):
            _rise(asking, price, queue, minutes)
        if np.allclose(price, before, rtol=_CLOSE, atol=0):
            break
    return price


def _rise(asking: _Asking, price: Floats, queue: int, minutes: float) -> None:
    """Raise a queue's price, the others as they are, until no more than its minutes are asked for."""
    if asking.minutes_of(queue, price) <= minutes:
        return
    low, high = price[queue], asking.most(queue)
    step = low * _STEP  # after the first round it rises but little
    while high - low > _CLOSE * high:
        price[queue] = low + step if 0 < step < (high - low) / 2 else (low + high) / 2
        if asking.minutes_of(queue, price) <= minutes:
            high, step = price[queue], 0.0
        else:
            low, step = price[queue], 4 * step
    price[queue] = high


@dataclass(frozen=True)
class _Asking:
    """The options of those who come up, an entry an option, and how many each group stands for."""

    net: Floats
    minutes: Floats
    queue: npt.NDArray[np.int64]
    size: Floats
    first: npt.NDArray[np.intp]
    """(g,) where the options of each group begin."""
    group: npt.NDArray[np.intp]
    """(o,) which of them."""

    @staticmethod
    def of(wanted: Wanted, later: Floats) -> _Asking:
        agent = wanted.queue >= 0
        booked = wanted.later & agent
        less = np.where(booked, wanted.minutes * np.append(later, 0.0)[wanted.queue], 0.0)
        groups, first = np.unique(wanted.group, return_index=True)
        return _Asking(
            net=wanted.net - less,
            minutes=np.where(agent & ~booked, wanted.minutes, 0.0),
            queue=np.where(booked, -1, wanted.queue),
            size=wanted.size[groups],
            first=first,
            group=np.repeat(np.arange(len(groups)), np.diff([*first, len(wanted.group)])),
        )

    def minutes_of(self, queue: int, price: Floats) -> float:
        """Return how many minutes of a queue are asked for at these prices (q,)."""
        if not len(self.net):
            return 0.0
        worth = self.net - self.minutes * np.append(price, 0.0)[self.queue]
        best = np.maximum.reduceat(worth, self.first)
        chosen = np.flatnonzero((worth == best[self.group]) & (worth > 0))
        group = self.group[chosen]
        chosen = chosen[np.append(True, group[1:] != group[:-1])] if len(chosen) else chosen
        mine = chosen[self.queue[chosen] == queue]
        return float(self.minutes[mine] @ self.size[self.group[mine]])

    def most(self, queue: int) -> float:
        """Return a price of a queue's minutes at which nobody asks for any."""
        mine = (self.queue == queue) & (self.minutes > 0)
        return float((self.net[mine] / self.minutes[mine]).max(initial=0.0))

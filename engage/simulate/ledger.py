"""The bank's books, opened a month at a time: two years of them for everybody do not fit in memory.

Fees and interest follow from the seed and the month alone, so a month is written when it is asked
for, and forgotten again.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from engage.domain.transactions import TRANSACTIONS
from engage.simulate import money
from engage.simulate.calendar import DAY, NEVER
from engage.simulate.people import People
from engage.simulate.streams import Floats, Ints
from engage.simulate.tables import Rows, together
from engage.simulate.telling import Telling

LONGEST = 40 * DAY
"""After the first of a month, everything booked in it is known, however late."""
ROWS_IN_HAND = 1_000_000
"""So many rows are remembered once written; at least two months."""


class Ledger:
    """All transactions of one bank left alone, told in pages of a month."""

    def __init__(
        self, people: People, usual: Floats, firsts: Ints, others: Rows, seed: int, telling: Telling
    ) -> None:
        """Keep what a month's bookings follow from.

        `firsts`: the first of each month; `others`: bookings that do not come every month, in the
        order in which they become known.
        """
        self._people, self._usual, self._seed = people, usual, seed
        self._firsts, self._others, self._telling = firsts, others, telling
        in_hand = max(2, ROWS_IN_HAND // max(1, int(people.holds.sum())))
        self._page: Callable[[int], Rows] = lru_cache(in_hand)(self._written)
        self._month: Callable[[int], Rows] = lru_cache(1)(self._booked)

    def between(self, after: int, until: int) -> list[Rows]:
        """Return what becomes known in (after, until], in that order, a month in each piece."""
        pages = [
            self._page(k)
            for k in range(len(self._firsts))
            if self._opens(k) <= until and after < self._opens(k + 1)
        ]
        return [rows for rows in (_within(page, after, until) for page in pages) if len(rows.known)]

    def _opens(self, k: int) -> int:
        """Return from when on what becomes known is on page k."""
        if k == 0:
            return -1
        return int(self._firsts[k]) if k < len(self._firsts) else NEVER

    def _written(self, k: int) -> Rows:
        """Return everything that becomes known from the first of month k to that of the next."""
        opens, closes = self._opens(k), self._opens(k + 1)
        # The month before is still in hand when its pages are asked for in order.
        booked = [m for m in range(k + 1) if self._firsts[m] + LONGEST > opens]
        parts = [self._month(m) for m in booked]
        there = [_within(rows, opens - 1, closes - 1) for rows in (*parts, self._others)]
        return together(there).by_known()

    def _booked(self, k: int) -> Rows:
        rows = money.month_rows(self._people, self._usual, int(self._firsts[k]), k, self._seed)
        return self._telling(TRANSACTIONS.name, rows).by_known()


def _within(rows: Rows, after: int, until: int) -> Rows:
    low, high = np.searchsorted(rows.known, [after, until], side="right").tolist()
    return rows.slice(low, max(low, high))

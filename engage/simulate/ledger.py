"""The bank's books, opened a month at a time: two years of them for everybody do not fit in memory.

Fees and interest follow from the seed and the month alone, so a month is written when it is asked
for, and forgotten again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache

import numpy as np

from engage.domain.transactions import TRANSACTIONS
from engage.simulate import money
from engage.simulate.calendar import NEVER
from engage.simulate.people import People
from engage.simulate.streams import Floats, Ints
from engage.simulate.tables import Rows, together
from engage.simulate.telling import Telling

ROWS_OF_A_PAGE = 200_000
"""A page holds the months of which so many rows come, or one month."""
ROWS_IN_HAND = 1_000_000
"""So many rows are remembered once written; two pages at least."""


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
        self._others, self._telling = others, telling
        each = max(1, int(people.holds.sum()))
        months = max(1, ROWS_OF_A_PAGE // each)
        self._firsts = [firsts[k : k + months] for k in range(0, len(firsts), months)]
        self._months = months
        in_hand = max(2, ROWS_IN_HAND // (each * months))
        self._page: Callable[[int], Rows] = lru_cache(in_hand)(self._written)
        # The bookings of the page before are still in hand when pages are asked for in order.
        self._booking: Callable[[int], Rows] = lru_cache(1)(self._booked)

    def between(self, after: int, until: int) -> Iterator[Rows]:
        """Yield what becomes known in (after, until], in that order, a page in each piece."""
        for k in range(len(self._firsts)):
            if self._opens(k) <= until and after < self._opens(k + 1):
                yield _within(self._page(k), after, until)

    def _opens(self, k: int) -> int:
        """Return from when on what becomes known is on page k."""
        if k == 0:
            return -1
        return int(self._firsts[k][0]) if k < len(self._firsts) else NEVER

    def _written(self, k: int) -> Rows:
        """Return everything that becomes known from the opening of page k to that of the next."""
        opens, closes = self._opens(k), self._opens(k + 1)
        booked = [self._booking(m) for m in range(max(0, k - 1), k + 1)]
        there = [_within(rows, opens - 1, closes - 1) for rows in (*booked, self._others)]
        return together(there).by_known()

    def _booked(self, k: int) -> Rows:
        firsts = self._firsts[k]
        rows = money.monthly_rows(self._people, self._usual, firsts, k * self._months, self._seed)
        return self._telling(TRANSACTIONS.name, rows).by_known()


def _within(rows: Rows, after: int, until: int) -> Rows:
    low, high = np.searchsorted(rows.known, [after, until], side="right").tolist()
    return rows.slice(low, max(low, high))

"""The whole bank as drawn: its people, what they need, and all rows of the future left alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from engage.domain.transactions import TRANSACTIONS
from engage.simulate import appointments, contacts, journeys, pages, people, visits
from engage.simulate.calendar import Calendar
from engage.simulate.course import Needs
from engage.simulate.ledger import Ledger
from engage.simulate.nastiness import Nastiness
from engage.simulate.responses import Responses
from engage.simulate.streams import Flags, Floats, Ints
from engage.simulate.tables import Rows
from engage.simulate.telling import Telling

PIECE = 500_000
"""So many rows are told in one piece."""


@dataclass(frozen=True)
class Bank:
    """Everything that was drawn; matters, concerns and meetings are needs, in this order."""

    seed: int
    first: int
    """When the books begin."""
    start: int
    live_until: int
    end: int
    calendar: Calendar
    people: people.People
    matters: journeys.Matters
    visits: visits.Visits
    concerns: contacts.Concerns
    meetings: appointments.Appointments
    needs: Needs
    browsers: pages.Browsers
    usual_margin: Floats
    responses: Responses
    unseen: Flags
    """[need + 1]: the page is closed before an offer is painted."""
    nastiness: Nastiness
    telling: Telling
    rows: dict[str, Rows]
    """By relation, in the order in which the engine learns of them; of transactions only those
    that do not come every month."""
    firsts: Ints
    """The first of each month of the books."""

    @cached_property
    def ledger(self) -> Ledger:
        """Return all transactions."""
        others = self.rows[TRANSACTIONS.name]
        return Ledger(self.people, self.usual_margin, self.firsts, others, self.seed, self.telling)

    def between(self, name: str, after: int, until: int) -> Iterator[Rows]:
        """Yield the rows of a relation that become known in (after, until], in that order."""
        if name == TRANSACTIONS.name:
            yield from self.ledger.between(after, until)
        else:
            rows = self.rows[name]
            low, high = np.searchsorted(rows.known, [after, until], side="right").tolist()
            high = max(low, high)
            yield rows.slice(low, min(high, low + PIECE))
            for k in range(low + PIECE, high, PIECE):
                yield rows.slice(k, min(high, k + PIECE))

    @property
    def first_concern(self) -> int:
        """Return the need that the first concern is."""
        return len(self.matters)

    @property
    def first_meeting(self) -> int:
        """Return the need that the first meeting is."""
        return len(self.matters) + len(self.concerns)

"""What becomes of rows on their way to the engine: late, at once after a gap, by clocks that are off.

None of it changes what happens. A row's fate follows from its own id, so that it is the same however
often and in whatever order one asks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engage.domain.events import EVENTS
from engage.domain.interactions import INTERACTIONS
from engage.domain.transactions import TRANSACTIONS
from engage.features.schema import TIME
from engage.simulate.calendar import DAY, HOUR, MINUTE, SECOND
from engage.simulate.nastiness import Nastiness
from engage.simulate.streams import Draws, Ints, by_id
from engage.simulate.tables import Rows, together, words

LATE = {INTERACTIONS.name: 0.08, TRANSACTIONS.name: 0.04}
"""The share of records that come in late: one to five days."""
CORRECTED_AFTER = (2 * DAY, 6 * DAY)
OFF = 0.1
"""The share of devices whose clock is off, by six minutes slow to nine minutes fast."""
CHAT_AHEAD = 4 * MINUTE
_IDS = {
    EVENTS.name: "event_id",
    INTERACTIONS.name: "interaction_id",
    TRANSACTIONS.name: "transaction_id",
}


@dataclass(frozen=True, slots=True)
class Telling:
    """How one bank's rows reach the engine."""

    nasty: Nastiness
    seed: int
    gap_from: int
    gap_until: int
    """Nothing is told in between; all of it is then."""
    offset: Ints
    """[person + 1]: how far ahead of the right time the clock of their device is."""

    @staticmethod
    def of(nasty: Nastiness, seed: int, launch: int, people: int) -> Telling:
        """Return the ways of telling of this bank; the gap is from eight to two on the fifth day."""
        day = (launch // DAY + 4) * DAY
        draws = Draws(seed, "skew")
        minutes = np.floor(-6.0 + 16.0 * draws.uniform("minutes", people)).astype(np.int64)
        off = (draws.uniform("off", people) < OFF) & nasty.skew
        return Telling(
            nasty,
            seed,
            day + 8 * HOUR,
            day + 14 * HOUR,
            np.append(np.where(off, minutes * MINUTE, 0), 0),
        )

    def __call__(self, name: str, rows: Rows) -> Rows:
        """Return the rows of a relation as they are told."""
        known = rows.known
        if self.nasty.late and name in LATE:
            known = known + self._late(name, rows.table)
        if self.nasty.gap:
            silent = (known >= self.gap_from) & (known < self.gap_until)
            known = np.where(silent, self.gap_until, known)
        if known is not rows.known:
            rows = replace(rows, known=known, table=_with(rows.table, "known_at", known))
        return self._by_wrong_clocks(name, rows) if self.nasty.skew else rows

    def _late(self, name: str, table: pa.Table) -> Ints:
        ids = table[_IDS[name]]
        late = by_id(ids, self.seed, "late") < LATE[name]
        days = 1.0 + 4.0 * by_id(ids, self.seed, "how late")
        return np.where(late, (days * (DAY // SECOND)).astype(np.int64) * SECOND, 0)

    def _by_wrong_clocks(self, name: str, rows: Rows) -> Rows:
        """Return rows with the times that their source's clock showed; `known_at` is our own."""
        if name == EVENTS.name:
            return replace(rows, table=_moved(rows.table, "ts", self.offset[rows.person]))
        if name == INTERACTIONS.name:
            chat = np.asarray(pc.equal(rows.table["channel"], "chat")).astype(np.bool_)
            ahead = np.where(chat, CHAT_AHEAD, 0)
            moved = _moved(_moved(rows.table, "ts", ahead), "ended_at", ahead)
            return replace(rows, table=moved)
        return rows


def with_corrections(rows: Rows, solved: np.ndarray, seed: int) -> Rows:
    """Return contacts with second versions of those whose disposition was wrong, known days later.

    `solved`: what each contact really came to. Three in four wrong notes are found out.
    """
    ids = rows.table["interaction_id"]
    said = np.asarray(pc.equal(rows.table["resolved"], "true")).astype(np.bool_)
    served = np.asarray(pc.invert(rows.table["abandoned"])).astype(np.bool_)
    found = np.flatnonzero(served & (said != solved) & (by_id(ids, seed, "found out") < 0.75))
    wrong, truly = rows.take(found), solved[found].astype(np.int64)
    low, high = CORRECTED_AFTER
    after = low + by_id(wrong.table["interaction_id"], seed, "after") * (high - low)
    known = wrong.known + after.astype(np.int64) // SECOND * SECOND
    table = _with(wrong.table, "known_at", known)
    table = _with(table, "disposition", words(("unresolved", "resolved"), truly))
    table = _with(table, "resolved", words(("false", "true"), truly))
    return together((rows, replace(wrong, table=table, known=known)))


def _moved(table: pa.Table, name: str, by: Ints) -> pa.Table:
    if not by.any():
        return table
    times = np.asarray(table[name].cast(pa.int64()).to_numpy(), dtype=np.int64)
    return _with(table, name, times + by)


def _with(table: pa.Table, name: str, values: Ints | pa.Array) -> pa.Table:
    column = values
    if isinstance(values, np.ndarray):
        column = pa.array(values, pa.int64()).cast(TIME)
    return table.set_column(table.schema.get_field_index(name), table.schema.field(name), column)

"""Which course the world takes: what would have been, changed by the answers so far.

The future in which nobody is approached is drawn once. An answer may change the course of one need
from a moment on; what a need was going to lead to after that moment no longer happens. The course
is computed from the log of answers alone, so the same world can be replayed without some of them.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from engage.simulate.calendar import NEVER
from engage.simulate.streams import Flags, Ints
from engage.simulate.tables import Rows

MATTER, CONCERN, MEETING = range(3)
"""Kinds of need: something to do on the page, to ask the bank, to come to the branch for."""
NOTHING, HELPED, PUT_OFF = range(3)
"""What an approach does to a need."""


@dataclass(frozen=True, slots=True)
class Needs:
    """Everything that people need, one entry each; rows point at it by number."""

    kind: Ints
    person: Ints
    begins: Ints
    parent: Ints
    """The need it springs from; -1 for none."""
    leaves: Ints
    """When the person closes their account over it; NEVER for most."""

    def __len__(self) -> int:
        return len(self.kind)


@dataclass(frozen=True, slots=True)
class Log:
    """Every answer to an approach, in the order in which they were given."""

    decision: NDArray[np.str_]
    trigger: NDArray[np.str_]
    person: Ints
    need: Ints
    at: Ints
    """From when it changes anything."""
    mode: Ints
    outcome: Ints
    finish: Ints
    """When a helped person gets done what they came for."""

    @staticmethod
    def empty() -> Log:
        """Return the log of a bank that leaves everybody alone."""
        text = np.array([], dtype="U1")
        return Log(text, text, *(np.array([], dtype=np.int64) for _ in range(6)))

    def __len__(self) -> int:
        return len(self.decision)

    def take(self, index: Ints) -> Log:
        """Return the answers of this index."""
        return replace(self, **{f.name: getattr(self, f.name)[index] for f in fields(Log)})

    def plus(self, more: Log) -> Log:
        """Return this log with another behind it."""
        names = [f.name for f in fields(Log)]
        columns = {
            name: np.concatenate([getattr(self, name), getattr(more, name)]) for name in names
        }
        return replace(self, **columns)


@dataclass(frozen=True, slots=True)
class Course:
    """What is cancelled and what decides; the last entry of each stands for `none of them`."""

    cancelled: Ints
    """[need + 1]: from when on its old course no longer holds."""
    closed: Ints
    """[person + 1]: when their account is closed."""
    kept: Flags
    """[log + 1]: the answers that count."""
    decisive: Flags
    """[log + 1]: the answers that decided a need."""

    def stands(self, rows: Rows, until: Ints | None = None) -> Flags:
        """Return which rows happen in this course; `until` [need + 1] ends some of them earlier."""
        ends = self.cancelled if until is None else np.minimum(self.cancelled, until)
        happens = (rows.anchor < ends[rows.need]) & (rows.ts <= self.closed[rows.person])
        deciding = self.decisive[rows.log] | ~rows.conditional
        return happens & self.kept[rows.log] & deciding

    def table(self, rows: Rows, until: Ints | None = None) -> pa.Table:
        """Return the rows that happen, as the engine would be told of them."""
        return rows.table.filter(pa.array(self.stands(rows, until)))


def course(needs: Needs, own_closings: Ints, log: Log, kept: Flags | None = None) -> Course:
    """Return the course that follows from the answers in `log`, or from the `kept` ones of them.

    Of several answers about one need, the first that changes anything decides.
    """
    kept = np.ones(len(log), dtype=np.bool_) if kept is None else kept
    cancelled = np.full(len(needs) + 1, NEVER, dtype=np.int64)
    decisive = _first_to_decide(log, kept & (log.need >= 0))
    # A concern goes its way when a person is put off; a matter is dropped.
    ends = decisive & ((log.outcome == HELPED) | (needs.kind[log.need] == MATTER))
    cancelled[log.need[ends]] = log.at[ends]
    parent_ends = cancelled[needs.parent]
    never_comes_up = parent_ends < needs.begins
    cancelled[:-1] = np.where(never_comes_up, parent_ends, cancelled[:-1])
    void = np.append(never_comes_up, False)[log.need]
    decisive &= ~void
    leaves = np.flatnonzero(needs.leaves < cancelled[:-1])
    closed = np.append(own_closings, NEVER)
    np.minimum.at(closed, needs.person[leaves], needs.leaves[leaves])
    return Course(cancelled, closed, np.append(kept, True), np.append(decisive, True))


def _first_to_decide(log: Log, kept: Flags) -> Flags:
    candidates = np.flatnonzero(kept & (log.outcome != NOTHING))
    keys = (log.decision[candidates], log.at[candidates], log.need[candidates])
    ordered = candidates[np.lexsort(keys)]
    need = log.need[ordered]
    first = np.append(True, need[1:] != need[:-1])[: len(ordered)]
    decisive = np.zeros(len(log), dtype=np.bool_)
    decisive[ordered[first]] = True
    return decisive

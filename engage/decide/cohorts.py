"""Two held-out groups: a small one for a long time, and one that is drawn anew turn by turn.

Whoever has an arm that still holds keeps it, whatever the settings say by now: an arm ends on the day
that was named when it was given. After it somebody who was held out is in washout for a while: they are
approached like anybody, count on neither side, and are not drawn.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from engage.decide.board import Board, Flags, Moments
from engage.decide.rules import Rules
from engage.domain.assignments import GLOBAL, Arm, long_term_scope, span_of, turn_scope

_DAY = np.timedelta64(1, "D")
_ARM = "arm:"


@dataclass(frozen=True)
class Standing:
    """Where people stand before anybody is drawn, `m` entries."""

    settled: Flags
    """An arm that covers everything still holds."""
    held: Flags
    """And it is the held-out one."""
    spared: Flags
    """Drawn for the long-term group already, and not in it."""
    washout: Flags


def standing(board: Board, rows: npt.NDArray[np.intp], rules: Rules) -> Standing:
    """Return where the person of each of these candidates stands at the moment of deciding."""
    now = board.times[rows]
    permanent = stored(board, GLOBAL, rows)
    settled, held = permanent != "", permanent == Arm.HELD_OUT
    spared, washout = np.zeros(len(rows), bool), np.zeros(len(rows), bool)
    for column in board.people.columns:
        scope = str(column).removeprefix(_ARM)
        span = span_of(scope) if str(column).startswith(_ARM) else None
        if span is None:
            continue
        arm, ends = stored(board, scope, rows), np.datetime64(span.ends, "us")
        inside = now < ends
        out, treated = arm == Arm.HELD_OUT, arm == Arm.TREATED
        held |= inside & out
        settled |= inside & (out | (treated & (not span.long_term)))
        spared |= inside & treated & span.long_term
        washout |= ~inside & out & (now < ends + rules.washout_d * _DAY)
    return Standing(settled, held & settled, spared, washout & ~settled)


def long_terms(now: Moments, rules: Rules) -> Iterator[tuple[str, Flags]]:
    """Yield the scope of the long-term group with those for whom it has not ended."""
    if rules.long_term > 0 and rules.long_term_until is not None:
        yield long_term_scope(rules.long_term_until), now < np.datetime64(rules.long_term_until)


def turns(now: Moments, rules: Rules) -> Iterator[tuple[str, Flags]]:
    """Yield each turn with those whose decision falls into it; one that never ends without turns."""
    if not rules.rotation_d:
        yield GLOBAL, np.ones(len(now), bool)
        return
    days = now.astype("datetime64[D]").astype(np.int64)
    for first in np.unique(days // rules.rotation_d).tolist():
        inside: Flags = np.equal(days // rules.rotation_d, first)
        yield turn_scope(first * rules.rotation_d, rules.rotation_d), inside


def stored(board: Board, scope: str, rows: npt.NDArray[np.intp]) -> npt.NDArray[np.object_]:
    """Return the stored arm of each row's person in a scope; "" where there is none."""
    column = "arm_global" if scope == GLOBAL else f"{_ARM}{scope}"
    if column not in board.people:
        return np.full(len(rows), "", object)
    known = board.person(column)[rows].astype(object)
    return np.where(pd.isna(known), "", known)

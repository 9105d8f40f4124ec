"""When a chosen action goes out, how long it lives, and which slots go with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engage.decide.board import Moments
from engage.decide.capacity import Fit, first_slots, offered_slots
from engage.decide.quiet_hours import NEVER, Timing
from engage.decide.rules import Rules
from engage.decide.verdict import Verdict
from engage.domain.actions import ON_PAGE, Action
from engage.domain.ids import draw_column
from engage.domain.scores import Subject

Whole = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Outing:
    """The drawn action's way out, `m` entries; where none was drawn it means nothing."""

    due: Moments
    expires: Moments
    slots: npt.NDArray[np.object_]
    """Tuples of slot ids, the first of them the one to keep; () without slots."""


def outing(
    verdict: Verdict, timing: Timing, fits: Mapping[int, Fit], rules: Rules, secret: bytes
) -> Outing:
    """Return when each drawn action goes out and how long it lives.

    An on-page offer lives from when the page was last alive, a message from the opening of its
    window and never beyond the window, a call-back to the end of its slot. Nothing about an
    appointment goes out after it has begun.
    """
    due = np.full(len(verdict.rows), NEVER)
    expires = np.full(len(verdict.rows), NEVER)
    slots = np.empty(len(verdict.rows), object)
    slots[:] = [()] * len(slots)
    for column, action in enumerate(verdict.board.actions):
        mine = np.flatnonzero(verdict.drawn == column)
        due[mine] = timing.due[verdict.rows[mine], column].astype(np.int64)
        expires[mine] = _end(verdict, timing, column, mine)
        if action.slot:
            _keep_slots(verdict, fits[column], mine, rules, secret, (due, expires, slots))
    expires = np.minimum(expires, _beginning(verdict))
    return Outing(due.view("datetime64[us]"), expires.view("datetime64[us]"), slots)


def _end(verdict: Verdict, timing: Timing, column: int, mine: npt.NDArray[np.intp]) -> Whole:
    """Return when the offers of one action end, slots aside."""
    action, rows = verdict.board.actions[column], verdict.rows[mine]
    born = verdict.board.alive[rows] if _on_page(action) else timing.due[rows, column]
    lived = (born + np.timedelta64(action.life)).astype("datetime64[us]").astype(np.int64)
    end: Whole = np.minimum(lived, timing.closes[rows, column].astype(np.int64))
    return end


def _keep_slots(
    verdict: Verdict,
    fit: Fit,
    mine: npt.NDArray[np.intp],
    rules: Rules,
    secret: bytes,
    into: tuple[Whole, Whole, npt.NDArray[np.object_]],
) -> None:
    """Fill in the slots; who looks at a page is shown the earliest and chooses."""
    due, expires, slots = into
    rows = verdict.rows[mine]
    draws = np.zeros(len(mine))
    if not _on_page(fit.action):
        draws = np.asarray(draw_column(secret, verdict.ids[mine], "slot"), np.float64)
    first = first_slots(fit, rows, draws)
    for at, ids in zip(
        mine.tolist(), offered_slots(fit, rows, first, rules.slots_offered), strict=True
    ):
        slots[at] = ids
    if not _on_page(fit.action):
        for group in np.unique(fit.code[rows]).tolist():
            here = fit.code[rows] == group
            due[mine[here]] = fit.slots[group].starts[first[here]]
            expires[mine[here]] = fit.slots[group].ends[first[here]]


def _beginning(verdict: Verdict) -> Whole:
    """Return (m,) when the appointment begins; far away for what is no appointment."""
    board = verdict.board
    appointment = board.by_trigger(
        [trigger.subject is Subject.APPOINTMENT for trigger in board.triggers], bool
    )
    begins = board.deadline.astype(np.int64)
    return np.where(appointment, begins, NEVER)[verdict.rows]


def _on_page(action: Action) -> bool:
    return action.channel in ON_PAGE

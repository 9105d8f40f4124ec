"""From candidates to at most one decision for each person, with everything that led to it.

The order is the protocol: gates, capacity with what stands in for it, value, one candidate per
person, qualified, then the arms, then the draw of an action with its exact chance. Nothing that
comes before the arms can see them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from engage.decide import (
    allocate,
    answering,
    approval,
    capacity,
    consent,
    exclusions,
    frequency,
    freshness,
    quiet_hours,
    reach,
)
from engage.decide.board import Board, Masks, Refusals, lay_out
from engage.decide.capacity import Fit, Plan
from engage.decide.choice import Weighed, draw, weigh
from engage.decide.decided import Decided, refusals
from engage.decide.demand import demand
from engage.decide.naming import decision_ids
from engage.decide.outbox import contacts, ghosts, messages
from engage.decide.outing import outing
from engage.decide.quiet_hours import Calendar, Timing
from engage.decide.records import decisions
from engage.decide.rules import Rules
from engage.domain.actions import Action
from engage.domain.reasons import Reason
from engage.domain.triggers import Trigger

__all__ = ["Decided", "decide"]

GATES: tuple[Callable[[Board, Rules], Masks], ...] = (
    approval.refused,
    exclusions.refused,
    freshness.refused,
    reach.refused,
    consent.refused,
    frequency.refused,
)


def decide(
    candidates: pd.DataFrame,
    triggers: Mapping[str, Trigger],
    actions: Mapping[str, Action],
    context: pd.DataFrame,
    rules: Rules,
    plan: Plan,
    *,
    now: datetime,
    salt: bytes,
    secret: bytes,
    run_id: str,
    decided: Collection[str] = (),
) -> Decided:
    """Return at most one decision for each person, and why everybody else got none.

    candidates: one row for each trigger and subject whose condition holds: trigger, subject_id,
    person_id (the canonical one), as_of, moment (when the subject was last alive; the start of an
    appointment), stake_minor; optional last_alive (page), sensitive, gpc, artifacts (dict), band
    (the chance with which somebody was let in whom the condition does not hold for) and
    lift:ACTION; every other column is logged as a feature. context: `context.build`, a row for each
    person. `decided`: decision ids that are stored already.

    All candidates of a person belong in one call. The result is the same for any order of rows
    and any division of the people over several calls.
    """
    board = lay_out(candidates, triggers, actions, context, now)
    judged = _judge(board, rules, plan)
    rows, ids = _qualify(board, judged, frozenset(decided))
    verdict = draw(board, judged.weighed, rows, ids, rules, salt, secret)
    out = outing(verdict, judged.timing, judged.fits, rules, secret)
    bits = np.where(judged.weighed.offered, judged.weighed.refused.bits, 0)
    reasons = np.bitwise_or.reduce(bits, axis=1)
    lost = np.ones(board.n, bool)
    lost[rows] = False
    return Decided(
        decisions=decisions(verdict, rules, plan, run_id),
        refusals=refusals(board, lost, reasons, run_id),
        assignments=verdict.arms.new,
        ghosts=ghosts(verdict, out),
        messages=messages(verdict, out, secret),
        contacts=contacts(verdict, out),
        weighed=demand(board, judged.weighed.possible & ~board.aa[:, None], judged.weighed.worth),
    )


@dataclass(frozen=True)
class Judged:
    """What may be offered to whom, and what stands against the rest."""

    weighed: Weighed
    timing: Timing
    fits: dict[int, Fit]


def _judge(board: Board, rules: Rules, plan: Plan) -> Judged:
    """Ask every gate, then the hours, then capacity, then what it is worth."""
    refused = Refusals(board)
    for gate in GATES:
        refused.add(gate(board, rules))
    found = quiet_hours.groups(board, Calendar(rules, int(board.now.astype(np.int64))))
    timing = quiet_hours.timing(board, found)
    refused.add(timing.masks)
    fits = capacity.fits(board, plan, rules, found)
    no_agent = capacity.free_now(board, plan)
    refused.add(no_agent)
    refused.add(capacity.slots_left(board, found, fits))
    refused.add(capacity.budget_left(board, plan, timing.due))
    paused = refused.because(Reason.INCIDENT)
    offered = capacity.offered(board, no_agent[Reason.NO_CAPACITY] | paused)
    hours = answering.hours(board, found, fits, plan.learned)
    return Judged(weigh(board, refused, offered, rules, plan, hours), timing, fits)


def _qualify(
    board: Board, judged: Judged, decided: frozenset[str]
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.object_]]:
    """Return the rows that qualify, one for each person, and their decision ids, in their order.

    What was decided before is a duplicate and leaves its person to another candidate; who loses
    to a better candidate of the same person is refused because an offer is open.
    """
    weighed = judged.weighed
    able = np.flatnonzero(weighed.allowed.any(axis=1))
    ids = np.asarray([*decision_ids(board, able), ""], object)[:-1]
    again = np.zeros(board.n, bool)
    again[able] = [one in decided for one in ids]
    weighed.refused.add({Reason.DUPLICATE: again[:, None]})
    allowed = weighed.allowed
    won = allocate.winners(board, allowed, weighed.worth.total)
    weighed.refused.add({Reason.OPEN_ACTION: (allowed.any(axis=1) & ~won)[:, None]})
    order = pc.sort_indices(pa.array(ids[won[able]], pa.string())).to_numpy()
    return np.flatnonzero(won)[order], ids[won[able]][order]

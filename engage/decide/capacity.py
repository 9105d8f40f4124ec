"""Who is free to take what we would offer; where nobody is free now, which slots can be kept.

Capacity is judged by the plan and never by a counter that moves while deciding, so that the
treated and the held out qualify alike and a run can be split anywhere. A place that is gone when
the decision is stored is a lost race, not another decision.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from engage.decide import minutes
from engage.decide.board import Board, Flags, Masks, Moments, Numbers, Whole
from engage.decide.hours import Spans
from engage.decide.minutes import Learned
from engage.decide.quiet_hours import NEVER, Groups
from engage.decide.rules import Rules
from engage.domain.actions import ON_PAGE, Action
from engage.domain.reasons import Reason

_BEFORE = np.datetime64("1970-01-01", "us")


@dataclass(frozen=True)
class Plan:
    """Who is free: minutes now, slots ahead, and what a minute costs, by queue."""

    version: str
    free_now: Mapping[str, float]
    """Agent minutes free in this half hour; a queue that is not here has none."""
    slots: pd.DataFrame
    """slot_id, queue, starts_at, ends_at (UTC, naive), free (places left), and where the plan says so
    room: how many of them are meant for who is promised one now, the others being for others."""
    price: Mapping[str, float]
    """Minor units for an agent minute; a queue that is not here costs nothing."""
    price_later: Mapping[str, float] = field(default_factory=dict)
    """The same for a minute of a slot, where it is another."""
    learned: Learned = field(default_factory=Learned)
    """How long contacts take, and when calls are answered."""
    message: Mapping[str, float] = field(default_factory=dict)
    """Minor units for a message of a channel whose budget of the day is short."""
    budget: Mapping[str, Sequence[tuple[np.datetime64, int]]] = field(default_factory=dict)
    """By channel that has a budget: when each day ends (UTC, naive), today first, and what it has left."""

    def seen(self, free: Mapping[str, int]) -> Plan:
        """Return the plan with the queues in which it is seen right now how many agents are free.

        Whoever is free takes a contact of any length; where nobody is, no minute is free.
        """
        now = {queue: math.inf if agents > 0 else 0.0 for queue, agents in free.items()}
        return replace(self, free_now={**self.free_now, **now})

    def minute(self, action: Action) -> float:
        """Return what a minute of the action's agents costs."""
        now = self.price.get(action.queue, 0.0)
        return self.price_later.get(action.queue, now) if action.slot else now


def free_now(board: Board, plan: Plan) -> Masks:
    """Refuse actions that need an agent at once where the plan has no minutes left for them."""
    asks = board.by_action([bool(one.queue) and not one.slot for one in board.actions], bool)
    free = board.by_action([plan.free_now.get(one.queue, 0.0) for one in board.actions], np.float64)
    enough = (free > 0) & (free >= minutes.handle(board, plan.learned))
    return {Reason.NO_CAPACITY: asks & ~enough}


def budget_left(board: Board, plan: Plan, due: Moments) -> Masks:
    """Refuse messages that would go out on a day whose budget is used up; not what was asked for.

    `due` (n, a): when each action would go out. Days that the plan does not tell of are open.
    """
    spent = np.zeros(due.shape, bool)
    for column, action in enumerate(board.actions):
        for begins, (ends, left) in _days(plan.budget.get(action.channel, ())):
            if left <= 0:
                spent[:, column] |= (due[:, column] >= begins) & (due[:, column] < ends)
    return {Reason.NO_BUDGET: spent & ~board.requested[:, None]}


def _days(
    told: Sequence[tuple[np.datetime64, int]],
) -> Iterable[tuple[np.datetime64, tuple[np.datetime64, int]]]:
    begins = [_BEFORE, *(ends for ends, _ in told)]
    return zip(begins[: len(told)], told, strict=True)


def offered(board: Board, not_now: Flags) -> Flags:
    """Return (n, a) what may be offered: what the trigger lists and what stands in for it.

    `not_now`: (n, a) where no agent is free, or an outage pauses what is not a slot. The same offer
    becomes slots then: the action's fallback takes its place.
    """
    may = board.listed.copy()
    for column, action in enumerate(board.actions):
        if action.fallback:
            place = board.column(action.fallback)
            may[:, place] |= board.listed[:, column] & not_now[:, column]
    return may


@dataclass(frozen=True)
class Slots:
    """A queue's slots ahead with places left, in order of their beginning."""

    ids: npt.NDArray[np.object_]
    starts: Whole
    ends: Whole
    free: Whole
    """Places left."""
    room: Numbers
    """How many of them are meant for who is promised one now."""

    @staticmethod
    def of(plan: Plan, queue: str, earliest: np.datetime64) -> Slots:
        """Return the slots of a queue that begin no earlier than this moment."""
        starts, ends = (
            plan.slots[name].to_numpy().astype("datetime64[us]")
            for name in ("starts_at", "ends_at")
        )
        free = plan.slots["free"].to_numpy()
        room = plan.slots["room"].to_numpy(np.float64) if "room" in plan.slots else free
        ids, queues = (plan.slots[name].to_numpy(object) for name in ("slot_id", "queue"))
        wanted = np.flatnonzero((queues == queue) & (free > 0) & (starts >= earliest))
        order = wanted[np.lexsort((ids[wanted].astype(str), starts[wanted]))]
        begins, over, left = (one[order].astype(np.int64) for one in (starts, ends, free))
        return Slots(ids[order], begins, over, left, room[order].astype(np.float64))

    def within(self, found: Spans) -> Slots:
        """Return the slots that begin inside these spans, cut off where their span ends."""
        edges = np.asarray([edge for span in found for edge in span] + [NEVER], np.int64)
        at = np.searchsorted(edges, self.starts, side="right")
        inside = at % 2 == 1
        ends = np.minimum(self.ends, edges[np.minimum(at, len(edges) - 1)])
        starts, free, room = (one[inside] for one in (self.starts, self.free, self.room))
        return Slots(self.ids[inside], starts, ends[inside], free, room)

    def begun_by(self, limit: Whole) -> Whole:
        """Return for each moment how many slots begin no later."""
        return np.searchsorted(self.starts, limit, side="right")

    @cached_property
    def places(self) -> Numbers:
        """Return the places left up to and including each slot."""
        return np.cumsum(self.free, dtype=np.float64)

    @cached_property
    def rooms(self) -> Numbers:
        """Return those that are meant for now, up to and including each."""
        return np.cumsum(self.room)


@dataclass(frozen=True)
class Fit:
    """Which slots suit each candidate for one slot action."""

    action: Action
    code: npt.NDArray[np.intp]
    """(n,) which entry of `slots`."""
    slots: tuple[Slots, ...]
    count: Whole
    """(n,) how many of them, from the first, begin before the candidate's deadline."""
    any_hour: Whole
    """(n,) how many there are when the hours are left aside."""


def fits(board: Board, plan: Plan, rules: Rules, found: Groups) -> dict[int, Fit]:
    """Return, for each column that is a slot action, the slots that suit each candidate."""
    earliest = board.now + np.timedelta64(rules.slot_lead)
    limit = board.deadline.astype(np.int64)
    result = {}
    for column, action in enumerate(board.actions):
        if action.slot:
            ahead = Slots.of(plan, action.queue, earliest)
            any_hour = ahead.begun_by(limit)
            if action.channel in ON_PAGE:
                everybody = np.zeros(board.n, np.intp)
                result[column] = Fit(action, everybody, (ahead,), any_hour, any_hour)
            else:
                slots = tuple(ahead.within(one or []) for one in found.open)
                count = _count(limit, found, slots)
                result[column] = Fit(action, found.code, slots, count, any_hour)
    return result


def _count(limit: Whole, found: Groups, slots: tuple[Slots, ...]) -> Whole:
    """Return (n,) how many slots of each candidate's group begin by its limit."""
    count = np.zeros(len(limit), np.int64)
    order = np.argsort(found.code, kind="stable")
    ends = np.cumsum(np.bincount(found.code, minlength=len(slots)))
    for rows, mine in zip(np.split(order, ends[:-1]), slots, strict=True):
        count[rows] = mine.begun_by(limit[rows])
    return count


def slots_left(board: Board, found: Groups, fit: Mapping[int, Fit]) -> Masks:
    """Refuse slot actions without a slot in time, or with slots only outside the hours."""
    shape = (board.n, len(board.actions))
    none, quiet = np.zeros(shape, bool), np.zeros(shape, bool)
    for column, one in fit.items():
        none[:, column] = one.any_hour == 0
        quiet[:, column] = (one.any_hour > 0) & (one.count == 0) & ~found.unknown
    return {Reason.NO_CAPACITY: none, Reason.QUIET_HOURS: quiet}


def first_slots(
    fit: Fit, rows: npt.NDArray[np.intp], draws: npt.NDArray[np.float64]
) -> npt.NDArray[np.intp]:
    """Return for each candidate the position of the slot to keep, among those that suit it.

    Drawn by where the plan has room for slots, so that many decisions of one run spread over them and
    leave the others to who comes up then; by places left where it has none for the candidate. A
    draw of 0 is the earliest. Slots behind it stand in when the race for it is lost.
    """
    first = np.zeros(len(rows), np.intp)
    code, count = fit.code[rows], fit.count[rows]
    for group in np.unique(code).tolist():
        mine = code == group
        slots, last = fit.slots[group], count[mine] - 1
        planned = slots.rooms[last] > 0
        by_room, by_place = (
            np.searchsorted(upto, draws[mine] * upto[last], side="right")
            for upto in (slots.rooms, slots.places)
        )
        # A product may round up to the very sum; the last one that suits is as far as it goes.
        first[mine] = np.minimum(np.where(planned, by_room, by_place), last)
    return first


def offered_slots(
    fit: Fit, rows: npt.NDArray[np.intp], first: npt.NDArray[np.intp], most: int
) -> list[tuple[str, ...]]:
    """Return for each candidate the slots to offer, from its first one on, in order of time."""
    made: dict[tuple[int, int, int], tuple[str, ...]] = {}
    lists = []
    for key in zip(fit.code[rows].tolist(), first.tolist(), fit.count[rows].tolist(), strict=True):
        if key not in made:
            group, begin, count = key
            made[key] = tuple(fit.slots[group].ids[begin : min(begin + most, count)].tolist())
        lists.append(made[key])
    return lists

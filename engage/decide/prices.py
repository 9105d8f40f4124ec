"""What a free agent minute is worth, by queue and half hour: the prices of a linear program.

Everybody whom somebody could approach competes for the same minutes. The program gives them to those
who gain most by them, and its dual values say what one minute more would bring: whoever gains less from
a minute than that is better left to others (Bertsimas and Tsitsiklis 1997, Introduction to Linear
Optimization, chapter 4). Solved by HiGHS (Huangfu and Hall 2018).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from scipy.optimize import linprog
from scipy.sparse import coo_array, csr_array, hstack, vstack

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Wanted:
    """Those who could be approached in the time ahead, alike ones together; an entry an option."""

    group: Whole
    """(o,) whose option it is, 0 and up; a group takes one of its options, or none."""
    net: Floats
    """(o,) what it is worth, an agent's minutes not paid for."""
    minutes: Floats
    """(o,) of an agent."""
    queue: Whole
    """(o,) whose agents, 0 and up; -1 for none."""
    later: Flags
    """(o,) booked into a slot: any half hour from the group's own on will do."""
    size: Floats
    """(g,) how many there are in each group."""
    half_hour: Whole
    """(g,) in which they come up, 0 for the running one."""
    message: Whole | None = None
    """(o,) which channel's budget of messages it takes one of, 0 and up; -1, or None at all, for none."""

    def of(self, groups: Flags) -> Wanted:
        """Return those of some groups (g,)."""
        number, mine = np.cumsum(groups) - 1, groups[self.group]
        return replace(
            self,
            group=number[self.group[mine]],
            net=self.net[mine],
            minutes=self.minutes[mine],
            queue=self.queue[mine],
            later=self.later[mine],
            size=self.size[groups],
            half_hour=self.half_hour[groups],
            message=None if self.message is None else self.message[mine],
        )

    def paying(self, message: Floats) -> Wanted:
        """Return them when a message costs (c,) by channel that has a budget."""
        if self.message is None:
            return self
        less = np.append(message, 0.0)[self.message]
        return replace(self, net=self.net - less, message=None)


@dataclass(frozen=True)
class Budgets:
    """How many messages may leave, by channel that has a budget and day."""

    left: Floats
    """(c, d) of each day from today on, as far as the time ahead covers it."""
    day: Whole
    """(h,) the day of each half hour, 0 for today."""

    def of(self, wanted: Wanted) -> csr_array:
        """Return the rows of the budgets over the options."""
        shape = (self.left.size, len(wanted.net))
        if wanted.message is None:
            return csr_array(shape)
        takes = np.flatnonzero(wanted.message >= 0)
        day = self.day[wanted.half_hour[wanted.group[takes]]]
        rows = wanted.message[takes] * self.left.shape[1] + day
        return coo_array((np.ones(len(takes)), (rows, takes)), shape=shape).tocsr()


@dataclass(frozen=True)
class Prices:
    """What a plan asks for an agent's minute, and what it hopes to gain."""

    now: Floats
    """(q, h) for a minute of this half hour."""
    later: Floats
    """(q, h) for a minute of a slot that is promised in this half hour: the cheapest ahead."""
    given: Floats
    """(q, h) minutes of this half hour that slots shall take; the others are for who comes up in it."""
    promised: Floats
    """(q, h) minutes of slots that are promised in this half hour."""
    gain: float
    """What all options that are taken are worth."""
    taken: Floats
    """(o,) how many of its group take each option."""
    message: Floats
    """(c, h) for a message of a channel with a budget, by the half hour in which it is decided."""


def solve(wanted: Wanted, free: Floats, lead: int = 1, budgets: Budgets | None = None) -> Prices:
    """Return the prices at which the free minutes go to those who gain most by them.

    free: (q, h) minutes by queue and half hour, the running one first. lead: the earliest slot begins
    this many half hours after it is promised. budgets: how many messages may leave. Minutes that nobody lacks cost nothing. Nothing is
    infeasible: nobody needs to be approached.
    """
    queues, half_hours = free.shape
    budgets = budgets or Budgets(np.zeros((0, 1)), np.zeros(half_hours, np.int64))
    channels = len(budgets.left)
    if not len(wanted.net) or not queues:
        nothing = np.zeros((queues, half_hours))
        taken = np.zeros(len(wanted.net))
        unpaid = np.zeros((channels, half_hours))
        return Prices(nothing, nothing, nothing, nothing, 0.0, taken, unpaid)
    flows = _Flows.between(queues, half_hours, lead)
    found = linprog(
        np.concatenate([-wanted.net, np.zeros(flows.n)]),
        A_ub=cast("Any", _limits(wanted, flows, free.shape, budgets)),  # sparse: not in its stubs
        b_ub=np.concatenate([wanted.size, free.ravel(), budgets.left.ravel()]),
        A_eq=cast("Any", _kept(wanted, flows, free.shape)),
        b_eq=np.zeros(free.size),
        method="highs",
    )
    if found.status != 0:
        raise ArithmeticError(f"the plan's program was not solved: {found.message}")
    taken = np.asarray(found.x, np.float64)[: len(wanted.net)]
    moved = np.asarray(found.x, np.float64)[len(wanted.net) :]
    limits = np.maximum(-np.asarray(found.ineqlin.marginals), 0.0)
    promised = np.maximum(-np.asarray(found.eqlin.marginals), 0.0)
    groups, ends = len(wanted.size), len(wanted.size) + free.size
    return Prices(
        limits[groups:ends].reshape(free.shape),
        promised.reshape(free.shape),
        flows.minutes(flows.given, moved, free.shape),
        flows.minutes(flows.promised, moved, free.shape),
        float(taken @ wanted.net),
        taken,
        limits[ends:].reshape(budgets.left.shape)[:, budgets.day],
    )


@dataclass(frozen=True)
class _Flows:
    """Minutes that are promised in one half hour and given in a later one, of the same queue."""

    queue: Whole
    promised: Whole
    given: Whole

    @property
    def n(self) -> int:
        return len(self.queue)

    def minutes(self, half_hour: Whole, minutes: Floats, shape: tuple[int, int]) -> Floats:
        """Return (q, h) the minutes that are promised, or given, in each half hour."""
        place = _place(self.queue, half_hour, shape)
        found = np.bincount(place, minutes, shape[0] * shape[1]).astype(np.float64)
        return found.reshape(shape)

    @staticmethod
    def between(queues: int, half_hours: int, lead: int) -> _Flows:
        promised, given = np.triu_indices(half_hours, lead)
        queue = np.repeat(np.arange(queues), len(promised))
        return _Flows(queue, np.tile(promised, queues), np.tile(given, queues))


def _limits(wanted: Wanted, flows: _Flows, shape: tuple[int, int], budgets: Budgets) -> csr_array:
    """Return the rows of the groups, each of which is there once, of the free minutes and of the budgets."""
    groups, options = len(wanted.size), len(wanted.net)
    at_once = np.flatnonzero(~wanted.later & (wanted.queue >= 0))
    place = _place(wanted.queue[at_once], wanted.half_hour[wanted.group[at_once]], shape)
    given = _place(flows.queue, flows.given, shape)
    rows = np.concatenate([wanted.group, groups + place, groups + given])
    columns = np.concatenate([np.arange(options), at_once, options + np.arange(flows.n)])
    values = np.concatenate([np.ones(options), wanted.minutes[at_once], np.ones(flows.n)])
    size = (groups + shape[0] * shape[1], options + flows.n)
    minutes = coo_array((values, (rows, columns)), shape=size)
    messages = hstack([budgets.of(wanted), csr_array((budgets.left.size, flows.n))])
    return csr_array(vstack([minutes, messages]))


def _kept(wanted: Wanted, flows: _Flows, shape: tuple[int, int]) -> csr_array:
    """Return the rows that let every minute that is promised be given."""
    options = len(wanted.net)
    booked = np.flatnonzero(wanted.later & (wanted.queue >= 0))
    place = _place(wanted.queue[booked], wanted.half_hour[wanted.group[booked]], shape)
    promised = _place(flows.queue, flows.promised, shape)
    rows = np.concatenate([place, promised])
    columns = np.concatenate([booked, options + np.arange(flows.n)])
    values = np.concatenate([wanted.minutes[booked], -np.ones(flows.n)])
    size = (shape[0] * shape[1], options + flows.n)
    return coo_array((values, (rows, columns)), shape=size).tocsr()


def _place(queue: Whole, half_hour: Whole, shape: tuple[int, int]) -> Whole:
    return queue * shape[1] + half_hour

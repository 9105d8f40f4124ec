"""Do prices steer as well as hindsight? `python benchmarks/allocation.py`.

Days on which far more people could be called than there are free minutes. The linear program that
knows everybody of the day is the best there is. Beside it, deciding one by one as people come up: at
the prices of a plan that knows only the days before and is made anew each half hour, as Engage does;
the highest scores first; first come, first served; at random.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from engage.decide.inbound import Flags, Floats, Whole
from engage.decide.prices import Prices, Wanted, at_once, solve

HALF_HOURS = 24
"""A day at the desk, from eight to eight."""
QUEUES = 2
PEOPLE = 5_000
LEARNED_FROM = 3_000
"""People of the days before whom the plan looks at; they stand for as many as come up."""
MINUTES = np.array([8.0, 9.0, 10.0])
"""A chat, a call now, a call-back in a slot."""
QUEUE = np.array([1, 0, 0])
LATER = np.array([False, False, True])


class Day:
    """Those who come up on a day, in order, and what each option is worth for each."""

    def __init__(self, rng: np.random.Generator, people: int = PEOPLE) -> None:
        self.half_hour = np.sort(_arrivals(rng, people))
        stake = rng.lognormal(np.log(20_000), 0.8, people)
        lift = np.clip(rng.normal([0.03, 0.06, 0.07], 0.03, (people, 3)), -0.05, 0.3)
        self.net = lift * stake[:, None] - np.array([30.0, 45, 45])
        # A score that says who is at risk, not whom it helps: it knows a half of the truth.
        self.score = np.log(stake) / 2 + rng.normal(0, 0.4, people)
        self.n = people

    def wanted(self, size: float = 1.0) -> Wanted:
        """Return them as the groups of a program."""
        person, option = np.nonzero(self.net > 0)
        return Wanted(
            group=person,
            net=self.net[person, option],
            minutes=MINUTES[option],
            queue=QUEUE[option],
            later=LATER[option],
            size=np.full(self.n, size),
            half_hour=self.half_hour,
        )


def _arrivals(rng: np.random.Generator, people: int) -> Whole:
    shape = 1 + 0.6 * np.sin(np.linspace(0, np.pi, HALF_HOURS))
    return rng.choice(HALF_HOURS, people, p=shape / shape.sum())


def _from(whole: Wanted, since: int) -> Wanted:
    """Return those who come up from this half hour on."""
    kept = whole.half_hour >= since
    number = np.cumsum(kept) - 1
    mine = kept[whole.group]
    return Wanted(
        number[whole.group[mine]],
        whole.net[mine],
        whole.minutes[mine],
        whole.queue[mine],
        whole.later[mine],
        whole.size[kept],
        whole.half_hour[kept] - since,
    )


def main() -> int:
    """Print what each way gains, of what hindsight would."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--days", type=int, default=50)
    parser.add_argument("--people", type=int, default=PEOPLE)
    asked = parser.parse_args()
    shares: dict[str, list[float]] = {}
    slowest = 0.0
    for number in range(asked.days):
        rng = np.random.default_rng([7, number])
        past = Day(rng, LEARNED_FROM).wanted(asked.people / LEARNED_FROM)
        today = Day(rng, asked.people)
        free = rng.uniform(0.4, 1.6, (QUEUES, HALF_HOURS)) * asked.people / HALF_HOURS * 2.5
        known = solve(today.wanted(), free)
        best = known.gain
        begun = time.perf_counter()
        priced = _by_prices(today, past, free)
        slowest = max(slowest, time.perf_counter() - begun)
        ways: dict[str, float] = {
            "at the prices of hindsight": _by_known(today, known, free),
            "at the prices of a plan by the days before": priced,
            "highest score of the half hour first": _in_turn(today, free, lambda d: -d.score),
            "first come, first served": _in_turn(today, free, lambda d: np.arange(d.n)),
            "at random": _in_turn(today, free, lambda d, r=rng: r.random(d.n)),
        }
        for name, gain in ways.items():
            shares.setdefault(name, []).append(gain / best)
    print(f"{asked.days} days of {asked.people} people; of the best in hindsight:\n")
    print(f"{'':<40}{'mean':>8}{'worst':>8}")
    for name, got in shares.items():
        print(f"{name:<40}{np.mean(got):>8.4f}{np.min(got):>8.4f}")
    print(f"\nthe slowest day's {HALF_HOURS} plans took {slowest:.1f} s")
    return 0


def _by_known(today: Day, known: Prices, free: Floats) -> float:
    left, room, gain = free.copy(), known.given.copy(), 0.0
    for person in range(today.n):
        at = int(today.half_hour[person])
        asked = np.where(LATER, known.later[QUEUE, at], known.now[QUEUE, at])
        gain += _taken(today, person, today.net[person] - MINUTES * asked, left, at, room)
    return gain


def _by_prices(today: Day, past: Wanted, free: Floats) -> float:
    left, gain = free.copy(), 0.0
    for at in range(HALF_HOURS):
        plan = solve(_from(past, at), left[:, at:])
        share = past.size[past.half_hour == at].sum() / past.size.sum()
        alike = replace(past, size=past.size * share)
        now = at_once(alike, plan.later[:, 0], left[:, at])
        asked = np.where(LATER, plan.later[QUEUE, 0], now[QUEUE])
        room = np.concatenate([np.zeros((QUEUES, at)), plan.given], axis=1)
        for person in np.flatnonzero(today.half_hour == at).tolist():
            worth = today.net[person] - MINUTES * asked
            gain += _taken(today, person, worth, left, at, room)
    return gain


def _in_turn(today: Day, free: Floats, order: Callable[[Day], Floats]) -> float:
    """Give everybody the best that is left, in an order within each half hour."""
    left, gain = free.copy(), 0.0
    for person in np.lexsort((order(today), today.half_hour)).tolist():
        at = int(today.half_hour[person])
        gain += _taken(today, person, today.net[person], left, at, np.zeros_like(free))
    return gain


def _taken(today: Day, person: int, worth: Floats, left: Floats, at: int, room: Floats) -> float:
    """Give the person the option that is worth most of those that can be kept; return its net worth."""
    for option in np.argsort(-worth).tolist():
        if worth[option] < 0 or today.net[person, option] <= 0:
            return 0.0
        queue, minutes = int(QUEUE[option]), float(MINUTES[option])
        place = _place(left[queue], minutes, at, room[queue], later=bool(LATER[option]))
        if place >= 0:
            left[queue, place] -= minutes
            room[queue, place] -= minutes if LATER[option] else 0.0
            return float(today.net[person, option])
    return 0.0


def _place(left: Floats, minutes: float, at: int, room: Floats, *, later: bool) -> int:
    """Return a half hour that has the minutes: this one, or the first with room for slots by the plan."""
    if not later:
        return at if left[at] >= minutes else -1
    able: Flags = left[at + 1 :] >= minutes
    if not able.any():
        return -1
    planned = able & (room[at + 1 :] >= minutes)
    if planned.any():  # the cheapest half hours come first
        return at + 1 + int(planned.argmax())
    return at + 1 + int(np.where(able, left[at + 1 :], -1.0).argmax())


if __name__ == "__main__":
    sys.exit(main())

"""Do prices steer as well as hindsight? `python benchmarks/allocation.py`.

Days on which far more people could be called than there are free minutes. The linear program that
knows everybody of the day is the best there is. Beside it, deciding one by one as people come up: at
the prices of a plan that knows only the days before, is made anew each half hour and paced within it, as
Engage does; the same without the pace; the highest scores first; first come, first served; at random.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from engage.decide.inbound import Floats, Whole
from engage.decide.pace import at_once
from engage.decide.plan import earliest
from engage.decide.prices import Prices, Wanted, solve

HALF_HOURS = 24
"""A day at the desk, from eight to eight."""
QUEUES = 2
PEOPLE = 5_000
LEARNED_FROM = 3_000
"""People of the days before whom the plan looks at; they stand for as many as come up."""
PACES = 15
"""How often a half hour is priced while it runs: every two minutes, as the job `pace_prices` does."""
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
        # When in its half hour somebody comes up, and which slot is drawn: beside the other draws.
        aside = rng.spawn(1)[0]
        self.part = np.sort(self.half_hour + aside.random(people)) - self.half_hour
        self.draw = aside.random(people)
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
        paced = _by_prices(today, past, free, PACES)
        slowest = max(slowest, time.perf_counter() - begun)
        ways: dict[str, float] = {
            "at the prices of hindsight": _by_known(today, known, free),
            "at those of a plan by the days before, paced": paced,
            "the same without the pace": _by_prices(today, past, free, 1),
            "highest score of the half hour first": _in_turn(today, free, lambda d: -d.score),
            "first come, first served": _in_turn(today, free, lambda d: np.arange(d.n)),
            "at random": _in_turn(today, free, lambda d, r=rng: r.random(d.n)),
        }
        for name, gain in ways.items():
            shares.setdefault(name, []).append(gain / best)
    print(f"{asked.days} days of {asked.people} people; of the best in hindsight:\n")
    print(f"{'':<46}{'mean':>8}{'worst':>8}")
    for name, got in shares.items():
        print(f"{name:<46}{np.mean(got):>8.4f}{np.min(got):>8.4f}")
    print(f"\nthe slowest day's {HALF_HOURS} plans, each with {PACES} prices, took {slowest:.1f} s")
    return 0


def _by_known(today: Day, known: Prices, free: Floats) -> float:
    left, room, gain = free.copy(), known.given.copy(), 0.0
    for person in range(today.n):
        at = int(today.half_hour[person])
        window = known.promised[:, at] * (1 - today.part[person])
        asked = np.where(LATER, known.later[QUEUE, at], known.now[QUEUE, at])
        gain += _taken(today, person, today.net[person] - MINUTES * asked, left, at, room, window)
    return gain


def _by_prices(today: Day, past: Wanted, free: Floats, paces: int) -> float:
    """Decide at the prices of a plan that is made anew each half hour, and priced so often in each."""
    left, gain = free.copy(), 0.0
    for at in range(HALF_HOURS):
        plan = solve(_from(past, at), left[:, at:])
        share = past.size[past.half_hour == at].sum() / past.size.sum()
        room = np.concatenate([np.zeros((QUEUES, at)), plan.given], axis=1)
        here = today.half_hour == at
        for pace in range(paces):
            rest = replace(past, size=past.size * share * (1 - pace / paces))
            now = at_once(rest, plan.later[:, 0], left[:, at])
            asked = np.where(LATER, plan.later[QUEUE, 0], now[QUEUE])
            mine = here & (np.floor(today.part * paces) == pace)
            for person in np.flatnonzero(mine).tolist():
                worth = today.net[person] - MINUTES * asked
                window = plan.promised[:, 0] * (1 - today.part[person])
                gain += _taken(today, person, worth, left, at, room, window)
    return gain


def _in_turn(today: Day, free: Floats, order: Callable[[Day], Floats]) -> float:
    """Give everybody the best that is left, in an order within each half hour."""
    left, gain = free.copy(), 0.0
    for person in np.lexsort((order(today), today.half_hour)).tolist():
        at = int(today.half_hour[person])
        nowhere = np.zeros_like(free)
        gain += _taken(today, person, today.net[person], left, at, nowhere, nowhere[:, 0])
    return gain


def _taken(
    today: Day, person: int, worth: Floats, left: Floats, at: int, room: Floats, window: Floats
) -> float:
    """Give the person the option that is worth most of those that can be kept; return its net worth."""
    for option in np.argsort(-worth).tolist():
        if worth[option] < 0 or today.net[person, option] <= 0:
            return 0.0
        queue, minutes = int(QUEUE[option]), float(MINUTES[option])
        if LATER[option]:
            draw = float(today.draw[person])
            place = _slot(left[queue], minutes, at, room[queue], float(window[queue]), draw)
        else:
            place = at if left[queue, at] >= minutes else -1
        if place >= 0:
            left[queue, place] -= minutes
            room[queue, place] -= minutes if LATER[option] else 0.0
            return float(today.net[person, option])
    return 0.0


def _slot(left: Floats, minutes: float, at: int, room: Floats, window: float, draw: float) -> int:
    """Return the half hour of a slot, drawn as the engine does, or -1 where none is left.

    Among the earliest places that the plan has for slots, as many as the rest of the half hour asks for;
    by places left where it has none.
    """
    free = np.floor(left[at + 1 :] / minutes)
    if not free.any():
        return -1
    planned = np.clip(np.round(room[at + 1 :] / minutes), 0.0, free)
    upto = np.cumsum(earliest(planned, window / minutes) if planned.any() else free)
    return at + 1 + int(np.searchsorted(upto, draw * upto[-1], side="right"))


if __name__ == "__main__":
    sys.exit(main())

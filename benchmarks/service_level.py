"""Are callers still answered in time while agents call others back? `python benchmarks/service_level.py`.

A real bank's calls of 1999, each half hour's spread evenly over it, meet agents whose roster was made
weeks ahead. Each half hour the plan says how many agents inbound calls need; the others call
people back, of whom there are always enough. A simulated queue (callers wait in turn and hang up when
their patience ends) tells the service that comes of it.
"""

from __future__ import annotations

import argparse
import heapq
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from arrivals import FILE, FIRST, HOLIDAYS, calls

from engage.decide import inbound
from engage.decide.erlang import Service, needed
from engage.decide.hours import day_number

HALF_HOUR = 1_800.0
OPENS, CLOSES = 14, 46
"""Seven in the morning to eleven at night, in half hours."""
SERVICE = Service(target=0.8, within_s=20, handle_s=240, patience_s=300)
BACK_S = 360.0
"""Mean seconds of a call-back."""


@dataclass
class Told:
    """What came of a stretch of time."""

    callers: int = 0
    in_time: int = 0
    hung_up: int = 0
    free_s: float = 0.0
    used_s: float = 0.0
    out: int = 0

    def line(self, name: str) -> str:
        """Return the figures as a line of the table."""
        level, gone = self.in_time / self.callers, self.hung_up / self.callers
        used = self.used_s / self.free_s if self.free_s else 0.0
        return f"{name:<44}{level:>9.3f}{gone:>9.3f}{self.free_s / 3600:>10,.0f}{used:>8.2f}{self.out:>10,}"


def main() -> int:
    """Print the service with and without call-backs, by different plans."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    if not FILE.exists():
        print(f"skipped: {FILE} is not there")
        return 0
    counts = calls()
    first = day_number(date(1999, 1, 1))
    days = first + np.arange(len(counts))
    closed = np.isin(days, [day_number(date(1999, int(d[:2]), int(d[3:]))) for d in HOLIDAYS])
    agents = _roster(counts, days, closed)
    head = f"{'':<44}{'in time':>9}{'hung up':>9}{'free h':>10}{'used':>8}{'call-backs':>10}"
    print(
        f"target: {SERVICE.target} within {SERVICE.within_s:.0f} s; the roster is the same in all\n"
    )
    print(head)
    plans = {
        "nobody is called back": agents,
        "the plan, put right each half hour": _plan(counts, days, closed, agents, again=True),
        "the plan as at midnight": _plan(counts, days, closed, agents, again=False),
        "the same half hour of the week before": _naive(counts, agents),
        "a fixed share, .7 of the agents": np.ceil(0.7 * agents),
        "calls known beforehand": _known(counts, agents),
    }
    for name, kept in plans.items():
        print(
            _simulate(counts, agents, np.minimum(kept, agents), asked.seed).line(name), flush=True
        )
    return 0


def _roster(counts: inbound.Floats, days: inbound.Days, closed: inbound.Flags) -> inbound.Floats:
    """Return (d, 48) agents: for each weekday a third more than its mean of the year needs, and two."""
    week = np.stack(
        [counts[(inbound.weekday(days) == one) & ~closed].mean(axis=0) for one in range(7)]
    )
    load = week[inbound.weekday(days)] / HALF_HOUR * SERVICE.handle_s
    agents = np.ceil(4 / 3 * load) + 2
    agents[:, :OPENS] = agents[:, CLOSES:] = 0
    return np.asarray(agents)


def _plan(
    counts: inbound.Floats,
    days: inbound.Days,
    closed: inbound.Flags,
    agents: inbound.Floats,
    *,
    again: bool,
) -> inbound.Floats:
    expected = np.zeros((len(counts) - FIRST, counts.shape[1]))
    sure = np.ones_like(expected)
    for row, at in enumerate(range(FIRST, len(counts))):
        week = inbound.learn(counts[:at], int(days[at - 1]), closed[:at])
        assert week is not None
        said = week.expected(days[[at]], closed[[at]])[0]
        expected[row], sure[row] = said, week.doubt(said)
        for slot in range(OPENS, CLOSES) if again else ():
            busy = inbound.busyness(counts[at, :slot], said[:slot], week, 1)
            rate = said[[slot]] * busy.factor
            expected[row, slot], sure[row, slot] = rate[0], week.doubt(rate, busy.certainty)[0]
    return _kept(agents, expected, sure)


def _kept(agents: inbound.Floats, expected: inbound.Floats, sure: inbound.Floats) -> inbound.Floats:
    """Return (d, 48) the agents that these contacts need, from the first day that is forecast."""
    kept = agents.copy()
    found = needed((expected / HALF_HOUR).ravel(), sure.ravel(), SERVICE)
    kept[FIRST:] = found.reshape(expected.shape)
    return kept


def _naive(counts: inbound.Floats, agents: inbound.Floats) -> inbound.Floats:
    before = counts[FIRST - 7 : -7]
    return _kept(agents, before, np.full_like(before, 1e6))


def _known(counts: inbound.Floats, agents: inbound.Floats) -> inbound.Floats:
    return _kept(agents, counts[FIRST:], np.full_like(counts[FIRST:], 1e6))


def _simulate(
    counts: inbound.Floats, agents: inbound.Floats, kept: inbound.Floats, seed: int
) -> Told:
    """Live through every day; an idle agent beyond those kept free calls somebody back."""
    told = Told()
    for day in range(FIRST, len(counts)):
        _live(
            counts[day],
            agents[day],
            agents[day] - kept[day],
            np.random.default_rng([seed, day]),
            told,
        )
    return told


def _live(
    counts: inbound.Floats,
    agents: inbound.Floats,
    spare: inbound.Floats,
    rng: np.random.Generator,
    told: Told,
) -> None:
    arrive = np.concatenate(
        [
            slot * HALF_HOUR + np.sort(rng.uniform(0, HALF_HOUR, round(counts[slot])))
            for slot in range(OPENS, CLOSES)
        ]
    )
    talk = rng.exponential(SERVICE.handle_s, len(arrive))
    patience = rng.exponential(SERVICE.patience_s, len(arrive))
    busy: list[tuple[float, int]] = []  # (ends, 1 for a call-back)
    waiting: list[int] = []
    backs, head = 0, 0
    told.free_s += float(spare[OPENS:CLOSES].sum()) * HALF_HOUR
    ticks = [slot * HALF_HOUR for slot in range(OPENS, CLOSES)]
    events = sorted(
        [(t, 1, i) for i, t in enumerate(arrive.tolist())] + [(t, 0, -1) for t in ticks]
    )
    event = 0
    while event < len(events) or busy:
        if busy and (event == len(events) or busy[0][0] <= events[event][0]):
            now, kind = heapq.heappop(busy)
            backs -= kind
        else:
            now, what, caller = events[event]
            event += 1
            if what:
                waiting.append(caller)
                told.callers += 1
        slot = min(int(now // HALF_HOUR), CLOSES)
        present = agents[slot] if slot < CLOSES else 0
        # After closing whoever waits is still answered by those who are there.
        present = present or agents[CLOSES - 1]
        while head < len(waiting) and len(busy) < present:
            caller = waiting[head]
            head += 1
            wait = now - arrive[caller]
            if wait > patience[caller]:
                told.hung_up += 1
                continue
            told.in_time += wait <= SERVICE.within_s
            heapq.heappush(busy, (now + talk[caller], 0))
        if slot < CLOSES and head == len(waiting):
            while len(busy) < present and backs < spare[slot]:
                lasts = rng.exponential(BACK_S)
                heapq.heappush(busy, (now + lasts, 1))
                told.used_s += lasts
                told.out += 1
                backs += 1


if __name__ == "__main__":
    sys.exit(main())

"""What is an agent's hour worth, by who gets it? `python -m benchmarks.agent_hours`.

Each seed is a simulated bank of its own: its jobs learn from its history, and everybody who comes up in
its live weeks is a candidate with the scores and stakes that the engine gives them. The same candidates
then meet the same agents once under each policy. Engage plans by its own job and decides by its own
code, at prices that it knows from the days before. The others keep a list of everybody who may be
called, and whoever stands first on it is called in the next half hour in which an agent is free.
Consent, numbers, caps, quiet hours and arms are asked by the same code for all. Only calls count: texts
and offers on the page take none of these agents' time. What the calls bring is the truth that the bank
has written down: the margin of everybody's twelve months from launch in the world that is played, less
that of the world in which nobody is called.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from benchmarks.agent_hours_bank import (
    QUEUE,
    TURN,
    Arms,
    Bank,
    Played,
    opened,
    prepare,
    settle,
    watching,
)
from benchmarks.agent_hours_table import OURS, Result, aside, table
from engage.app.app import App
from engage.app.planning import current_plan, plan_capacity, planned
from engage.clock import MovingClock, as_utc
from engage.decide import context, policy
from engage.decide.board import naive
from engage.decide.capacity import Plan
from engage.decide.decided import Decided
from engage.decide.rules import Rules
from engage.domain.assignments import Arm
from engage.domain.scores import Subject
from engage.domain.triggers import Trigger
from engage.simulate.world import START
from engage.store import Tx, slots, weighed

HALF_HOUR = np.timedelta64(30, "m")
PLANNED_EVERY = timedelta(hours=1)
"""The shipped job plans twice as often."""
OPENS, CLOSES = 7, 20
"""The desk's day by the clock of UTC, with an hour to spare; by night a plan is made when somebody comes up."""
MINUTES = 8.0
"""Of an agent for a call, by the actions and by `handle_min`."""
Order = Callable[[pd.DataFrame], "pd.Series[float]"]
ORDERS: dict[str, Order] = {
    "most at stake first": lambda rows: -rows["stake_minor"],
    "highest score first": lambda rows: -rows["score"],
    "first come, first served": lambda rows: rows["since"],
    "at random": lambda rows: rows["lot"],
}
"""Who stands first on the list: the lowest number."""


class Staff(NamedTuple):
    """Minutes that callers leave free in the half hour that begins, and in the next one."""

    now: float
    ahead: float


@dataclass(frozen=True)
class Desk:
    """One bank's decisions and its agents' time, under the engine's own gates."""

    app: App
    clock: MovingClock
    bank: Bank
    triggers: Mapping[str, Trigger]

    @staticmethod
    def of(app: App, clock: MovingClock, bank: Bank) -> Desk:
        """Return the desk of a bank, at which only calls are offered."""
        both = (*watching(app, Subject.SESSION), *watching(app, Subject.INTERACTION))
        return Desk(app, clock, bank, {one.name: one for one in both})

    def turns(self) -> list[datetime]:
        """Return the half hours of the live weeks."""
        until = self.bank.world().live_until
        return [START + TURN * k for k in range(int((until - START) / TURN) + 1)]

    def decide(
        self, played: Played, rows: pd.DataFrame, plan: Plan, at: datetime, rules: Rules,
        triggers: Mapping[str, Trigger],
    ) -> Decided:  # fmt: skip
        """Return what the engine decides of these candidates, by what is known in this world."""
        people = sorted(rows["person_id"].unique())
        lives = {name: action.life for name, action in self.app.actions.items()}
        purposes = sorted({one.needs for one in self.app.actions.values() if one.needs})
        tables = {**self.bank.standing, **played.diary.tables(at)}
        known = context.build(people, at, tables, purposes, lives)
        made = policy.decide(
            rows.drop(columns=["need", "who", "at", "score"]), triggers, self.app.actions, known,
            rules, plan, now=at, salt=self.app.salt, secret=self.app.draw_key, run_id="hours",
        )  # fmt: skip
        played.met(made)
        return made


def by_engage(desk: Desk) -> tuple[Played, dict[datetime, Staff]]:
    """Let Engage plan and decide half hour by half hour; return the world, and the staff there was."""
    app, played, staff = desk.app, Played(desk.bank.world()), {}
    coming = dict(iter(desk.bank.candidates.groupby("as_of")))
    decided: set[tuple[str, str]] = set()
    planned_at = START - PLANNED_EVERY
    for at in desk.turns():
        rows = coming.get(pd.Timestamp(naive(at)), desk.bank.candidates.head(0))
        rows = played.still_there(rows)
        rows = rows[[pair not in decided for pair in _pairs(rows)]]
        if rows.empty and not OPENS <= at.hour < CLOSES:
            continue
        desk.clock.set(at)
        if at - planned_at >= PLANNED_EVERY:
            plan_capacity(app)
            planned_at = at
        with app.store.write() as tx:
            staff[at] = _staff(tx, at)
            if rows.empty:
                continue
            plan = current_plan(app, tx, at)
            made = desk.decide(played, rows, plan, at, app.rules, desk.triggers)
            weighed.add(tx, made.tables()["weighed"])
            decided.update(_pairs(made.decisions))
            given = booked_by_engage(tx, made, plan.free_now.get(QUEUE, 0.0), at)
            played.lost += len(made.messages) - len(given)
            played.call(made, given, MINUTES)
    return played, staff


def _pairs(rows: pd.DataFrame) -> list[tuple[str, str]]:
    return list(zip(rows["trigger"], rows["subject_id"], strict=True))


def _staff(tx: Tx, at: datetime) -> Staff:
    free = planned(tx, at)[1].free
    free = free[free["queue"] == QUEUE].set_index("starts_at")["free_min"]
    now = pd.Timestamp(naive(at))
    return Staff(float(free.get(now, 0.0)), float(free.get(now + HALF_HOUR, 0.0)))


def booked_by_engage(tx: Tx, made: Decided, left: float, at: datetime) -> dict[str, np.datetime64]:
    """Book what was promised in the engine's own order; return when each call is made.

    A place that is gone is a lost race: the person is not called.
    """
    given = {}
    for one, told in zip(made.messages["decision_id"], made.messages["details"], strict=True):
        listed = [name for name in told.get("slot_ids", "").split(",") if name]
        if not listed and left >= MINUTES:
            left, given[one] = left - MINUTES, naive(at)
        place = next((name for name in listed if slots.book(tx, name)), None)
        if place is not None:
            slot = slots.get(tx, place)
            assert slot is not None
            given[one] = naive(as_utc(slot["starts_at"]))
    return given


def by_list(desk: Desk, staff: Mapping[datetime, Staff], order: Order, lots: int) -> Played:
    """Keep a list of everybody who may be called, and call whoever stands first when an agent is free."""
    played, rules = Played(desk.bank.world()), replace(desk.app.rules, minimum_minor=-(10**12))
    triggers = {name: replace(one, exploration=0.0) for name, one in desk.triggers.items()}
    coming = desk.bank.candidates
    each = coming.groupby(["trigger", "subject_id"])
    lot = np.random.default_rng(lots).random(each.ngroups)[each.ngroup()]
    coming = coming.assign(turn=coming["as_of"], lot=lot, since=each["at"].transform("min"))
    ends = coming["moment"] + coming["trigger"].map({n: t.validity for n, t in triggers.items()})
    gone: set[tuple[str, str]] = set()
    booked: dict[datetime, float] = {}
    for at, free in staff.items():
        now = pd.Timestamp(naive(at))
        left, ahead = free.now - booked.get(at, 0.0), free.ahead
        if max(left, ahead) < MINUTES:
            continue
        waiting = coming[(coming["turn"] <= now) & (ends >= now)]
        waiting = waiting.drop_duplicates(["trigger", "subject_id"], keep="last")
        waiting = played.still_there(waiting)
        waiting = waiting[[pair not in gone for pair in _pairs(waiting)]]
        if waiting.empty:
            continue
        plan = Plan("", {QUEUE: max(left, 0.0)}, _next_slot(now, ahead), {})
        asked = waiting.drop(columns=["turn", "lot", "since"]).assign(as_of=now)
        made = desk.decide(played, asked, plan, at, rules, triggers)
        held = made.decisions[made.decisions["arm"] == Arm.HELD_OUT]
        gone.update(_pairs(held))
        given = first_on_list(made, waiting, order, left, ahead, now)
        gone.update(_pairs(made.decisions[made.decisions["decision_id"].isin(list(given))]))
        booked[at + TURN] = MINUTES * sum(when > now for when in given.values())
        played.call(made, given, MINUTES)
    return played


def _next_slot(now: pd.Timestamp, minutes: float) -> pd.DataFrame:
    """Return the next half hour as the one slot there is."""
    starts = now + HALF_HOUR
    return pd.DataFrame(
        {"slot_id": ["next"], "queue": [QUEUE], "starts_at": [starts],
         "ends_at": [starts + HALF_HOUR], "free": [int(minutes // MINUTES)]}
    )  # fmt: skip


def first_on_list(
    made: Decided, waiting: pd.DataFrame, order: Order, left: float, ahead: float,
    now: pd.Timestamp,
) -> dict[str, np.datetime64]:  # fmt: skip
    """Return when those are called who stand first, as far as the minutes of now and ahead go."""
    places = dict(zip(_pairs(waiting), order(waiting).tolist(), strict=True))
    calls = [
        (places[told["trigger"], told["subject_id"]], one, "slot_ids" in told)
        for one, told in zip(made.messages["decision_id"], made.messages["details"], strict=True)
    ]
    given = {}
    for _, one, later in sorted(calls):
        if later and ahead >= MINUTES:
            ahead, given[one] = ahead - MINUTES, (now + HALF_HOUR).to_datetime64()
        elif not later and left >= MINUTES:
            left, given[one] = left - MINUTES, now.to_datetime64()
    return given


def result(played: Played, permitted: int) -> Result:
    """Return what came of a policy, by the truth."""
    gain, hours = float(played.gained().sum()) / 100, played.minutes / 60
    return Result(gain, hours, played.calls, permitted, played.lost, played.explored)


def one_bank(bank: Bank, agents: int, folder: Path) -> tuple[dict[str, Result], Arms]:
    """Return what each policy makes of one bank, and what its held-out group says of ours."""
    shutil.copytree(bank.folder, folder)
    settle(folder, {"agents = 2\n": f"agents = {agents}\n"})
    clock = MovingClock(START)
    app = opened(folder, clock).app
    desk = Desk.of(app, clock, bank)
    ours, staff = by_engage(desk)
    worlds = {OURS: ours}
    for name, order in ORDERS.items():
        worlds[name] = by_list(desk, staff, order, bank.seed)
    app.store.close()
    # The lists ask about everybody, so between them they know who might have been called.
    permitted = len(set().union(*(one.permitted for one in worlds.values())))
    return {name: result(one, permitted) for name, one in worlds.items()}, ours.between_arms()


def main() -> int:
    """Print what an agent's hour brings under each policy, for few agents and for many."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=6)
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--people", type=int, default=4_500)
    parser.add_argument("--weeks", type=int, default=2)
    parser.add_argument("--agents", type=int, nargs="+", default=[2])
    asked = parser.parse_args()
    found: dict[int, list[dict[str, Result]]] = {agents: [] for agents in asked.agents}
    arms: dict[int, list[Arms]] = {agents: [] for agents in asked.agents}
    for seed in range(asked.first, asked.first + asked.seeds):
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as kept:
            bank = prepare(Path(kept) / "bank", asked.people, asked.weeks, seed)
            for agents in asked.agents:
                told, by_arm = one_bank(bank, agents, Path(kept) / f"agents-{agents}")
                found[agents].append(told)
                arms[agents].append(by_arm)
        print(f"seed {seed}: {time.monotonic() - began:.0f} s", flush=True)
    for agents in asked.agents:
        print(f"\n{agents} agents, {asked.seeds} banks of {asked.people:,} people, "
              f"{asked.weeks} weeks\n\n{table(found[agents])}\n")  # fmt: skip
        print(aside([one[OURS] for one in found[agents]], arms[agents]))
    return 0


if __name__ == "__main__":
    sys.exit(main())

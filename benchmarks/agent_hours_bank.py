"""A bank whose candidates can be called by any policy: made once, then lived through by each.

Nobody is called while it is made, so that the engine scores everybody who would come up; whoever was
helped under a policy does not come up again in its world. What is left aside: the scores of somebody
who was called are those of somebody who was not.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from engage.app import intake
from engage.app.app import App
from engage.app.candidates import candidates_of
from engage.app.diary import Diary
from engage.app.trigger_reach import lately
from engage.app.triggers import live
from engage.clock import MovingClock
from engage.decide.board import LEARNED, LIFT, OPTIONAL, REQUIRED
from engage.decide.decided import Decided
from engage.domain.actions import NONE
from engage.domain.assignments import Arm
from engage.domain.scores import Subject
from engage.domain.triggers import Trigger
from engage.project import SETTINGS_FILE, Project, open_project
from engage.scheduler import run_job
from engage.simulate import truth
from engage.simulate.course import Log
from engage.simulate.facts import Cases, value_minor
from engage.simulate.tables import micros_of
from engage.simulate.world import START, World
from engage.starting import begin_project
from engage.store import context as stored_context
from engage.store import people as stored_people

QUEUE = "service"
"""The agents whose hours are compared."""
TURN = timedelta(minutes=30)
"""Capacity is planned by the half hour; who comes up in one is decided at its end."""
LEARNING = ("archive_history", "train_models", "value_customers")
SMALLER = {
    "\ntrials = 2\n": "\ntrials = 1\n",
    "max_rows = 200000": "max_rows = 3000",
    "[queues.service]\nagents = 12": "[queues.service]\nagents = 2\nhandle_min = 8",
}
"""Settings that differ from those shipped: training takes less time, the bank is small and has few
agents, and a call-back is planned with the minutes that its action says."""
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Bank:
    """A bank's live weeks: who came up, when, and what stands about them whatever is done."""

    folder: Path
    people: int
    weeks: int
    seed: int
    candidates: pd.DataFrame
    """A row for each trigger and subject and half hour in which its condition held."""
    standing: dict[str, pa.Table]
    """Consents, numbers, places and lists, as the store has them."""

    def world(self) -> World:
        """Return the bank with nobody called yet."""
        return World(self.people, self.seed, weeks_live=self.weeks)


class Arms(NamedTuple):
    """What a call for one of the treated brought, in euros: margins of both arms apart, and the truth."""

    says: float
    truth: float


@dataclass
class Played:
    """What one policy did with the agents' time, and the world that came of it."""

    world: World
    diary: Diary = field(default_factory=Diary)
    minutes: float = 0.0
    calls: int = 0
    lost: int = 0
    """Calls that were decided and for which no agent was left."""
    explored: int = 0
    """Of the treated who qualified, whom the exploration drew to be left alone."""
    permitted: set[tuple[str, str]] = field(default_factory=set)
    """Trigger and subject of the treated who might have been called at some time."""
    arms: dict[str, str] = field(default_factory=dict)
    """The arm of each person at their first decision."""

    def still_there(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return the candidates who come up in this world too: nobody solved their matter before."""
        course = self.world._taken.course  # noqa: SLF001 - the truth is what is asked for
        need, who, at = (rows[name].to_numpy(np.int64) for name in ("need", "who", "at"))
        kept: pd.DataFrame = rows[(course.cancelled[need] > at) & (course.closed[who] >= at)]
        return kept

    def call(self, made: Decided, given: dict[str, np.datetime64], minutes: float) -> None:
        """Let those who were given an agent's time be called then, and note what that uses up."""
        mine = made.messages["decision_id"].isin(list(given))
        calls = made.messages[mine]
        self.diary.add(
            replace(
                made,
                decisions=made.decisions[made.decisions["decision_id"].isin(list(given))],
                messages=calls,
                contacts=made.contacts[made.contacts["decision_id"].isin(list(given))],
            )
        )
        if calls.empty:
            return
        self.minutes += minutes * len(calls)
        self.calls += len(calls)
        told = calls[["decision_id", "person_id", "action", "channel"]].assign(
            trigger=[one["trigger"] for one in calls["details"]],
            subject_id=[one["subject_id"] for one in calls["details"]],
            sent_at=[given[one] for one in calls["decision_id"]],
        )
        self.world.respond(pa.Table.from_pandas(told, preserve_index=False))

    def met(self, made: Decided) -> None:
        """Note who may be called, and everybody's arm."""
        treated = made.decisions["arm"] == Arm.TREATED
        self.explored += int((treated & (made.decisions["action"] == NONE)).sum())
        told = made.decisions[["person_id", "arm", "trigger", "subject_id"]]
        for person, arm, trigger, subject in told.itertuples(index=False):
            self.arms.setdefault(person, arm)
            if arm == Arm.TREATED:
                self.permitted.add((trigger, subject))

    def gained(self) -> Floats:
        """Return by person how much more the bank earns than had nobody been called, in minor units."""
        return self._worth(self.world._log) - self._worth(Log.empty())  # noqa: SLF001

    def between_arms(self) -> Arms:
        """Return how far apart the arms are per person, as measured and by the truth, in euros.

        What everybody's products earn anyway is known beforehand and taken off.
        """
        bank = self.world._bank  # noqa: SLF001 - the truth is what is asked for
        place = {one: k for k, one in enumerate(bank.people.ids.to_pylist())}
        arm = np.full(len(place), "", dtype=object)
        for person, told in self.arms.items():
            if person in place:
                arm[place[person]] = told
        treated, held = arm == Arm.TREATED, arm == Arm.HELD_OUT
        earned = self._worth(self.world._log) - 12 * bank.usual_margin.sum(axis=1)  # noqa: SLF001
        apart = [one[treated].mean() - one[held].mean() for one in (earned, self.gained())]
        return Arms(*(float(one) / 100 for one in apart))

    def _worth(self, log: Log) -> Floats:
        """Return everybody's margin of the twelve months from launch when these are called."""
        bank = self.world._bank  # noqa: SLF001 - the truth is what is asked for
        who = np.arange(len(bank.people.ids))
        cases = Cases(who, np.full(len(who), -1), np.full(len(who), bank.start))
        return value_minor(bank, truth.world(bank, log), cases)


def prepare(folder: Path, people: int, weeks: int, seed: int) -> Bank:
    """Let the jobs of a bank learn from its history, and find everybody who comes up afterwards."""
    begin_project(folder)
    settle(folder, SMALLER)
    clock = MovingClock(START)
    project = opened(folder, clock)
    app, world = project.app, World(people, seed, weeks_live=weeks)
    for name, rows in world.history().items():
        intake.take(app.store, {name: rows}, now=clock.now())
    _run(project, LEARNING)
    clock.set(world.live_until)
    intake.take(app.store, world.until(world.live_until), now=clock.now())
    _run(project, ("archive_history",))
    found = _candidates(app, 7 * weeks, world)
    everybody = sorted(found["person_id"].unique())
    with app.store.read() as tx:
        standing = stored_context.read(tx, everybody, app.now(), app.suppression_key)
    for moving in ("contacts", "ghosts", "open_actions"):
        del standing[moving]
    app.store.close()
    return Bank(folder, people, weeks, seed, found, standing)


def settle(folder: Path, changes: dict[str, str]) -> None:
    """Change a project's settings."""
    file = folder / SETTINGS_FILE
    text = file.read_text()
    for before, after in changes.items():
        if before not in text:
            raise SystemExit(f"{file} has no longer {before!r}; change it here too")
        text = text.replace(before, after, 1)
    file.write_text(text)


def opened(folder: Path, clock: MovingClock) -> Project:
    """Open a project under a clock."""
    return open_project(folder, clock=clock, environ={"ENGAGE_SECRET": "agent-hours-benchmark"})


def _run(project: Project, names: tuple[str, ...]) -> None:
    for name in names:
        run = run_job(project.app, project.jobs[name], even_if_not_due=True)
        if run is None or run.error:
            raise SystemExit(f"{name} failed: {run and run.error}")


def watching(app: App, subject: Subject) -> tuple[Trigger, ...]:
    """Return the live triggers, each with those of its actions that take the agents' time."""
    cut = (
        replace(one, actions=tuple(a for a in one.actions if app.actions[a].queue == QUEUE))
        for one in live(app, subject)
    )
    return tuple(one for one in cut if one.actions)


def _candidates(app: App, days: int, world: World) -> pd.DataFrame:
    """Return who comes up in the last days, as the engine looks at them, by the half hour.

    Beside what a decision needs: `need` and `who`, of the bank, `at` (microseconds) and `score`.
    """
    parts = []
    for subject in (Subject.SESSION, Subject.INTERACTION):
        found = lately(app, subject, days)
        looks = found.looks.drop_columns(["person_id"])
        parts.append(candidates_of(app, found.scored, looks, watching(app, subject)))
    rows = pd.concat(parts, ignore_index=True).sort_values(["as_of", "trigger", "subject_id"])
    with app.store.read() as tx:
        canonical = stored_people.canonical(tx, rows["person_id"].unique().tolist())
    rows = rows.assign(person_id=rows["person_id"].map(canonical))
    rows = rows.assign(**_truly(world, rows), score=_score(rows))
    turn = rows["as_of"].dt.ceil(TURN).astype("datetime64[us]")
    rows = rows.assign(moment=rows["moment"] + (turn - rows["as_of"]), as_of=turn)
    own = {*REQUIRED, *OPTIONAL, "need", "who", "at", "score"}
    kept = [name for name in rows if name in own or str(name).startswith((LIFT, LEARNED))]
    once: pd.DataFrame = rows[kept].drop_duplicates(["trigger", "subject_id", "as_of"])
    return once.reset_index(drop=True)


def _truly(world: World, rows: pd.DataFrame) -> dict[str, NDArray[np.int64]]:
    """Return which person and need of the bank each row is about, and when it came up."""
    at = micros_of(pa.chunked_array([pa.array(rows["as_of"].astype("datetime64[us]"))]))
    told = pa.Table.from_pandas(rows[["person_id", "subject_id"]], preserve_index=False)
    who, need = world._finder.find(told, at)  # noqa: SLF001 - the truth is what is asked for
    return {"need": need, "who": who, "at": at}


def _score(rows: pd.DataFrame) -> pd.Series[float]:
    """Return how likely it goes wrong: the visit by its struggle, the contact by what is unresolved."""
    told = [pd.to_numeric(rows[one]) for one in ("session_struggle", "interaction_unresolved")]
    return told[0].fillna(told[1]).fillna(0.0)

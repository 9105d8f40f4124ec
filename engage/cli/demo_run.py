"""The demonstration's run: history in, models trained, live weeks, maturation, measurement."""

from __future__ import annotations

import os
import resource
import shutil
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from engage.app import intake
from engage.app.app import App
from engage.app.archiving import known
from engage.app.effects import measure
from engage.app.qualified import qualified
from engage.app.stories import stories
from engage.cli.demo_people import Customers
from engage.clock import MovingClock
from engage.domain.sessions import SESSIONS
from engage.errors import WrongUse
from engage.job import Job
from engage.project import SETTINGS_FILE, Project, open_project
from engage.scheduler import tick
from engage.simulate.nastiness import Nastiness
from engage.simulate.world import World
from engage.starting import begin_project
from engage.store import artifacts, decisions, scores

LAUNCH = datetime(2026, 3, 2, tzinfo=UTC)
_MARKER = ".engage-demo"
_MATURING = timedelta(days=16)
_LESS_OFTEN = {
    "train_models": timedelta(days=35),
    "measure_effect": timedelta(days=35),
    "learn_uplift": timedelta(days=7),
    "value_customers": timedelta(days=14),
    "watch_drift": timedelta(days=35),
    "archive_history": timedelta(days=4),
    "check_invariants": timedelta(days=1),
    "plan_capacity": timedelta(hours=12),
    "pace_prices": timedelta(hours=12),
    "remind_appointments": timedelta(hours=12),
    "record_outcomes": timedelta(hours=1),
}
"""It lives through weeks in minutes: what runs all the time elsewhere runs less often."""


@dataclass(frozen=True)
class Demonstration:
    """What a demonstration did and found."""

    folder: Path
    seconds: float
    peak_memory_mb: float
    counts: Mapping[str, int]
    jobs: Mapping[str, int]
    refused: Mapping[str, int]
    report: Mapping[str, Any]
    truth: Mapping[str, Mapping[str, Any]]
    currency: str
    stories: Mapping[str, list[str]] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return the shape of `engage demo --json`."""
        return {
            **self.report,
            "seconds": round(self.seconds, 1),
            "peak_memory_mb": round(self.peak_memory_mb, 1),
            **self.counts,
            "jobs": dict(self.jobs),
            "refused": dict(self.refused),
            "truth": {name: dict(truth) for name, truth in self.truth.items()},
        }


def run_demo(
    folder: Path, *, people: int, weeks: int, seed: int, nasty: bool = False
) -> Demonstration:
    """Let a simulated bank of this size live through the jobs, and return what came of it.

    `nasty`: with every trouble that the simulation knows.
    """
    began = time.monotonic()
    _fresh(folder, _secret(seed))
    clock = MovingClock(LAUNCH)
    project = open_project(folder, clock=clock, environ=_environment(seed))
    troubles = Nastiness.all() if nasty else Nastiness.none()
    world = World(people=people, seed=seed, start=LAUNCH, weeks_live=weeks, nastiness=troubles)
    try:
        return _live_through(project, clock, world, began)
    finally:
        project.app.store.close()


def _live_through(
    project: Project, clock: MovingClock, world: World, began: float
) -> Demonstration:
    app = project.app
    stage = _Stage(app, project.jobs, clock, world)
    with _progress() as bars:
        stage.launch(bars)
        stage.live(bars)
        stage.mature(bars)
    report = measure(app)
    with app.store.read() as tx:
        stage.counts["scored"] = scores.subjects(tx)
        stage.counts["decisions"] = decisions.read(tx, source="engage").num_rows
        stage.counts["models"] = len(artifacts.champions(tx))
    stage.counts["sessions"] = known(app, SESSIONS)
    return Demonstration(
        folder=app.folder,
        seconds=time.monotonic() - began,
        peak_memory_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        counts=dict(stage.counts),
        jobs=dict(stage.done),
        refused=dict(stage.refused),
        report=report,
        truth={name: dict(one) for name, one in world.truth(qualified(app)).items()},
        currency=app.settings.project.currency,
        stories=stories(app, 3),
    )


def _environment(seed: int) -> dict[str, str]:
    """Return the environment, with the demonstration's own secret so that it can be repeated."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("ENGAGE_")}
    return kept | {"ENGAGE_SECRET": _secret(seed)}


def _secret(seed: int) -> str:
    return f"demonstration-{seed}"


def _fresh(folder: Path, secret: str) -> None:
    """Begin the project; its secret is kept there, so that every later command has it as well."""
    if folder.is_dir() and any(folder.iterdir()):
        if not (folder / _MARKER).exists():
            raise WrongUse(f"{folder} is not empty and no demonstration; choose another --folder")
        shutil.rmtree(folder)
    begin_project(folder)
    (folder / "var").mkdir(exist_ok=True)
    (folder / "var" / "secret").write_text(secret)
    with (folder / SETTINGS_FILE).open("a") as settings:
        for job, period in _LESS_OFTEN.items():
            settings.write(f"\n[jobs.{job}]\nevery_s = {period / timedelta(seconds=1):.0f}\n")
    (folder / _MARKER).write_text("A demonstration; `engage demo` replaces this folder.\n")


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description:<46}"),
        BarColumn(bar_width=24),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        transient=False,
    )


class _Stage:
    """The bank on one side, the jobs on the other, and the clock that moves both."""

    def __init__(self, app: App, jobs: Mapping[str, Job], clock: MovingClock, world: World) -> None:
        self._app = app
        self._jobs = jobs
        self._clock = clock
        self._world = world
        self._customers = Customers(app, world)
        self.counts: Counter[str] = Counter()
        self.done: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()

    def launch(self, bars: Progress) -> None:
        """Bring in the history, and let the nightly jobs learn from it."""
        history = self._world.history()
        task = bars.add_task("Bringing in the bank's history", total=len(history))
        for kind, rows in history.items():
            self._take({kind: rows})
            bars.advance(task)
        task = bars.add_task("Learning from it: models, values, plan", total=1)
        self._tick()
        bars.update(task, completed=1)

    def live(self, bars: Progress) -> None:
        """Let visitors come and the jobs run, moment by moment."""
        moments = self._world.moments()
        task = bars.add_task("Live: scoring, deciding, delivering", total=len(moments))
        for moment in moments:
            self._clock.set(moment)
            self._take(self._world.until(moment))
            self._tick()
            self.counts["reached"] += self._customers.react()
            bars.advance(task)

    def mature(self, bars: Progress) -> None:
        """Wait until the windows have run their course, with nobody approached any more."""
        last = self._clock.now()
        days = [last + timedelta(days=n + 1) for n in range(_MATURING.days)]
        task = bars.add_task("Waiting for the outcomes", total=len(days))
        for day in days:
            self._clock.set(day)
            self._take(self._world.until(day))
            self._tick(only=("record_outcomes", "archive_history", "deliver_messages"))
            bars.advance(task)

    def _take(self, rows: Mapping[str, pa.Table]) -> None:
        for kind, table in rows.items():
            self.counts[kind] += table.num_rows
        intake.take(self._app.store, rows, now=self._clock.now())

    def _tick(self, only: tuple[str, ...] | None = None) -> None:
        jobs = self._jobs if only is None else {n: j for n, j in self._jobs.items() if n in only}
        for run in tick(self._app, jobs):
            if run.error:
                raise WrongUse(f"{run.job} failed: {run.error}")
            self.done[run.job] += run.report.done
            if run.job.startswith(("score_", "remind_")):
                self.refused.update(run.report.skipped)

"""A bank of a few hand-written people: a project folder with its database and a clock to move."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from engage.app import intake
from engage.clock import MovingClock
from engage.domain.runs import JobReport
from engage.project import Project, open_project
from engage.scheduler import run_job
from engage.simulate.world import World
from engage.starting import begin_project
from engage.testing import Cast

MORNING = datetime(2026, 3, 3, 10, tzinfo=UTC)
"""A Tuesday; in Berlin it is 11:00 and everybody is on duty."""
LAUNCH = datetime(2026, 3, 2, tzinfo=UTC)
"""When the simulated bank opens; a Monday."""
SECRET = "of the tests"

Settings = Mapping[str, str]
"""What to write instead of what, in the shipped settings.toml (regular expressions)."""


@dataclass
class Bank:
    """An opened project and what tests do with it."""

    folder: Path
    environ: Mapping[str, str]
    clock: MovingClock = field(default_factory=lambda: MovingClock(MORNING))

    def __post_init__(self) -> None:
        self.project: Project = open_project(self.folder, clock=self.clock, environ=self.environ)
        self.app = self.project.app
        self.cast = Cast(self.app)

    def run(self, *names: str) -> JobReport:
        """Run these jobs now, each of which must succeed; return the last one's report."""
        report = JobReport()
        for name in names:
            run = run_job(self.app, self.project.jobs[name], even_if_not_due=True)
            assert run is not None, f"{name} is under way already"
            assert not run.error, run.error
            report = run.report
        return report

    def later(self, **by: float) -> None:
        """Let time pass."""
        self.clock.advance(timedelta(**by))

    def rows(self, query: str, **values: Any) -> list[dict[str, Any]]:
        """Return what a query finds."""
        with self.app.store.read() as tx:
            return [dict(row) for row in tx.execute(sa.text(query), values).mappings()]

    def count(self, table: str) -> int:
        """Return how many rows a table has."""
        return int(self.rows(f"select count(*) as n from {table}")[0]["n"])

    def change(self, statement: str, **values: Any) -> int:
        """Change rows behind the application's back; return how many."""
        with self.app.store.write() as tx:
            return tx.execute(sa.text(statement), values).rowcount

    def left_form(self, name: str, **person: Any) -> tuple[str, str]:
        """Write down somebody who left a form twelve minutes ago; return person and event."""
        who = self.cast.person(name, **person)
        self.cast.event(who, "page", page="/card", ago=timedelta(minutes=14))
        event = self.cast.event(
            who, "form", "form_started", "/card/form", ago=timedelta(minutes=12)
        )
        return who, event

    def abandon_forms(self, people: int) -> list[tuple[str, str]]:
        """Let this many people leave a form, and make a decision about each."""
        left = [self.left_form(f"visitor {number}") for number in range(people)]
        self.cast.tell()
        self.run("plan_capacity", "score_sessions")
        return left


MakeBank = Callable[..., Bank]


def begin(folder: Path, settings: Settings | None = None, more: str = "") -> Path:
    """Write a project with these changes to its settings, on one thread; return its folder."""
    begin_project(folder)
    file = folder / "settings.toml"
    text = re.sub(r"(?m)^(threads|trials) = 2", r"\1 = 1", file.read_text())
    for old, new in (settings or {}).items():
        text, found = re.subn(old, new, text)
        assert found, f"settings.toml has nothing like {old!r}"
    file.write_text(text + more)
    return folder


@pytest.fixture
def make_bank(store_url: str, tmp_path: Path) -> Iterator[MakeBank]:
    """Return a way to open a bank with settings of its own, on each database."""
    made: list[Bank] = []

    def make(settings: Settings | None = None, more: str = "") -> Bank:
        folder = begin(tmp_path / "project", settings, more)
        environ = {"ENGAGE_SECRET": SECRET, "ENGAGE_STORE_URL": store_url}
        made.append(Bank(folder, environ))
        return made[-1]

    yield make
    for one in made:
        one.app.store.close()


@pytest.fixture
def bank(make_bank: MakeBank) -> Bank:
    """Return a bank with the shipped settings."""
    return make_bank()


@pytest.fixture(scope="session")
def learned_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a small simulated bank whose history was learned from; to be copied."""
    folder = begin(tmp_path_factory.mktemp("learned") / "project")
    bank = Bank(folder, {"ENGAGE_SECRET": SECRET}, MovingClock(LAUNCH))
    world = World(people=150, seed=1, start=LAUNCH, weeks_before=6, weeks_live=1)
    intake.take(bank.app.store, world.history(), now=LAUNCH)
    bank.run("archive_history", "train_models", "value_customers", "plan_capacity")
    bank.app.store.close()
    return folder


@pytest.fixture
def learned_folder(learned_once: Path, tmp_path: Path) -> Path:
    """Return a project of its own with trained models, on SQLite."""
    return Path(shutil.copytree(learned_once, tmp_path / "learned"))


@pytest.fixture
def learned(learned_folder: Path) -> Iterator[Bank]:
    """Return a bank with trained models, on SQLite."""
    bank = Bank(learned_folder, {"ENGAGE_SECRET": SECRET}, MovingClock(LAUNCH))
    yield bank
    bank.app.store.close()

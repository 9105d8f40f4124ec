"""kill -9 in the middle of scoring: no decision without its outbox row, none twice."""

from __future__ import annotations

import multiprocessing
import random
from collections.abc import Mapping
from pathlib import Path

import pytest

from engage.domain.runs import RunState
from engage.invariants import broken, no_stuck_row
from engage.store import Store, jobs
from tests.bank import SECRET, begin
from tests.faults.scoring_loop import (
    JOBS,
    at_all_hours,
    decide_for_ever,
    decide_until,
    reopened,
)

# Imports are shared by all processes, so that the time goes into being killed.
_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["engage.project", "engage.scheduler", "engage.testing"])


@pytest.fixture
def project(store_url: str, tmp_path: Path) -> tuple[Path, dict[str, str]]:
    folder = begin(tmp_path / "project")
    settings = folder / "settings.toml"
    settings.write_text(at_all_hours(settings.read_text()))
    return folder, {"ENGAGE_SECRET": SECRET, "ENGAGE_STORE_URL": store_url}


def kill_once(folder: Path, environ: Mapping[str, str], moment: float) -> bool:
    """Kill a process at this moment of a round, 0 to 1; return whether a run was cut short."""
    ours, theirs = _processes.Pipe()
    process = _processes.Process(target=decide_for_ever, args=(folder, environ, theirs))
    process.start()
    theirs.close()
    process.join(moment * ours.recv())
    assert process.is_alive(), "it stopped by itself"
    process.kill()
    process.join()
    ours.close()
    assert process.exitcode == -9
    store = Store.open(environ["ENGAGE_STORE_URL"])
    with store.read() as tx:
        running = jobs.read(tx, states=[RunState.RUNNING])
    store.close()
    return bool(running)


def check_what_is_left(folder: Path, environ: Mapping[str, str]) -> int:
    """Check that all is whole, now and after what was cut short is made up for."""
    bank = reopened(folder, environ)
    try:
        for _ in range(2):
            breached = {s: rows for s, rows in broken(bank.app).items() if rows}
            # Nobody delivers here, so offers lie there past their time.
            breached.pop(no_stuck_row.INVARIANT.sentence, None)
            assert breached == {}
            # Counted here too, apart from the invariants' own SQL.
            decided = bank.rows("select decision_id, subject_id, trigger, action from decisions")
            sent = [row["decision_id"] for row in bank.rows("select decision_id from messages")]
            assert sorted(sent) == sorted(
                row["decision_id"] for row in decided if row["action"] != "none"
            )
            about = [(row["subject_id"], row["trigger"]) for row in decided]
            assert len(about) == len(set(about))
            bank.run("plan_capacity", *JOBS)
            bank.later(seconds=1)
        return len(decided)
    finally:
        bank.app.store.close()


def kill(project: tuple[Path, dict[str, str]], times: int, seed: int) -> None:
    moments = random.Random(seed)  # noqa: S311  so that a failure can be tried again
    cut_short, tries = 0, 0
    while cut_short < times:
        tries += 1
        assert tries <= 4 * times, f"only {cut_short} of {tries} kills fell into a run"
        cut_short += kill_once(*project, moments.random())
    decided = check_what_is_left(*project)
    print(f"{cut_short} of {tries} kills cut a run short; {decided} decisions, all whole")
    assert decided > 10 * times  # every process had decided a lot before it was killed


def kill_at(folder: Path, environ: Mapping[str, str], step: int) -> bool:
    """Let a process die at this step of storing; return whether it got so far."""
    process = _processes.Process(target=decide_until, args=(folder, environ, step))
    process.start()
    process.join()
    assert process.exitcode in {0, -9}
    return process.exitcode == -9


@pytest.mark.faults
@pytest.mark.timeout(1800)
def test_a_run_that_dies_at_any_step_of_storing_leaves_nothing_half_done(
    project: tuple[Path, dict[str, str]],
) -> None:
    """Random moments seldom fall between two commits; here each step is one of fifty deaths."""
    deaths, step = 0, 0
    while deaths < 50:
        died = kill_at(*project, step)
        deaths += died
        step = step + 1 if died else 0
        assert died or deaths >= 5, "storing takes fewer steps than that"
    check_what_is_left(*project)


@pytest.mark.only_on("sqlite")
def test_a_killed_run_leaves_nothing_half_done(project: tuple[Path, dict[str, str]]) -> None:
    kill(project, times=5, seed=1)


@pytest.mark.faults
@pytest.mark.timeout(1800)
def test_fifty_killed_runs_leave_nothing_half_done(project: tuple[Path, dict[str, str]]) -> None:
    kill(project, times=50, seed=20)

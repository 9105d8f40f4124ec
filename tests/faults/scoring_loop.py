"""What the kill test kills: a process that takes visitors in and decides about them, for ever."""

from __future__ import annotations

import itertools
import os
import re
import signal
import time
from collections.abc import Mapping
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path

import sqlalchemy as sa

from engage.clock import MovingClock
from engage.scheduler import run_job
from engage.store import jobs
from tests.bank import MORNING, Bank

PEOPLE = 12
JOBS = ("score_sessions", "score_interactions")


def at_all_hours(text: str) -> str:
    """Return the settings with hours that never refuse, so that every round has much to write."""
    text = re.sub(r'(?m)^DE = \{ service = \["[^"]*"\], marketing = \["[^"]*"\]', _ALWAYS, text)
    return text.replace(
        "[queues.service]\n", '[queues.service]\nopens = "00:00"\ncloses = "23:59"\n'
    )


_ALWAYS = 'DE = { service = ["mon-sun 00:00-23:59"], marketing = ["mon-sun 00:00-23:59"]'


def decide_for_ever(folder: Path, environ: Mapping[str, str], took: Connection) -> None:
    """Take in people who left a form and people who hung up, and decide, round after round.

    After the first round, which warms up, says how many seconds the second one took.
    """
    bank = reopened(folder, environ)
    bank.run("plan_capacity")
    for number in itertools.count():
        began = time.monotonic()
        for one in range(PEOPLE):
            who, _ = bank.left_form(f"{bank.clock.now().isoformat()} {number} {one}")
            if one % 3 == 0:
                bank.cast.contact(who, abandoned=True, wait_s=200.0, resolved="false")
        bank.cast.tell()
        for name in JOBS:
            run = run_job(bank.app, bank.project.jobs[name], even_if_not_due=True)
            assert run is not None
            assert not run.error, run.error
        if number == 1:
            took.send(time.monotonic() - began)
        bank.later(minutes=35)  # whoever left a form is gone for good by then


def decide_until(folder: Path, environ: Mapping[str, str], step: int) -> None:
    """Take in people who left a form, and die just before this step of storing what was decided.

    Steps are the statements from the first that stores decisions on, and the commits.
    """
    bank = reopened(folder, environ)
    bank.run("plan_capacity")
    for one in range(PEOPLE):
        bank.left_form(f"{bank.clock.now().isoformat()} {step} {one}")
    bank.cast.tell()
    steps = itertools.count()
    begun = False

    def take(*said: object) -> None:
        nonlocal begun
        begun |= any(str(one).startswith("INSERT INTO decisions") for one in said)
        if begun and next(steps) == step:
            os.kill(os.getpid(), signal.SIGKILL)

    sa.event.listen(sa.Engine, "before_cursor_execute", take)
    sa.event.listen(sa.Engine, "commit", take)
    bank.run("score_sessions")


def reopened(folder: Path, environ: Mapping[str, str]) -> Bank:
    """Return the bank a little after whatever happened last, as after a restart."""
    bank = Bank(folder, environ, MovingClock(MORNING))
    with bank.app.store.read() as tx:
        runs = jobs.last_runs(tx)
    longest = max(bank.project.jobs[name].deadline for name in JOBS)
    if runs:
        # A killed run holds its job until its deadline.
        bank.clock.set(max(run.due for run in runs) + longest + timedelta(seconds=1))
    return bank

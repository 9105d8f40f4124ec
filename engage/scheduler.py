"""The clockwork: each job runs when it is due, once, whoever else is running it too.

APScheduler only wakes us. What is due is decided by the job's own schedule, and each run is
fenced by a unique (job, due) row in the database, so two schedulers never do the same work.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from graphlib import TopologicalSorter

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from engage.app.app import App
from engage.domain.runs import JobReport, RunState
from engage.job import Every, Job
from engage.logs import get_logger
from engage.store import jobs as runs
from engage.store.presence import at_work

_log = get_logger("scheduler")
_POLL_DAILY = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Run:
    """A job's run that just ended."""

    job: str
    state: RunState
    report: JobReport
    error: str = ""


def in_order(jobs: Mapping[str, Job]) -> list[Job]:
    """Return the jobs so that each comes after those it waits for."""
    graph = {name: [a for a in job.after if a in jobs] for name, job in sorted(jobs.items())}
    return [jobs[name] for name in TopologicalSorter(graph).static_order()]


def run_job(app: App, job: Job, *, even_if_not_due: bool = False) -> Run | None:
    """Run a job for its due time; return None when that time is already taken.

    `even_if_not_due` is for a person who asks: the run is then due at this very moment.
    """
    now = app.now()
    due = now if even_if_not_due else job.due(now, app.zone)
    if due is None:
        return None
    with app.store.write() as tx:
        run_id = runs.claim_run(tx, job.name, due, now, deadline=job.deadline)
    if run_id is None:
        return None
    return _carry_out(app, job, run_id)


def _carry_out(app: App, job: Job, run_id: str) -> Run:
    try:
        report = job.run(app)
    except BaseException as error:
        words = f"{type(error).__name__}: {error}"
        with app.store.write() as tx:
            runs.finish(tx, run_id, RunState.FAILED, now=app.now(), error=words)
        if not isinstance(error, Exception):
            raise
        _log.exception("job failed", job=job.name, run=run_id)
        return Run(job.name, RunState.FAILED, JobReport(), words)
    with app.store.write() as tx:
        runs.finish(tx, run_id, RunState.DONE, now=app.now(), report=report)
    tell = _log.info if report.done else _log.debug
    tell("job done", job=job.name, report=report.sentence())
    return Run(job.name, RunState.DONE, report)


def tick(app: App, jobs: Mapping[str, Job]) -> list[Run]:
    """Run whatever is due now, once, in order, and return the runs."""
    with app.store.read() as tx:
        claimed = runs.last_due(tx)
    outcomes = (run_job(app, job) for job in in_order(jobs) if _is_due(app, job, claimed))
    return [run for run in outcomes if run is not None]


def _is_due(app: App, job: Job, claimed: Mapping[str, datetime]) -> bool:
    """Say whether a due time has come that nobody has claimed; only the claim itself is binding."""
    due = job.due(app.now(), app.zone)
    return due is not None and claimed.get(job.name) != due


def serve(app: App, jobs: Mapping[str, Job], until: threading.Event) -> None:
    """Run the jobs by the clock until asked to stop, then let running ones end."""
    # It tells of every wake-up, several times a second; what a job did is told here.
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    scheduler = BackgroundScheduler(
        timezone="UTC",
        executors={"default": ThreadPoolExecutor(max(4, len(jobs)))},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )
    for job in in_order(jobs):
        trigger = IntervalTrigger(seconds=_period(job).total_seconds(), timezone="UTC")
        scheduler.add_job(_runner(app, job), trigger, id=job.name, name=job.name)
    with at_work(app.store, app.now()):
        scheduler.start()
        try:
            until.wait()
        finally:
            scheduler.shutdown(wait=True)


def _period(job: Job) -> timedelta:
    return job.schedule.period if isinstance(job.schedule, Every) else _POLL_DAILY


def _runner(app: App, job: Job) -> Callable[[], None]:
    def run() -> None:
        run_job(app, job)

    return run

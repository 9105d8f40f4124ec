"""Runs of jobs: each (job, due) happens once, whoever asks, and is written down.

claim_run(tx, job, due, now, deadline=None) -> str | None     the run's id, None when it is taken
finish(tx, run_id, state, *, now, report=None, error="") -> None
last(tx, job) -> Run | None
last_due(tx) -> dict[str, datetime]
read(tx, *, job, states, limit) -> list[Run]
abandon(tx, now, note) -> int                                 runs of a process that is gone
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from engage.clock import as_utc
from engage.domain.ids import Prefix, derive
from engage.domain.runs import JobReport, RunState
from engage.store import bulk
from engage.store.store import Tx
from engage.store.tables.running import job_runs


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a job, as it stands."""

    run_id: str
    job: str
    due: datetime
    started_at: datetime
    ended_at: datetime | None
    state: RunState
    report: JobReport | None
    error: str

    @property
    def words(self) -> str:
        """Return how it went in one line."""
        if self.error:
            return self.error
        return "" if self.report is None else self.report.sentence()


def claim_run(
    tx: Tx, job: str, due: datetime, now: datetime, deadline: timedelta | None = None
) -> str | None:
    """Write down that a run begins; None when this one was begun before or another still runs.

    A run that has been going for longer than `deadline` is taken for dead and marked failed;
    without a deadline runs of the same job may overlap.
    """
    _lock(tx, job)
    if deadline is not None:
        _fail_overdue(tx, job, now - deadline, now)
        if any(run.due != as_utc(due) for run in read(tx, job=job, states=[RunState.RUNNING])):
            return None
    run_id = derive(Prefix.RUN, job, as_utc(due).isoformat())
    row = {
        "run_id": run_id,
        "job": job,
        "due": due,
        "started_at": now,
        "state": str(RunState.RUNNING),
    }
    return run_id if bulk.insert_new(tx, "job_runs", bulk.one(job_runs, row)) else None


def _lock(tx: Tx, job: str) -> None:
    if tx.dialect.name == "postgresql":
        tx.execute(
            sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(f"job {job}", 0)))
        )


def _fail_overdue(tx: Tx, job: str, before: datetime, now: datetime) -> None:
    tx.execute(
        sa.update(job_runs)
        .where(
            job_runs.c.job == job,
            job_runs.c.state == RunState.RUNNING,
            job_runs.c.started_at < before,
        )
        .values(state=RunState.FAILED, ended_at=now, error="did not end by its deadline")
    )


def finish(
    tx: Tx,
    run_id: str,
    state: RunState,
    *,
    now: datetime,
    report: JobReport | None = None,
    error: str = "",
) -> None:
    """Write down how a run ended."""
    written = None if report is None else json.dumps(asdict(report), sort_keys=True)
    tx.execute(
        sa.update(job_runs)
        .where(job_runs.c.run_id == run_id)
        .values(state=state, ended_at=now, report=written, error=error)
    )


def abandon(tx: Tx, now: datetime, note: str = "the process ended") -> int:
    """Mark every run still going as failed: for a process that starts anew, alone."""
    result = tx.execute(
        sa.update(job_runs)
        .where(job_runs.c.state == RunState.RUNNING)
        .values(state=RunState.FAILED, ended_at=now, error=note)
    )
    return result.rowcount


def last(tx: Tx, job: str) -> Run | None:
    """Return the run of this job that was due last, or None when it never ran."""
    return next(iter(read(tx, job=job, limit=1)), None)


def last_due(tx: Tx) -> dict[str, datetime]:
    """Return the latest due time of each job that was ever claimed."""
    newest = sa.func.max(job_runs.c.due).label("due")
    query = sa.select(job_runs.c.job, newest).group_by(job_runs.c.job)
    return {row.job: row.due for row in tx.execute(query)}


def last_runs(tx: Tx) -> list[Run]:
    """Return the run of each job that was due last, by the jobs' names."""
    newest = sa.select(job_runs.c.job, sa.func.max(job_runs.c.due).label("due"))
    each = newest.group_by(job_runs.c.job).subquery()
    same = sa.and_(each.c.job == job_runs.c.job, each.c.due == job_runs.c.due)
    query = sa.select(job_runs).join(each, same).order_by(job_runs.c.job)
    return [_run(row) for row in tx.execute(query)]


def read(
    tx: Tx,
    *,
    job: str | None = None,
    states: Collection[RunState] | None = None,
    limit: int | None = None,
) -> list[Run]:
    """Return runs, the newest due first."""
    query = sa.select(job_runs)
    if job is not None:
        query = query.where(job_runs.c.job == job)
    if states is not None:
        query = query.where(job_runs.c.state.in_(sorted(states)))
    ordered = query.order_by(job_runs.c.due.desc(), job_runs.c.job).limit(limit)
    return [_run(row) for row in tx.execute(ordered)]


def _run(row: Any) -> Run:
    return Run(
        run_id=row.run_id,
        job=row.job,
        due=row.due,
        started_at=row.started_at,
        ended_at=row.ended_at,
        state=RunState(row.state),
        report=None if row.report is None else JobReport(**json.loads(row.report)),
        error=row.error,
    )

"""What is old enough is forgotten, and nothing that still says something."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from engage.domain.runs import JobReport, RunState
from engage.store import Store, jobs, retention

NOW = datetime(2026, 3, 31, 3, tzinfo=UTC)


def ran(store: Store, job: str, due: datetime, *, done: int) -> None:
    with store.write() as tx:
        run_id = jobs.claim_run(tx, job, due, due)
        assert run_id is not None
        jobs.finish(tx, run_id, RunState.DONE, now=due, report=JobReport(seen=done, done=done))


def kept(store: Store, job: str) -> list[timedelta]:
    with store.write() as tx:
        retention.purge(tx, NOW)
        return [NOW - run.due for run in jobs.read(tx, job=job)]


def test_runs_that_did_nothing_go_after_a_day_and_others_after_ninety(store: Store) -> None:
    for days, done in ((91, 1), (89, 1), (2, 0), (0.5, 0), (0, 0)):
        ran(store, "score_sessions", NOW - timedelta(days=days), done=done)

    assert [age.days for age in kept(store, "score_sessions")] == [0, 0, 89]


@pytest.mark.parametrize("done", [0, 1])
def test_a_job_never_runs_again_for_a_time_whose_run_was_forgotten(store: Store, done: int) -> None:
    due = NOW - timedelta(days=100)
    ran(store, "train_models", due, done=done)

    assert kept(store, "train_models") == [timedelta(days=100)]
    with store.write() as tx:
        assert jobs.claim_run(tx, "train_models", due, NOW) is None

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from engage.domain.runs import JobReport, RunState
from engage.store import Store, jobs
from tests.store.samples import HOUR, MINUTE, NOON


def test_a_run_happens_once_however_many_schedulers_ask(store: Store) -> None:
    def ask(_: int) -> str | None:
        with store.write() as tx:
            return jobs.claim_run(tx, "train_models", NOON, NOON)

    with ThreadPoolExecutor(6) as pool:
        given = [run for run in pool.map(ask, range(30)) if run]
    assert len(given) == 1


def test_a_run_is_written_down_with_what_it_did(store: Store) -> None:
    with store.write() as tx:
        run_id = jobs.claim_run(tx, "train_models", NOON, NOON)
        assert run_id is not None
        report = JobReport(seen=4, done=3, skipped={"not_trainable": 1})
        jobs.finish(tx, run_id, RunState.DONE, now=NOON + MINUTE, report=report)
        run = jobs.last(tx, "train_models")
        assert jobs.last(tx, "watch_drift") is None
    assert run is not None
    assert (run.state, run.report, run.due) == (RunState.DONE, report, NOON)
    assert run.ended_at == NOON + MINUTE


def test_runs_of_a_job_with_a_deadline_do_not_overlap(store: Store) -> None:
    hour = timedelta(hours=1)
    with store.write() as tx:
        first = jobs.claim_run(tx, "train_models", NOON, NOON, hour)
        assert first is not None
        assert jobs.claim_run(tx, "train_models", NOON + MINUTE, NOON + MINUTE, hour) is None
        jobs.finish(tx, first, RunState.DONE, now=NOON + 2 * MINUTE)
        assert jobs.claim_run(tx, "train_models", NOON + MINUTE, NOON + 3 * MINUTE, hour)


def test_a_run_past_its_deadline_is_taken_for_dead(store: Store) -> None:
    with store.write() as tx:
        dead = jobs.claim_run(tx, "train_models", NOON, NOON, HOUR)
        assert jobs.claim_run(tx, "train_models", NOON + 2 * HOUR, NOON + 2 * HOUR, HOUR)
        by_id = {run.run_id: run for run in jobs.read(tx, job="train_models")}
    assert by_id[str(dead)].state is RunState.FAILED
    assert by_id[str(dead)].error == "did not end by its deadline"


def test_what_a_gone_process_left_running_is_marked_failed(store: Store) -> None:
    with store.write() as tx:
        jobs.claim_run(tx, "train_models", NOON, NOON)
        assert jobs.abandon(tx, NOON + MINUTE) == 1
        assert jobs.read(tx, states=[RunState.RUNNING]) == []

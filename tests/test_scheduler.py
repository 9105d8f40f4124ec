"""A due time runs once, whoever ticks; what fails is written down and stops nobody else."""

from __future__ import annotations

import _thread
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from engage.app.app import App
from engage.clock import SystemClock
from engage.domain.runs import JobReport, RunState
from engage.job import CatchUp, Every, Job
from engage.scheduler import run_job, serve, tick
from engage.store import Store, artifacts, jobs, outbox
from tests.bank import Bank

MINUTE = timedelta(minutes=1)


def job(name: str, run: Callable[[App], JobReport], *, after: tuple[str, ...] = ()) -> Job:
    return Job(name, f"Does {name}.", run, Every(MINUTE), MINUTE, CatchUp.ONCE, after)


def named(*made: Job) -> dict[str, Job]:
    return {one.name: one for one in made}


def nothing(_: App) -> JobReport:
    return JobReport()


def failing(_: App) -> JobReport:
    raise ValueError("the file is gone")


@pytest.fixture
def three(bank: Bank, open_store: Callable[[], Store]) -> list[App]:
    """Return the application as three processes have it: one clock, a connection pool each."""
    return [replace(bank.app, store=open_store()) for _ in range(3)]


def test_a_due_time_runs_once_though_three_schedulers_tick(bank: Bank, three: list[App]) -> None:
    ran: list[str] = []

    def count(app: App) -> JobReport:
        ran.append(str(app.now()))
        return JobReport(1, 1)

    counted = named(job("count", count))
    with ThreadPoolExecutor(3) as threads:
        for _ in range(6):
            together = threading.Barrier(3)

            def at_once(app: App, together: threading.Barrier = together) -> int:
                together.wait()
                return len(tick(app, counted))

            assert sum(threads.map(at_once, three)) == 1
            bank.later(minutes=1)
    assert len(ran) == len(set(ran)) == 6
    assert bank.count("job_runs") == 6


def test_a_job_that_still_runs_elsewhere_is_not_begun_again(bank: Bank, three: list[App]) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow(_: App) -> JobReport:
        begun.set()
        assert go_on.wait(30)
        return JobReport(1, 1)

    only = named(job("slow", slow))
    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(tick, three[0], only)
        assert begun.wait(30)
        bank.later(minutes=1)
        assert tick(three[1], only) == []
        go_on.set()
        assert len(first.result()) == 1
    assert len(tick(three[1], only)) == 1


def test_a_run_whose_process_is_gone_is_given_up_at_its_deadline(bank: Bank) -> None:
    gone = job("lost", nothing)
    with bank.app.store.write() as tx:
        lost = jobs.claim_run(tx, gone.name, bank.app.now(), bank.app.now(), deadline=gone.deadline)
    bank.later(minutes=1)
    assert run_job(bank.app, gone) is None  # a minute is its deadline, not beyond it
    bank.later(minutes=1)
    assert run_job(bank.app, gone) is not None
    (given_up,) = bank.rows("select * from job_runs where state = 'failed'")
    assert (given_up["run_id"], given_up["error"]) == (lost, "did not end by its deadline")


def test_a_failing_job_is_written_down_and_the_others_go_on(bank: Bank) -> None:
    mixed = named(job("bad", failing), job("good", nothing, after=("bad",)))
    runs = {run.job: run for run in tick(bank.app, mixed)}
    assert runs["bad"].error == "ValueError: the file is gone"
    assert runs["bad"].state is RunState.FAILED
    assert runs["good"].state is RunState.DONE
    with bank.app.store.read() as tx:
        kept = {run.job: run for run in jobs.last_runs(tx)}
    assert (kept["bad"].state, kept["bad"].error) == (RunState.FAILED, runs["bad"].error)
    assert kept["bad"].ended_at == bank.app.now()
    assert (kept["good"].state, kept["good"].report) == (RunState.DONE, JobReport())
    bank.later(minutes=1)
    assert {run.job for run in tick(bank.app, mixed)} == {"bad", "good"}  # tried again


def test_jobs_run_after_those_they_wait_for(bank: Bank) -> None:
    order: list[str] = []

    def noted(name: str, after: tuple[str, ...] = ()) -> Job:
        def note(_: App) -> JobReport:
            order.append(name)
            return JobReport()

        return job(name, note, after=after)

    tick(bank.app, named(noted("a", ("c",)), noted("b", ("a",)), noted("c", ("not here",))))
    assert order == ["c", "a", "b"]


def test_a_report_is_kept_with_its_numbers(bank: Bank) -> None:
    said = JobReport(7, 5, {"no_consent": 2}, "as planned")
    tick(bank.app, named(job("talk", lambda _: said)))
    with bank.app.store.read() as tx:
        kept = jobs.last(tx, "talk")
    assert kept is not None
    assert kept.report == said
    assert kept.words == "saw 7, did 5; skipped 2 no_consent; as planned"


def test_serving_ends_when_asked_and_lets_a_running_job_end(bank: Bank) -> None:
    stop = threading.Event()

    def stops(_: App) -> JobReport:
        stop.set()
        for _round in range(100):  # still at work while everything shuts down
            threading.Event().wait(0.001)
        return JobReport(1, 1)

    every_second = Job("stops", "Stops.", stops, Every(timedelta(seconds=1)), MINUTE)
    serve(bank.app.at(SystemClock()), named(every_second), stop)
    ended = bank.rows("select state from job_runs where job = 'stops'")
    assert [row["state"] for row in ended] == ["done"]
    assert not [t for t in threading.enumerate() if t.name.startswith("APScheduler")]


@pytest.mark.only_on("sqlite")
def test_serving_begins_by_taking_over_from_a_process_that_died(bank: Bank) -> None:
    bank.abandon_forms(4)
    with bank.app.store.write() as tx:
        assert outbox.claim(tx, ["sms"], "died", 9, 3600.0, now=bank.app.now())
    stop, found = threading.Event(), []

    def looks(_: App) -> JobReport:
        found.append({row["state"] for row in bank.rows("select state from messages")})
        stop.set()
        return JobReport()

    every_second = Job("looks", "Looks.", looks, Every(timedelta(seconds=1)), MINUTE)
    serve(bank.app.at(SystemClock()), named(every_second), stop)
    assert found[0] == {"due"}


def test_serving_goes_on_after_a_failure(bank: Bank) -> None:
    stop = threading.Event()
    times = iter(range(3))

    def fails_first(app: App) -> JobReport:
        if next(times) == 0:
            return failing(app)
        stop.set()
        return JobReport()

    every_second = Job("fails", "Fails.", fails_first, Every(timedelta(seconds=1)), MINUTE)
    serve(bank.app.at(SystemClock()), named(every_second), stop)
    states = [row["state"] for row in bank.rows("select state from job_runs order by due")]
    assert states[:2] == ["failed", "done"]


def champion(bank: Bank) -> str:
    with bank.app.store.read() as tx:
        record = artifacts.champion(tx, "customer_value")
    assert record is not None
    return record.sha256


@pytest.mark.usefixtures("interruptible")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_ctrl_c_while_training_leaves_the_champion_and_nothing_half_written(learned: Bank) -> None:
    bank = learned
    app = replace(bank.app, models={"customer_value": bank.app.models["customer_value"]})
    training = bank.project.jobs["train_models"]
    cut_short = 0
    for wait_s in (0.01, 0.05, 0.1, 0.2, 0.4, 0.8):
        bank.later(days=1)
        before = champion(bank)
        stop = threading.Timer(wait_s, _thread.interrupt_main)

        def until_stopped(app: App, stop: threading.Timer = stop) -> JobReport:
            stop.start()
            return training.run(app)

        try:
            run_job(app, replace(training, run=until_stopped), even_if_not_due=True)
            stop.cancel()
            continue  # too late, or lost in a callback that swallows whatever is raised in it
        except KeyboardInterrupt:
            cut_short += 1
        assert champion(bank) == before
        last = bank.rows("select state, error from job_runs order by due desc limit 1")
        assert last == [{"state": "failed", "error": "KeyboardInterrupt: "}]
        kept = [path.name for path in app.artifacts_folder.iterdir()]
        assert [name for name in kept if name.startswith(".")] == []
    assert cut_short >= 1
    bank.later(days=1)
    assert bank.run("train_models").seen == len(bank.app.models)


def test_the_shipped_jobs_all_run_when_everything_is_due(learned: Bank) -> None:
    learned.later(days=1, hours=5)
    runs = {run.job: run for run in tick(learned.app, learned.project.jobs)}
    assert set(runs) == set(learned.project.jobs)
    assert {name: run.error for name, run in runs.items() if run.error} == {}
    learned.later(microseconds=1)
    assert tick(learned.app, learned.project.jobs) == []

"""The laws that every job in `jobs/` keeps."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from engage.job import Every, Job
from engage.project import load_jobs
from engage.scheduler import in_order
from engage.settings import load
from engage.starting import shipped_project

PROJECT = shipped_project()
JOBS = load_jobs(PROJECT / "jobs", load(PROJECT, {}))


@pytest.mark.parametrize("path", sorted((PROJECT / "jobs").glob("*.py")), ids=lambda p: p.stem)
def test_every_job_file_is_a_job_of_that_name(path: Path) -> None:
    assert JOBS[path.stem].name == path.stem


@pytest.mark.parametrize("job", JOBS.values(), ids=lambda job: job.name)
def test_every_job_says_what_it_does_in_one_sentence(job: Job) -> None:
    assert job.sentence[0].isupper()
    assert job.sentence.endswith(".")
    assert job.sentence.count(".") == 1


@pytest.mark.parametrize("job", JOBS.values(), ids=lambda job: job.name)
def test_every_job_has_a_deadline_and_waits_only_for_jobs_there_are(job: Job) -> None:
    assert timedelta(0) < job.deadline <= timedelta(hours=12)
    assert set(job.after) <= set(JOBS)


def test_every_job_comes_after_those_it_waits_for() -> None:
    order = [job.name for job in in_order(JOBS)]
    for job in JOBS.values():
        for earlier in job.after:
            assert order.index(earlier) < order.index(job.name)


def test_continuous_jobs_run_at_least_every_hour() -> None:
    periods = [job.schedule.period for job in JOBS.values() if isinstance(job.schedule, Every)]
    assert len(periods) >= 5
    assert max(periods) <= timedelta(hours=1)

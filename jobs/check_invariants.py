"""Checks what must always be true, and says what is not."""

from datetime import timedelta

from engage.invariants import check_all
from engage.job import CatchUp, Every, Job

JOB = Job(
    name="check_invariants",
    sentence="Checks what must always be true, and says what is not.",
    run=check_all,
    schedule=Every(timedelta(minutes=5)),
    deadline=timedelta(minutes=5),
    catch_up=CatchUp.SKIP,
    after=("record_outcomes",),
)

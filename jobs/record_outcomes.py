"""Finds the goals people reached in what they did since the last look."""

from datetime import timedelta

from engage.app.outcomes import record_outcomes
from engage.job import CatchUp, Every, Job

JOB = Job(
    name="record_outcomes",
    sentence="Finds the goals people reached in what they did since the last look.",
    run=record_outcomes,
    schedule=Every(timedelta(seconds=60)),
    deadline=timedelta(minutes=5),
    catch_up=CatchUp.ONCE,
    after=("deliver_messages",),
)

"""Compares the treated with the held out and stores what changed."""

from datetime import time, timedelta

from engage.app.effects import measure_effect
from engage.job import CatchUp, Daily, Job

JOB = Job(
    name="measure_effect",
    sentence="Compares the treated with the held out and stores what changed.",
    run=measure_effect,
    schedule=Daily(time(4, 0)),
    deadline=timedelta(hours=3),
    catch_up=CatchUp.ONCE,
    after=("archive_history", "record_outcomes"),
)

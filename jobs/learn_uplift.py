"""Learns from matured decisions what each action adds to being left alone."""

from datetime import time, timedelta

from engage.app.uplift import learn_uplift
from engage.job import CatchUp, Daily, Job

JOB = Job(
    name="learn_uplift",
    sentence="Learns from matured decisions what each action adds to being left alone.",
    run=learn_uplift,
    schedule=Daily(time(3, 0)),
    deadline=timedelta(hours=3),
    catch_up=CatchUp.ONCE,
    after=("archive_history", "record_outcomes"),
)

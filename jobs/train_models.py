"""Learns each model anew and promotes it where it is at least as good."""

from datetime import time, timedelta

from engage.app.training import train_models
from engage.job import CatchUp, Daily, Job

JOB = Job(
    name="train_models",
    sentence="Learns each model anew and promotes it where it is at least as good.",
    run=train_models,
    schedule=Daily(time(1, 30)),
    deadline=timedelta(hours=6),
    catch_up=CatchUp.ONCE,
    after=("archive_history",),
)

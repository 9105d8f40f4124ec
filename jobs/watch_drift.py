"""Looks at every model in use: same people, same meaning, everything still fed."""

from datetime import time, timedelta

from engage.app.watching import watch_drift
from engage.job import CatchUp, Daily, Job

JOB = Job(
    name="watch_drift",
    sentence="Looks at every model in use: same people, same meaning, everything still fed.",
    run=watch_drift,
    schedule=Daily(time(2, 30)),
    deadline=timedelta(hours=3),
    catch_up=CatchUp.ONCE,
    after=("archive_history", "train_models", "value_customers"),
)

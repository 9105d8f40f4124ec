"""Rolls what came in into the Parquet history and prunes what is no longer hot."""

from datetime import time, timedelta

from engage.app.archiving import archive_history
from engage.job import CatchUp, Daily, Job

JOB = Job(
    name="archive_history",
    sentence="Rolls what came in into the Parquet history and prunes what is no longer hot.",
    run=archive_history,
    schedule=Daily(time(1, 0)),
    deadline=timedelta(hours=3),
    catch_up=CatchUp.ONCE,
)

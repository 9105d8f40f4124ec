"""Forgets what retention says is old enough."""

from datetime import time, timedelta

from engage.app.purging import purge_expired
from engage.job import CatchUp, Daily, Job

JOB = Job(
    name="purge_expired",
    sentence="Forgets what retention says is old enough.",
    run=purge_expired,
    schedule=Daily(time(5, 0)),
    deadline=timedelta(hours=3),
    catch_up=CatchUp.ONCE,
    after=("archive_history",),
)

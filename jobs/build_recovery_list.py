"""Ranks the people worth following up, as many as agents are free for."""

from datetime import time, timedelta

from engage.app.recovery import build_recovery_list
from engage.job import CatchUp, Daily, Job

JOB = Job(
    name="build_recovery_list",
    sentence="Ranks the people worth following up, as many as agents are free for.",
    run=build_recovery_list,
    schedule=Daily(time(6, 0)),
    deadline=timedelta(hours=3),
    catch_up=CatchUp.ONCE,
    after=("value_customers", "plan_capacity"),
)

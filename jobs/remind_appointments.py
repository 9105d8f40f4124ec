"""Decides which coming appointments get their reminder."""

from datetime import timedelta

from engage.app.appointments import remind_appointments
from engage.job import CatchUp, Every, Job

JOB = Job(
    name="remind_appointments",
    sentence="Decides which coming appointments get their reminder.",
    run=remind_appointments,
    schedule=Every(timedelta(hours=1)),
    deadline=timedelta(minutes=5),
    catch_up=CatchUp.ONCE,
)

"""Asks the provider what customers have written, should a report of it have been lost."""

from datetime import timedelta

from engage.app.replies import poll_inbound
from engage.job import CatchUp, Every, Job

JOB = Job(
    name="poll_inbound",
    sentence="Asks the provider what customers have written, should a report of it have been lost.",
    run=poll_inbound,
    schedule=Every(timedelta(minutes=1)),
    deadline=timedelta(minutes=5),
    catch_up=CatchUp.SKIP,
)

"""Sends what was decided, once, and lets expire what came too late."""

from datetime import timedelta

from engage.app.delivering import deliver_messages
from engage.job import CatchUp, Every, Job

JOB = Job(
    name="deliver_messages",
    sentence="Sends what was decided, once, and lets expire what came too late.",
    run=deliver_messages,
    schedule=Every(timedelta(seconds=1)),
    deadline=timedelta(minutes=2),
    catch_up=CatchUp.SKIP,
    after=("poll_inbound", "score_sessions", "score_interactions", "remind_appointments"),
)

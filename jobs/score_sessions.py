"""Scores visitors who are on the page now and decides what to offer them."""

from datetime import timedelta

from engage.app.sessions import score_sessions
from engage.job import CatchUp, Every, Job

JOB = Job(
    name="score_sessions",
    sentence="Scores visitors who are on the page now and decides what to offer them.",
    run=score_sessions,
    schedule=Every(timedelta(seconds=1)),
    deadline=timedelta(seconds=30),
    catch_up=CatchUp.SKIP,
)

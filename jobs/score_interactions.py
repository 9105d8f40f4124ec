"""Scores contacts that just ended and decides who is worth calling back."""

from datetime import timedelta

from engage.app.interactions import score_interactions
from engage.job import CatchUp, Every, Job

JOB = Job(
    name="score_interactions",
    sentence="Scores contacts that just ended and decides who is worth calling back.",
    run=score_interactions,
    schedule=Every(timedelta(seconds=30)),
    deadline=timedelta(minutes=5),
    catch_up=CatchUp.SKIP,
)

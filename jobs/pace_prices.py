"""Prices the minutes of the running half hour by what is left of them."""

from datetime import timedelta

from engage.app.pacing import pace_prices
from engage.job import CatchUp, Every, Job

JOB = Job(
    name="pace_prices",
    sentence="Prices the minutes of the running half hour by what is left of them.",
    run=pace_prices,
    schedule=Every(timedelta(minutes=2)),
    deadline=timedelta(minutes=2),
    catch_up=CatchUp.SKIP,
    after=("plan_capacity",),
)

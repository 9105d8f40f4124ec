"""Works out how many agent minutes are free and which call-back slots to offer."""

from datetime import timedelta

from engage.app.planning import plan_capacity
from engage.job import CatchUp, Every, Job

JOB = Job(
    name="plan_capacity",
    sentence="Works out how many agent minutes are free and which call-back slots to offer.",
    run=plan_capacity,
    schedule=Every(timedelta(minutes=30)),
    deadline=timedelta(minutes=25),
    catch_up=CatchUp.ONCE,
)

"""Values every customer: expected margin over the next twelve months."""

from datetime import time, timedelta

from engage.app.values import value_customers
from engage.job import CatchUp, Daily, Job

JOB = Job(
    name="value_customers",
    sentence="Values every customer: expected margin over the next twelve months.",
    run=value_customers,
    schedule=Daily(time(2, 0)),
    deadline=timedelta(hours=3),
    catch_up=CatchUp.ONCE,
    after=("archive_history", "train_models"),
)

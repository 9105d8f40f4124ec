"""How many agent minutes are free, and which slots may be promised: the plan decisions live by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Any

import msgspec
import pandas as pd
import pyarrow as pa

from engage.app.agents import free_now
from engage.app.app import App
from engage.app.inbound import foreseen
from engage.app.learned import learned
from engage.app.pricing import prices
from engage.app.rules import day_budgets
from engage.clock import as_utc
from engage.decide.board import naive
from engage.decide.capacity import Plan
from engage.decide.hours import Window
from engage.decide.minutes import USUAL, Learned
from engage.decide.plan import Forecast, Staff, current, forecast, half_hours
from engage.domain.runs import JobReport
from engage.store import Tx, messages_a_day, plans, slots, staffing

_DAY = pd.Timedelta(days=1)
_HALF_HOUR = timedelta(minutes=30)
_AHEAD = timedelta(days=8)
_BEFORE = timedelta(days=9)
"""A row of a roster lasts a week at most, and today began a day ago somewhere."""
_NOBODY = ("", '{"free": [], "price": {}}', "")
_FREE = ("queue", "starts_at", "ends_at", "free_min")


def plan_capacity(app: App) -> JobReport:
    """Plan the coming days from the staff there is, and publish the slots that can be kept.

    Slots that were published before and for which nobody is there any more are closed.
    """
    now = app.now()
    with app.store.read() as tx:
        rosters = staffing.told(tx, since=now - _BEFORE, until=now + _AHEAD, known_by=now)
    inbound = foreseen(app, half_hours(now))
    known = learned(app)
    made = forecast(staff_of(app, known), now, roster=rosters.to_pandas(), inbound=inbound)
    made = replace(made, learned=known)
    asked, messages = prices(app, made)
    made = replace(made, prices=asked, messages=messages)
    body = made.body
    version = sha256(msgspec.json.encode(body, order="deterministic")).hexdigest()[:12]
    with app.store.write() as tx:
        plans.add(tx, version, body, now)
        published = slots.publish(tx, pa.Table.from_pandas(made.slots, preserve_index=False))
        if len(made.free):
            since, until = made.free["starts_at"].min(), made.free["ends_at"].max()
            slots.withdraw(
                tx,
                as_utc(since.to_pydatetime()),
                as_utc(until.to_pydatetime()),
                made.slots["slot_id"].tolist(),
            )
    return JobReport(seen=len(made.free), done=published, note=_words(made))


def _words(made: Forecast) -> str:
    """Return what the coming day asks of each queue of which contacts are foreseen."""
    free = made.free
    if not free["contacts"].notna().any():
        return ""
    near = (free["starts_at"] < free["starts_at"].min() + _DAY) & free["contacts"].notna()
    day = free[near & (free["agents"] > 0)]
    whole = day.groupby("queue")[["contacts", "free_min"]].sum()
    return "; ".join(
        f"{queue}: {contacts:,.0f} contacts foreseen in the day ahead, {minutes / 60:,.1f} hours free"
        for queue, contacts, minutes in whole.itertuples()
    )


def staff_of(app: App, known: Learned | None = None) -> list[Staff]:
    """Return the agents of each queue as the settings have them, for days without a roster.

    How long a call-back takes is what is `known`, where it is.
    """
    handle = {} if known is None else {name: one[USUAL] for name, one in known.handle.items()}
    return [
        Staff(
            queue=name,
            agents=q.agents,
            hours=(Window.of(q.days, q.opens, q.closes),),
            zone=q.zone or app.settings.project.zone,
            handle_min=handle.get(name, q.handle_min),
            inbound_share=q.inbound_share,
            concurrency=q.concurrency,
            price_minor_per_min=q.price_minor_per_min,
        )
        for name, q in sorted(app.settings.queues.items())
    ]


def current_plan(app: App, tx: Tx, now: datetime) -> Plan:
    """Return the plan that decisions at this moment are made under; without one nobody is free.

    Who is free right now is what was seen last, where that was lately.
    """
    version, made = planned(tx, now)
    ahead = slots.between(tx, now - _HALF_HOUR, now + _AHEAD).to_pandas()
    handle = {name: queue.handle_min for name, queue in app.settings.queues.items()}
    budget = {
        one.channel: [(naive(ends), n) for ends, n in messages_a_day.left(tx, one, now)]
        for one in day_budgets(app.settings)
    }
    return current(version, made, ahead, now, handle, budget).seen(free_now(app, tx, now))


def planned(tx: Tx, now: datetime) -> tuple[str, Forecast]:
    """Return the version of the plan in force, and what is free by it; nothing before the first."""
    version, body, base = plans.latest(tx, now) or _NOBODY
    return version, _forecast(body, base)


@lru_cache(maxsize=8)
def _forecast(body: str, base: str) -> Forecast:
    return told_plan(plans.whole(body, base))


def told_plan(told: Mapping[str, Any]) -> Forecast:
    """Return what was planned, from a stored plan's body."""
    free = pd.DataFrame(told["free"], columns=list(_FREE))
    for name in ("starts_at", "ends_at"):
        free[name] = pd.to_datetime(free[name]).astype("datetime64[us]")
    return Forecast(
        free.astype({"free_min": "float64"}),
        pd.DataFrame(),
        told["price"],
        prices=told.get("prices", {}),
        messages=told.get("messages", {}),
        learned=Learned.told(told.get("learned", {})),
    )

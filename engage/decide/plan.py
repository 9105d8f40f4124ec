"""How many agent minutes are free for offers, by half hour, and which slots can be promised.

A first, simple planner: of the staffed minutes, what inbound contacts do not need is free; what
is promised already is taken off. The price of a minute is the one that the settings believe in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import pandas as pd

from engage.decide.board import naive
from engage.decide.capacity import Plan
from engage.decide.hours import DAY, MINUTE, Window, spans, zone_of
from engage.errors import SettingsError

HALF_HOUR = 30 * MINUTE


@dataclass(frozen=True)
class Staff:
    """The agents of a queue, when they work, and how much of them inbound contacts need."""

    queue: str
    agents: int
    hours: tuple[Window, ...]
    zone: str
    handle_min: float = 6.0
    inbound_share: float = 0.7
    concurrency: int = 1
    price_minor_per_min: float = 0.0

    @property
    def free_min(self) -> float:
        """Return the agent minutes of a full half hour that inbound contacts leave free."""
        return round(self.agents * self.concurrency * 30 * (1 - self.inbound_share), 6)


@dataclass(frozen=True)
class Forecast:
    """What a planning run publishes."""

    free: pd.DataFrame
    """queue, starts_at, ends_at, free_min: agent minutes for offers, by half hour."""
    slots: pd.DataFrame
    """slot_id, queue, starts_at, ends_at, capacity: call-backs that can be kept."""
    price: Mapping[str, float] = field(default_factory=dict)
    """Minor units for an agent minute, by queue."""

    @property
    def body(self) -> dict[str, object]:
        """Return the plan in plain values, to be stored."""
        free = self.free.assign(
            starts_at=self.free["starts_at"].astype(str), ends_at=self.free["ends_at"].astype(str)
        )
        return {"price": dict(self.price), "free": free.to_dict("records")}


def forecast(staff: Iterable[Staff], now: datetime, *, days: int = 7) -> Forecast:
    """Return free minutes and slots from the half hour that is running to `days` ahead.

    Half hours begin at full and half UTC hours; one counts as far as the queue is open in it. A
    slot's id is its queue and its beginning, so that planning again names the same slots alike.
    """
    known = sorted(staff, key=lambda one: one.queue)
    now_us = int(naive(now).astype(np.int64))
    start = now_us - now_us % HALF_HOUR
    free = pd.concat([_empty(), *(_free(one, start, days) for one in known)], ignore_index=True)
    handle = {one.queue: one.handle_min for one in known}
    places = np.floor(free["free_min"] / free["queue"].map(handle).astype("float64"))
    slots = free.assign(capacity=places.astype("int64"), slot_id=_ids(free))
    slots = slots.loc[slots["capacity"] > 0]
    columns = ["slot_id", "queue", "starts_at", "ends_at", "capacity"]
    price = {one.queue: one.price_minor_per_min for one in known}
    return Forecast(free, slots[columns].reset_index(drop=True), price)


def _empty() -> pd.DataFrame:
    none = np.empty(0, "datetime64[us]")
    return pd.DataFrame({"queue": [], "starts_at": none, "ends_at": none, "free_min": []}).astype(
        {"queue": "str", "free_min": "float64"}
    )


def _free(one: Staff, start: int, days: int) -> pd.DataFrame:
    zone = zone_of(one.zone)
    if zone is None:
        raise SettingsError(f"queue {one.queue}: {one.zone!r} is no time zone")
    starts = start + HALF_HOUR * np.arange(days * DAY // HALF_HOUR)
    open_for = np.zeros(len(starts))
    for first, last in spans(one.hours, zone, start, start + days * DAY):
        begun, ended = np.maximum(starts, first), np.minimum(starts + HALF_HOUR, last)
        open_for += np.maximum(ended - begun, 0)
    free = np.round(one.free_min * open_for / HALF_HOUR, 6)
    return pd.DataFrame(
        {
            "queue": one.queue,
            "starts_at": starts.view("datetime64[us]"),
            "ends_at": (starts + HALF_HOUR).view("datetime64[us]"),
            "free_min": free,
        }
    )


def _ids(free: pd.DataFrame) -> list[str]:
    times = free["starts_at"].dt.strftime("%Y%m%dT%H%MZ").tolist()
    return [f"{queue}@{at}" for queue, at in zip(free["queue"].tolist(), times, strict=True)]


def current(
    version: str,
    made: Forecast,
    slots: pd.DataFrame,
    now: datetime,
    handle_min: Mapping[str, float],
) -> Plan:
    """Return the plan that decisions at this moment are made under.

    `slots` are the published ones (slot_id, queue, starts_at, ends_at, capacity, booked). Minutes
    promised to call-backs in this half hour are taken off what is free now.
    """
    at = naive(now)
    running = made.free[(made.free["starts_at"] <= at) & (made.free["ends_at"] > at)]
    booked = slots[(slots["starts_at"] <= at) & (slots["ends_at"] > at)]
    promised = booked["booked"] * booked["queue"].map(dict(handle_min)).fillna(0.0)
    taken = promised.groupby(booked["queue"]).sum().to_dict()
    free = dict(zip(running["queue"].tolist(), running["free_min"].tolist(), strict=True))
    return Plan(
        version,
        {queue: max(0.0, minutes - float(taken.get(queue, 0))) for queue, minutes in free.items()},
        slots.assign(free=slots["capacity"] - slots["booked"]),
        made.price,
    )

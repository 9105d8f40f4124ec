"""How many agent minutes are free for offers, by half hour, and which slots can be promised.

Of the staffed minutes, what inbound contacts do not need is free; what is promised already is taken
off. Who works when, the roster says where there is one. What inbound contacts need, Erlang A says of
those that are foreseen; where too few were recorded, the settings' share does. A minute's price is what
it would bring to others, where enough was weighed to tell; else the one that the settings believe in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache

import numpy as np
import numpy.typing as npt
import pandas as pd

from engage.decide.arrivals import HALF_HOUR, Foreseen
from engage.decide.board import naive
from engage.decide.capacity import Plan
from engage.decide.erlang import Service, needed
from engage.decide.hours import DAY, SECOND, Window, spans, zone_of
from engage.decide.inbound import Flags, Floats
from engage.decide.minutes import USUAL, Learned
from engage.decide.on_duty import by_roster
from engage.errors import SettingsError


@dataclass(frozen=True)
class Staff:
    """The agents of a queue, when they work, and how much of them inbound contacts need.

    Agents and hours are those of days without a roster.
    """

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
        """Return the minutes of an agent's full half hour that inbound contacts leave free."""
        return self.concurrency * 30 * (1 - self.inbound_share)


@dataclass(frozen=True)
class Inbound:
    """The contacts that a queue must answer, by half hour from the running one on, and how well."""

    foreseen: Foreseen
    service: Service

    def needed(self, staffed: Flags) -> Floats:
        """Return how many conversations must be possible at a time, by half hour; else NaN."""
        per_s = self.foreseen.contacts[staffed] / (HALF_HOUR / SECOND)
        found = np.full(len(staffed), np.nan)
        found[staffed] = needed(per_s, self.foreseen.certainty[staffed], self.service)
        return found


@dataclass(frozen=True)
class Forecast:
    """What a planning run publishes."""

    free: pd.DataFrame
    """queue, starts_at, ends_at, free_min: agent minutes for offers, by half hour; and where they
    come from: agents (present on average), by (roster or settings), contacts (foreseen, NaN where
    they are not) and needed (conversations at a time that are kept for them)."""
    slots: pd.DataFrame
    """slot_id, queue, starts_at, ends_at, capacity: call-backs that can be kept."""
    price: Mapping[str, float] = field(default_factory=dict)
    """Minor units for an agent minute, by queue, as the settings have it."""
    prices: Mapping[str, Mapping[str, Sequence[float]]] = field(default_factory=dict)
    """By queue, for the half hours from the first on: `now` for a minute in it, `later` for one of a
    slot that is promised in it, `slots` how many places of it slots shall take in all, `asked` how many are
    to be promised in it."""
    messages: Mapping[str, Sequence[float]] = field(default_factory=dict)
    """By channel with a budget, for the same half hours: minor units for a message."""
    rosters: Mapping[str, str] = field(default_factory=dict)
    """When the newest word of its roster was known that counts here, by queue that has one."""
    learned: Learned = field(default_factory=Learned)
    """How long contacts take, and when calls are answered."""

    @property
    def body(self) -> dict[str, object]:
        """Return the plan in plain values, to be stored."""
        columns = {
            name: column.astype(str).tolist() if str(name).endswith("_at") else column.tolist()
            for name, column in self.free.items()
        }
        rosters = {"rosters": dict(self.rosters)} if self.rosters else {}
        told = [
            {name: value for name, value in zip(columns, row, strict=True) if value == value}  # noqa: PLR0124 - not NaN
            for row in zip(*columns.values(), strict=True)
        ]
        prices: dict[str, object] = {"prices": self.prices} if self.prices else {}
        prices |= {"messages": self.messages} if self.messages else {}
        learned = {"learned": self.learned.body} if self.learned.body else {}
        return {"price": dict(self.price), "free": told, **rosters, **prices, **learned}


def forecast(
    staff: Iterable[Staff],
    now: datetime,
    *,
    days: int = 7,
    roster: pd.DataFrame | None = None,
    inbound: Mapping[str, Inbound] | None = None,
) -> Forecast:
    """Return free minutes and slots from the half hour that is running to `days` ahead.

    Half hours begin at full and half UTC hours; one counts as far as the queue is open in it. A
    slot's id is its queue and its beginning, so that planning again names the same slots alike.
    `roster` holds every version of what was known by now, as the relation staffing has it, from the
    beginning of today in any zone. It rules on the local days that it names; on others the settings
    do. `inbound`: what is foreseen, for the half hours of `half_hours`, by queue where it is.
    """
    known = sorted(staff, key=lambda one: one.queue)
    starts = half_hours(now, days)
    rows = {} if roster is None else dict(iter(roster.groupby("queue")))
    foreseen = inbound or {}
    made = [
        _free(one, starts, rows.get(one.queue, _NO_ROSTER), foreseen.get(one.queue))
        for one in known
    ]
    free = pd.concat([_empty(), *(table for table, _ in made)], ignore_index=True)
    handle = {one.queue: one.handle_min for one in known}
    places = np.floor(free["free_min"] / free["queue"].map(handle).astype("float64"))
    slots = free.assign(capacity=places.astype("int64"), slot_id=_ids(free))
    slots = slots.loc[slots["capacity"] > 0]
    columns = ["slot_id", "queue", "starts_at", "ends_at", "capacity"]
    price = {one.queue: one.price_minor_per_min for one in known}
    said = zip(known, (said for _, said in made), strict=True)
    rosters = {one.queue: newest for one, newest in said if newest}
    return Forecast(free, slots[columns].reset_index(drop=True), price, rosters=rosters)


def half_hours(now: datetime, days: int = 7) -> npt.NDArray[np.int64]:
    """Return when each half hour begins, from the running one to `days` ahead, in microseconds."""
    at = int(naive(now).astype(np.int64))
    return at - at % HALF_HOUR + HALF_HOUR * np.arange(days * DAY // HALF_HOUR)


@cache
def _empty() -> pd.DataFrame:
    none = np.empty(0, "datetime64[us]")
    empty = {"queue": [], "starts_at": none, "ends_at": none, "by": []}
    figures = ("free_min", "agents", "contacts", "needed")
    kinds = {"queue": "str", "by": "str"} | dict.fromkeys(figures, "float64")
    return pd.DataFrame({**empty, **{name: [] for name in figures}}).astype(kinds)


_NO_ROSTER = pd.DataFrame(
    {
        name: np.empty(0, "datetime64[us]" if name != "agents" else "float64")
        for name in ("starts_at", "ends_at", "agents", "again_at", "known_at")
    }
)


def _free(
    one: Staff, starts: npt.NDArray[np.int64], roster: pd.DataFrame, inbound: Inbound | None
) -> tuple[pd.DataFrame, str]:
    """Return a queue's half hours, and when the newest word was known that they follow."""
    agents, ruled, known = _on_duty(one, starts, roster)
    free, kept = agents * one.free_min, np.full(len(starts), np.nan)
    if inbound is not None:
        kept = inbound.needed(agents > 0)
        free = np.fmax(agents * one.concurrency - kept, 0.0) * 30
    table = pd.DataFrame(
        {
            "queue": one.queue,
            "starts_at": starts.view("datetime64[us]"),
            "ends_at": (starts + HALF_HOUR).view("datetime64[us]"),
            "free_min": np.round(free, 6),
            "agents": np.round(agents, 6),
            "by": np.where(ruled, "roster", "settings"),
            "contacts": np.nan if inbound is None else np.round(inbound.foreseen.contacts, 4),
            "needed": kept,
        }
    )
    return table, known


def _on_duty(
    one: Staff, starts: npt.NDArray[np.int64], roster: pd.DataFrame
) -> tuple[Floats, npt.NDArray[np.bool_], str]:
    """Return the agents of each half hour, whether the roster rules in it, and its newest word."""
    zone = zone_of(one.zone)
    if zone is None:
        raise SettingsError(f"queue {one.queue}: {one.zone!r} is no time zone")
    start, end = int(starts[0]), int(starts[-1]) + HALF_HOUR
    pieces = by_roster(roster, zone, start, end)
    settled = one.agents * pieces.open_for(spans(one.hours, zone, start, end))
    worked = np.where(pieces.ruled, pieces.agents * np.diff(pieces.edges), settled)
    half_hour = (pieces.edges[:-1] - start) // HALF_HOUR
    agents = np.bincount(half_hour, worked, len(starts)) / HALF_HOUR
    ruled = np.bincount(half_hour, pieces.ruled, len(starts)) > 0
    return agents, ruled, pieces.known


def _ids(free: pd.DataFrame) -> list[str]:
    times = free["starts_at"].dt.strftime("%Y%m%dT%H%MZ").tolist()
    return [f"{queue}@{at}" for queue, at in zip(free["queue"].tolist(), times, strict=True)]


def current(
    version: str,
    made: Forecast,
    slots: pd.DataFrame,
    now: datetime,
    handle_min: Mapping[str, float],
    budget: Mapping[str, Sequence[tuple[np.datetime64, int]]] | None = None,
) -> Plan:
    """Return the plan that decisions at this moment are made under.

    `slots` are the published ones (slot_id, queue, starts_at, ends_at, capacity, booked). Minutes
    promised to call-backs in this half hour are taken off what is free now. `budget`: as in Plan.
    """
    at = naive(now)
    asked, asked_later = asked_at(made, at)
    running = made.free[(made.free["starts_at"] <= at) & (made.free["ends_at"] > at)]
    booked = slots[(slots["starts_at"] <= at) & (slots["ends_at"] > at)]
    promised = booked["booked"] * booked["queue"].map(of_queues(made, handle_min)).fillna(0.0)
    taken = promised.groupby(booked["queue"]).sum().to_dict()
    free = dict(zip(running["queue"].tolist(), running["free_min"].tolist(), strict=True))
    return Plan(
        version,
        {queue: max(0.0, minutes - float(taken.get(queue, 0))) for queue, minutes in free.items()},
        slots.assign(free=slots["capacity"] - slots["booked"], room=_room(made, slots, at)),
        asked,
        asked_later,
        made.learned,
        message_asked(made, at),
        budget or {},
    )


def _room(made: Forecast, slots: pd.DataFrame, at: np.datetime64) -> Floats:
    """Return for each slot the places that are meant for who is promised one now; all without such a plan.

    Of those that the plan has for slots and nobody has yet, the earliest, as many as are to be promised in
    what is left of the running half hour: what is promised later can only be kept later.
    """
    left_over = (slots["capacity"] - slots["booked"]).to_numpy(np.float64)
    free: Floats = np.maximum(left_over, 0.0)
    running = place_of(made, at)
    if not any("slots" in row for row in made.prices.values()):
        return free
    begun = slots["starts_at"].to_numpy() - made.free["starts_at"].min().to_datetime64()
    place = begun // np.timedelta64(HALF_HOUR, "us")
    left = 1 - int(at.astype("datetime64[us]").astype(np.int64)) % HALF_HOUR / HALF_HOUR
    room = np.zeros(len(slots))
    for name, row in made.prices.items():
        wanted, asked = np.asarray(row.get("slots", []), np.float64), row.get("asked", [])
        mine = np.flatnonzero(
            (slots["queue"] == name).to_numpy() & (place > running) & (place < len(wanted))
        )
        mine = mine[np.argsort(place[mine], kind="stable")]
        planned = np.round(wanted[place[mine]] - slots["booked"].to_numpy(np.float64)[mine])
        now = asked[running] * left if 0 <= running < len(asked) else 0.0
        room[mine] = earliest(np.clip(planned, 0.0, free[mine]), now)
    return room


def earliest(room: Floats, places: float) -> Floats:
    """Return what the earliest places take of the room (h,) of each half hour: so many, and at least one."""
    before = np.cumsum(room) - room
    taken: Floats = np.clip(max(1.0, places) - before, 0.0, room)
    return taken


def of_queues(made: Forecast, settings: Mapping[str, float]) -> dict[str, float]:
    """Return how many minutes a promised call takes in each queue: as learned, else as in the settings."""
    known = {name: one[USUAL] for name, one in made.learned.handle.items()}
    return {**settings, **known}


def asked_at(made: Forecast, at: np.datetime64) -> tuple[dict[str, float], dict[str, float]]:
    """Return what the plan asks at a moment for a minute now, and for one in a slot where that differs."""
    if not made.prices or not len(made.free):
        return dict(made.price), {}
    place = place_of(made, at)
    now, later = (
        {name: row[kind][place] for name, row in made.prices.items() if 0 <= place < len(row[kind])}
        for kind in ("now", "later")
    )
    return {**made.price, **now}, later


def message_asked(made: Forecast, at: np.datetime64) -> dict[str, float]:
    """Return what the plan asks at a moment for a message, by channel that has a budget."""
    place = place_of(made, at)
    return {name: row[place] for name, row in made.messages.items() if 0 <= place < len(row)}


def place_of(made: Forecast, at: np.datetime64) -> int:
    """Return which of the plan's half hours a moment is in, the first being 0; -1 for none."""
    if not len(made.free):
        return -1
    begun = at - made.free["starts_at"].min().to_datetime64()
    return int(begun // np.timedelta64(HALF_HOUR, "us"))

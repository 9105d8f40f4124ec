"""What a plan asks for an agent's minute, from what was weighed of late and who is free ahead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa

from engage.app.app import App
from engage.clock import as_utc
from engage.decide.arrivals import HALF_HOUR
from engage.decide.hours import DAY
from engage.decide.inbound import Floats, Whole
from engage.decide.minutes import Learned
from engage.decide.plan import Forecast, of_queues
from engage.decide.prices import Wanted, at_once, solve
from engage.store import slots, weighed

FEWEST = 200
"""Of fewer that were weighed in a week no price is made."""
MOST = 6_000
"""Of more only a share is looked at; it stands for all."""
AHEAD = 48
"""Half hours that are priced."""
_NEAR = 4
"""Half hours before and behind whose people are like those of the running one."""
_DAYS = 7


def prices(app: App, made: Forecast) -> dict[str, dict[str, list[float]]]:
    """Return the price of a minute by queue and half hour, now and of a slot; {} where too little is known.

    Those of the last week, or since the first, stand for those to come: as many a day, at the same
    time of the day, worth as much. What is promised in slots already is not for sale.
    """
    now = app.now()
    since = now - timedelta(days=_DAYS)
    with app.store.read() as tx:
        known = weighed.count(tx, since, now)
        if known < FEWEST or not len(made.free):
            return {}
        share = min(1.0, MOST / known)
        rows = weighed.read(tx, since, now, share)
        first, last = made.free["starts_at"].min(), made.free["ends_at"].max()
        promised = slots.between(tx, as_utc(first), as_utc(last)).to_pandas()
    names = made.free["queue"].drop_duplicates().tolist()
    wanted = _wanted(app, rows, names, int(first.value // 1_000), share, made.learned)
    free = _free(app, made, promised, names)
    found = solve(wanted, free)
    found.now[:, 0] = at_once(_about_now(wanted), found.later[:, 0], free[:, 0])
    return {
        name: {"now": _rounded(found.now[row]), "later": _rounded(found.later[row])}
        for row, name in enumerate(names)
    }


def _about_now(wanted: Wanted) -> Wanted:
    """Return those of the hours around now, so many of them as come up in the running half hour."""
    apart = np.minimum(wanted.half_hour, AHEAD - wanted.half_hour)
    near = apart <= _NEAR
    number = np.cumsum(near) - 1
    mine = near[wanted.group]
    expected, all_near = wanted.size[apart == 0].sum(), wanted.size[near].sum()
    return replace(
        wanted,
        group=number[wanted.group[mine]],
        net=wanted.net[mine],
        minutes=wanted.minutes[mine],
        queue=wanted.queue[mine],
        later=wanted.later[mine],
        size=wanted.size[near] * (expected / all_near if all_near else 0.0),
        half_hour=wanted.half_hour[near],
    )


def _rounded(row: Floats) -> list[float]:
    return [float(one) for one in np.round(row, 4)]


def _free(app: App, made: Forecast, promised: pd.DataFrame, names: Sequence[str]) -> Floats:
    """Return (q, h) the minutes that nobody was promised yet."""
    whole = made.free.pivot_table(index="queue", columns="starts_at", values="free_min")
    written = {name: queue.handle_min for name, queue in app.settings.queues.items()}
    handle = of_queues(made, written)
    taken = promised.assign(minutes=promised["booked"] * promised["queue"].map(handle).fillna(0.0))
    less = taken.pivot_table(index="queue", columns="starts_at", values="minutes", aggfunc="sum")
    left = whole - less.reindex_like(whole).fillna(0.0)
    return np.asarray(left.loc[list(names)].to_numpy(np.float64)[:, :AHEAD].clip(min=0.0))


def _wanted(
    app: App, rows: pa.Table, names: Sequence[str], start: int, share: float, known: Learned
) -> Wanted:
    """Return those of a week as those of the coming day, alike ones together."""
    at = rows["at"].cast(pa.timestamp("us")).cast(pa.int64()).to_numpy()
    days = float(np.clip((start - at.min(initial=start)) / DAY, 1, _DAYS))
    half_hour = (at - start) % DAY // HALF_HOUR
    alike: dict[tuple[Any, ...], float] = {}
    told = (half_hour.tolist(), rows["options"].to_pylist(), rows["weight"].to_pylist())
    for place, text, weight in zip(*told, strict=True):
        key = (place, *sorted(_options(app, msgspec.json.decode(text))))
        alike[key] = alike.get(key, 0.0) + weight
    options = [(group, *one) for group, key in enumerate(alike) for one in key[1:]]
    actions = [app.actions[name] for _, name, _ in options]
    return Wanted(
        group=_whole([group for group, _, _ in options]),
        net=np.asarray([net for _, _, net in options], np.float64),
        minutes=np.asarray([known.usual(one, app.rules.attempt_min) for one in actions]),
        queue=_whole([names.index(one.queue) if one.queue in names else -1 for one in actions]),
        later=np.asarray([one.slot for one in actions], bool),
        size=np.asarray(list(alike.values()), np.float64) / share / days,
        half_hour=_whole([key[0] for key in alike]),
    )


def _options(app: App, nets: dict[str, float]) -> list[tuple[str, float]]:
    """Return what still exists and is worth something, to two digits."""
    return [
        (name, float(f"{net:.2g}")) for name, net in nets.items() if name in app.actions and net > 0
    ]


def _whole(values: Sequence[int]) -> Whole:
    return np.asarray(values, np.int64)

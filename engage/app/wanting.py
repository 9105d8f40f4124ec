"""Those of the last week, who stand for those of the coming day when agents' minutes are priced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from engage.app.app import App
from engage.app.rules import day_budgets
from engage.decide.arrivals import HALF_HOUR
from engage.decide.hours import DAY
from engage.decide.inbound import Whole
from engage.decide.minutes import Learned
from engage.decide.prices import Wanted
from engage.store import Tx, weighed

FEWEST = 200
"""Of fewer that were weighed in a week no price is made."""
MOST = 6_000
"""Of more only a share is looked at; it stands for all."""
AHEAD = 48
"""Half hours that are priced."""
_NEAR = 4
"""Half hours before and behind whose people are like those of the running one."""
_DAYS = 7


def wanting(
    app: App, tx: Tx, names: Sequence[str], start: int, now: datetime, known: Learned
) -> Wanted | None:
    """Return who comes up in the day from `start` on, if it is as the last week was; None of too few.

    names: the queues, in the order of the program. start: the running half hour's beginning, in microseconds.
    now: up to when they were weighed. known: how many minutes they take. As many a day as in that week, or since the first, at the same time of
    the day, worth as much.
    """
    since = now - timedelta(days=_DAYS)
    found = weighed.count(tx, since, now)
    if found < FEWEST:
        return None
    share = min(1.0, MOST / found)
    return _wanted(app, weighed.read(tx, since, now, share), names, start, share, known)


def about_now(wanted: Wanted, part: float = 1.0) -> Wanted:
    """Return those of the hours around now, so many of them as come up in this part of the half hour."""
    apart = np.minimum(wanted.half_hour, AHEAD - wanted.half_hour)
    expected, near = part * wanted.size[apart == 0].sum(), wanted.of(apart <= _NEAR)
    everybody = near.size.sum()
    return replace(near, size=near.size * (expected / everybody if everybody else 0.0))


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
    budgets = [one.channel for one in day_budgets(app.settings)]
    options = [(group, *one) for group, key in enumerate(alike) for one in key[1:]]
    actions = [app.actions[name] for _, name, _ in options]
    return Wanted(
        group=_whole([group for group, _, _ in options]),
        net=np.asarray([net for _, _, net in options], np.float64),
        minutes=np.asarray(
            [known.usual(one, app.rules.attempt_min) for one in actions], np.float64
        ),
        queue=_whole([names.index(one.queue) if one.queue in names else -1 for one in actions]),
        later=np.asarray([one.slot for one in actions], bool),
        size=np.asarray(list(alike.values()), np.float64) / share / days,
        half_hour=_whole([key[0] for key in alike]),
        message=_whole([budgets.index(a.channel) if a.channel in budgets else -1 for a in actions]),
    )


def _options(app: App, nets: dict[str, float]) -> list[tuple[str, float]]:
    """Return what still exists and is worth something, to two digits."""
    return [
        (name, float(f"{net:.2g}")) for name, net in nets.items() if name in app.actions and net > 0
    ]


def _whole(values: Sequence[int]) -> Whole:
    return np.asarray(values, np.int64)

"""What a plan asks for an agent's minute, from what was weighed of late and who is free ahead."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from engage.app.app import App
from engage.app.rules import day_budgets
from engage.app.wanting import AHEAD, about_now, wanting
from engage.clock import as_utc
from engage.decide.inbound import Floats
from engage.decide.pace import at_once
from engage.decide.plan import Forecast, of_queues
from engage.decide.prices import Budgets, Wanted, solve
from engage.store import messages_a_day, slots

Prices = dict[str, dict[str, list[float]]]
Messages = dict[str, list[float]]
_HALF_HOUR = timedelta(minutes=30)


def prices(app: App, made: Forecast) -> tuple[Prices, Messages]:
    """Return the price of a minute by queue and half hour, now and of a slot, and of a message by channel.

    Both are {} where too little is known.

    Those of the last week stand for those to come (`wanting`). What is promised in slots already is
    not for sale. With the prices goes how many places of each half hour slots shall take, those that are
    promised included, the others being for those who come up in it; and how many are to be promised in it.
    """
    if not len(made.free):
        return {}, {}
    names = made.free["queue"].drop_duplicates().tolist()
    first, last = made.free["starts_at"].min(), made.free["ends_at"].max()
    with app.store.read() as tx:
        wanted = wanting(app, tx, names, int(first.value // 1_000), app.now(), made.learned)
        promised = slots.between(tx, as_utc(first), as_utc(last)).to_pandas()
        left = {
            one.channel: messages_a_day.left(tx, one, app.now())
            for one in day_budgets(app.settings)
        }
    if wanted is None:
        return {}, {}
    whole, taken = _minutes(app, made, promised, names)
    free = np.maximum(whole - taken, 0.0)
    found = solve(wanted, free, budgets=_budgets(wanted, first, list(left.values())))
    near = about_now(wanted).paying(found.message[:, 0])
    found.now[:, 0] = at_once(near, found.later[:, 0], free[:, 0])
    lasting = of_queues(made, _written(app))
    handle = np.asarray([lasting[name] for name in names])[:, None]
    places, asked = (found.given + taken) / handle, found.promised / handle
    minutes = {
        name: {
            "now": _rounded(found.now[row]),
            "later": _rounded(found.later[row]),
            "slots": _rounded(places[row]),
            "asked": _rounded(asked[row]),
        }
        for row, name in enumerate(names)
    }
    messages = {name: _rounded(row) for name, row in zip(left, found.message, strict=True)}
    return minutes, messages


def _budgets(
    wanted: Wanted, first: pd.Timestamp, left: Sequence[Sequence[tuple[datetime, int]]]
) -> Budgets | None:
    """Return how many messages may leave today, and in the part of tomorrow that is priced.

    Tomorrow's part gets as much of tomorrow's budget as of those who come up in a day come up in it.
    """
    if not left:
        return None
    begins = [as_utc(first.to_pydatetime()) + place * _HALF_HOUR for place in range(AHEAD)]
    midnight = left[0][0][0]
    day = np.asarray([int(one >= midnight) for one in begins], np.int64)
    everybody, late = wanted.size.sum(), wanted.size[day[wanted.half_hour] == 1].sum()
    share = late / everybody if everybody else 0.0
    amounts = [[today[1], share * tomorrow[1]] for today, tomorrow in left]
    return Budgets(np.asarray(amounts, np.float64), day)


def _rounded(row: Floats) -> list[float]:
    return [float(one) for one in np.round(row, 4)]


def _written(app: App) -> dict[str, float]:
    return {name: queue.handle_min for name, queue in app.settings.queues.items()}


def _minutes(
    app: App, made: Forecast, promised: pd.DataFrame, names: Sequence[str]
) -> tuple[Floats, Floats]:
    """Return (q, h) the minutes that are free for offers, and those of them that are promised."""
    whole = made.free.pivot_table(index="queue", columns="starts_at", values="free_min")
    handle = of_queues(made, _written(app))
    taken = promised.assign(minutes=promised["booked"] * promised["queue"].map(handle).fillna(0.0))
    less = taken.pivot_table(index="queue", columns="starts_at", values="minutes", aggfunc="sum")
    both = (whole, less.reindex_like(whole).fillna(0.0))
    free, gone = (one.loc[list(names)].to_numpy(np.float64)[:, :AHEAD] for one in both)
    return free, gone

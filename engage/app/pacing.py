"""The price of the running half hour, made again while it runs, from what is left of it."""

from __future__ import annotations

from datetime import datetime

import numpy as np

from engage.app.app import App
from engage.app.planning import planned
from engage.app.rules import day_budgets
from engage.app.wanting import about_now, wanting
from engage.clock import as_utc
from engage.decide.arrivals import HALF_HOUR
from engage.decide.board import naive
from engage.decide.inbound import Floats
from engage.decide.pace import at_once
from engage.decide.plan import Forecast, current, half_hours, message_asked, place_of
from engage.domain.runs import JobReport
from engage.store import Tx, decisions, plans, slots


def pace_prices(app: App) -> JobReport:
    """Price the running half hour's minutes by those that are left and who may still come up in it.

    What was decided since it began counts for the treated and, by their ghosts, for the held out:
    both move the price alike, and both pay it. A price that changed is kept as a plan that corrects
    the one before, so that decisions can be made again at it. Without a priced plan nothing is done.
    """
    now = app.now()
    start = half_hours(now, days=1)[0]
    with app.store.write() as tx:
        version, made = planned(tx, now)
        names, place = list(made.prices), place_of(made, naive(now))
        part = 1 - (int(naive(now).astype(np.int64)) - start) / HALF_HOUR
        if part == 1 or not all(0 <= place < len(row["now"]) for row in made.prices.values()):
            return JobReport()
        began = as_utc(start.view("datetime64[us]").item())
        wanted = wanting(app, tx, names, int(start), began, made.learned)
        if wanted is None or not names:
            return JobReport()
        later = np.asarray([made.prices[name]["later"][place] for name in names])
        message = message_asked(made, naive(now))
        paid = np.asarray([message.get(one.channel, 0.0) for one in day_budgets(app.settings)])
        rest = about_now(wanted, part).paying(paid)
        asked = at_once(rest, later, _left(app, tx, made, began))
        priced = _priced(made, np.round(asked, 4).tolist(), place)
        if priced == made.prices:
            return JobReport(seen=len(names))
        base = plans.corrected(tx, version) or version
        plans.correct(tx, base, {"prices": priced}, now)
    return JobReport(seen=len(names), done=len(names))


def _priced(made: Forecast, asked: list[float], place: int) -> dict[str, dict[str, list[float]]]:
    """Return the plan's prices with those of the running half hour replaced."""
    return {
        name: {
            kind: [*row[:place], price, *row[place + 1 :]] if kind == "now" else list(row)
            for kind, row in told.items()
        }
        for (name, told), price in zip(made.prices.items(), asked, strict=True)
    }


def _left(app: App, tx: Tx, made: Forecast, began: datetime) -> Floats:
    """Return (q,) the minutes of the running half hour that nobody was promised or given yet."""
    now = app.now()
    ahead = slots.between(tx, began, now + now.resolution).to_pandas()
    handle = {name: queue.handle_min for name, queue in app.settings.queues.items()}
    free = current("", made, ahead, now, handle).free_now
    used = dict.fromkeys(made.prices, 0.0)
    for name, times in decisions.drawn(tx, began).items():
        action = app.actions.get(name)
        if action is not None and not action.slot and action.queue in used:
            used[action.queue] += times * made.learned.usual(action, app.rules.attempt_min)
    return np.asarray([max(0.0, free.get(name, 0.0) - gone) for name, gone in used.items()])

"""Every night matured decisions tell what each action adds, to be believed until the next night."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np

from engage.app.app import App
from engage.app.decision_log import Logged, logged
from engage.app.qualified import qualified
from engage.decide.beliefs import Beliefs, Counts, learn
from engage.decide.evidence import counts
from engage.domain.actions import ContactClass
from engage.domain.runs import JobReport
from engage.domain.triggers import Trigger
from engage.features.engines.duckdb import DuckEngine
from engage.measure.report import Watched
from engage.measure.tried import Tried, tried
from engage.store import beliefs, decisions, triggers

_DIGITS = 6
"""Of figures that are stored and shown."""


def learn_uplift(app: App) -> JobReport:
    """Learn what each action adds under each trigger, from decisions whose horizon has passed."""
    now = app.now()
    with app.store.read() as tx:
        before = beliefs.latest(tx, now)
        since = datetime.fromisoformat(before[1]["until"]) if before else None
        if not decisions.any_matured(tx, since, now):
            return JobReport(note="no decision has matured since the last time")
        watched = [one for one in triggers.current(tx) if _is_compared(one)]
    found = _tried(app, watched)
    fair = {name: one for name, one in found.items() if not one.withheld}
    with app.store.read() as tx:
        logs = {name: logged(tx, name, one, _names(app)) for name, one in fair.items()}
    learned = _believed(app, logs)
    body = {
        "until": now.isoformat(),
        "triggers": {
            **{
                name: _told(app, name, logs, learned, found[name], watched) for name in sorted(logs)
            },
            **{n: {"withheld": t.withheld} for n, t in sorted(found.items()) if t.withheld},
        },
    }
    with app.store.write() as tx:
        beliefs.add(tx, body, now)
    rows = {name: one.rows.num_rows for name, one in logs.items()}
    skipped = {"still waiting for their horizon": sum(one.waiting for one in found.values())}
    skipped |= {f"of {n}: {t.withheld}": t.rows.num_rows for n, t in found.items() if t.withheld}
    return JobReport(
        sum(rows.values()),
        sum(n > 0 for n in rows.values()),
        {k: v for k, v in skipped.items() if v},
    )


def _is_compared(trigger: Trigger) -> bool:
    return trigger.contact_class is not ContactClass.REQUESTED


def _names(app: App) -> tuple[str, ...]:
    return tuple(sorted(app.actions))


def _tried(app: App, watched: list[Trigger]) -> dict[str, Tried]:
    rows = qualified(app)
    asked = [Watched(one.name, one.goal, one.holdout) for one in watched]
    with DuckEngine(app.history.relations(), folder=str(app.history.folder)) as duck:
        return tried(duck, rows, asked, app.now())


def _believed(app: App, logs: dict[str, Logged]) -> tuple[Counts, Beliefs]:
    """Return counts and posteriors, by trigger and action in the order of their names."""
    each = [logs[name] for name in sorted(logs)]
    code = np.repeat(np.arange(len(each)), [len(one.action) for one in each])
    width = len(app.actions) + 1
    found = counts(
        code,
        np.concatenate([np.zeros(0, np.int64), *(one.action for one in each)]),
        np.concatenate([np.zeros((0, width)), *(one.chance for one in each)]),
        np.concatenate([np.zeros(0, np.bool_), *(one.reached for one in each)]),
        len(each),
    )
    prior = np.asarray([app.actions[name].prior_lift for name in _names(app)], np.float64)
    return found, learn(found, prior, app.settings.uplift.prior_decisions)


def _told(
    app: App,
    name: str,
    logs: dict[str, Logged],
    learned: tuple[Counts, Beliefs],
    found: Tried,
    watched: list[Trigger],
) -> dict[str, Any]:
    """Return what is believed of a trigger's actions, as it is stored and shown."""
    row, (counted, believed) = sorted(logs).index(name), learned
    low, high = believed.interval()
    figures = {
        "tried": counted.tried,
        "reached": counted.reached,
        "alone_tried": counted.alone_tried,
        "alone_reached": counted.alone_reached,
        "lift": believed.lift,
        "low": low,
        "high": high,
        "a": believed.a,
        "b": believed.b,
        "alone_a": believed.alone_a,
        "alone_b": believed.alone_b,
    }
    trigger = next(one for one in watched if one.name == name)
    listed = {*trigger.actions, *(app.actions[one].fallback for one in trigger.actions)}
    actions = {
        action: {key: round(float(values[row, column]), _DIGITS) for key, values in figures.items()}
        for column, action in enumerate(_names(app))
        if action in listed or counted.tried[row, column] > 0
    }
    return {"decisions": len(logs[name].action), "waiting": found.waiting, "actions": actions}

"""Every night matured decisions tell what each action adds, to be believed until the next night."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import numpy as np

from engage.app.app import App
from engage.app.decision_log import Logged, logged
from engage.app.engines import over_history
from engage.app.qualified import qualified
from engage.app.uplift_policies import OF_THE_LOG, learn_policies
from engage.decide.beliefs import Beliefs, Counts, learn
from engage.decide.evidence import counts
from engage.domain.actions import ContactClass
from engage.domain.runs import JobReport
from engage.domain.triggers import Trigger
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
    found = whom_it_was_tried_on(app)
    logs = logs_of(app, found)
    told = {one.name: {"withheld": what.withheld} for one, what in found.items() if what.withheld}
    believed = _believed(app, logs, {one.name: what.waiting for one, what in found.items()})
    with app.store.write() as tx:
        beliefs.add(tx, {"until": now.isoformat(), "triggers": told | believed}, now)
    said = learn_policies(app, enough(app, found, logs), by="learn_uplift")
    return _report(found, logs, said)


def whom_it_was_tried_on(app: App) -> dict[Trigger, Tried]:
    """Return what was tried under each trigger that does anything, and that nobody asked for."""
    with app.store.read() as tx:
        known = triggers.current(tx)
    requested = ContactClass.REQUESTED
    watched = [one for one in known if one.contact_class is not requested and not one.aa]
    asked = [Watched(one.name, one.goal, one.holdout) for one in watched]
    with over_history(app) as duck:
        found = tried(duck, qualified(app), asked, app.now())
    return {one: found[one.name] for one in sorted(watched, key=lambda one: one.name)}


def logs_of(app: App, found: Mapping[Trigger, Tried]) -> dict[Trigger, Logged]:
    """Return the decisions that may be learned from, with the chance of each action."""
    with app.store.read() as tx:
        return {
            one: logged(tx, one.name, what, _names(app))
            for one, what in found.items()
            if not what.withheld
        }


def enough(
    app: App, found: Mapping[Trigger, Tried], logs: Mapping[Trigger, Logged]
) -> dict[Trigger, Logged]:
    """Return the logs from which it can be learned who gains, with all that was known of them."""
    least = app.settings.uplift.min_decisions
    with app.store.read() as tx:
        return {
            one: logged(tx, one.name, found[one], _names(app), *OF_THE_LOG)
            for one, log in logs.items()
            if len(log.action) >= least
        }


def _names(app: App) -> tuple[str, ...]:
    return tuple(sorted(app.actions))


def _report(
    found: Mapping[Trigger, Tried], logs: Mapping[Trigger, Logged], said: Mapping[str, str]
) -> JobReport:
    rows = [len(one.action) for one in logs.values()]
    skipped = {"still waiting for their horizon": sum(one.waiting for one in found.values())}
    skipped |= {
        f"of {one.name}: {what.withheld}": what.rows.num_rows
        for one, what in found.items()
        if what.withheld
    }
    return JobReport(
        seen=sum(rows),
        done=sum(n > 0 for n in rows),
        skipped={reason: n for reason, n in skipped.items() if n},
        note="; ".join(f"{name}: {words}" for name, words in said.items()),
    )


def _believed(
    app: App, logs: Mapping[Trigger, Logged], waiting: Mapping[str, int]
) -> dict[str, dict[str, Any]]:
    """Return what is believed of each trigger's actions, as it is stored and shown."""
    counted, learned = _learned(app, list(logs.values()))
    figures = _figures(counted, learned)
    told = {}
    for row, (trigger, log) in enumerate(logs.items()):
        listed = {*trigger.actions, *(app.actions[one].fallback for one in trigger.actions)}
        told[trigger.name] = {
            "decisions": len(log.action),
            "waiting": waiting[trigger.name],
            "actions": {
                name: {key: round(float(of[row, place]), _DIGITS) for key, of in figures.items()}
                for place, name in enumerate(_names(app))
                if name in listed or counted.tried[row, place] > 0
            },
        }
    return told


def _learned(app: App, logs: list[Logged]) -> tuple[Counts, Beliefs]:
    """Return counts and posteriors, (t, k) by trigger and action in the order of its name."""
    width = len(app.actions) + 1
    found = counts(
        np.repeat(np.arange(len(logs)), [len(one.action) for one in logs]),
        np.concatenate([np.zeros(0, np.int64), *(one.action for one in logs)]),
        np.concatenate([np.zeros((0, width)), *(one.chance for one in logs)]),
        np.concatenate([np.zeros(0, np.bool_), *(one.reached for one in logs)]),
        len(logs),
    )
    prior = np.asarray([app.actions[name].prior_lift for name in _names(app)], np.float64)
    return found, learn(found, prior, app.settings.uplift.prior_decisions)


def _figures(counted: Counts, learned: Beliefs) -> dict[str, Any]:
    low, high = learned.interval()
    return {
        "tried": counted.tried,
        "reached": counted.reached,
        "alone_tried": counted.alone_tried,
        "alone_reached": counted.alone_reached,
        "lift": learned.lift,
        "low": low,
        "high": high,
        "a": learned.a,
        "b": learned.b,
        "alone_a": learned.alone_a,
        "alone_b": learned.alone_b,
    }

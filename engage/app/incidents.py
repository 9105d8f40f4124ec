"""An outage: half the visitors suddenly struggle, or somebody says so, and offers wait or become slots."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

import msgspec
import numpy as np

from engage.app.app import App
from engage.app.frames import Scored
from engage.decide.rules import Rules
from engage.store import Tx, audit, marks, scores

MARK = "incident"
MODEL = "session_struggle"
STRUGGLES = 0.5
"""From this score on somebody is said to struggle."""
RULE = "the rule"
_USUAL = timedelta(days=7)
_LATELY = timedelta(hours=2)
"""What is usual is told by the week before the last hours, which may be the outage already."""

Mode = Literal["slots", "pause"]


@dataclass(frozen=True)
class Incident:
    """An outage that is under way."""

    mode: Mode
    by: str
    since: datetime
    seen: datetime
    """When the rule saw it last."""


def current(app: App, tx: Tx) -> Incident | None:
    """Return the incident that is under way, if any.

    One that the rule saw is over when it was not seen for a while, whether anybody looked or not.
    """
    told = marks.get(tx, MARK)
    found = msgspec.json.decode(told, type=Incident) if told else None
    calm = timedelta(minutes=app.settings.incident.calm_min)
    if found is None or (found.by == RULE and app.now() - found.seen >= calm):
        return None
    return found


def obeying(app: App, tx: Tx) -> Rules:
    """Return the rules in force, as they are while an incident lasts."""
    found = current(app, tx)
    return app.rules if found is None else replace(app.rules, incident=found.mode)


def begin(app: App, mode: Mode, by: str) -> None:
    """Say that an outage is under way; it lasts until somebody says that it is over."""
    now = app.now()
    with app.store.write() as tx:
        _keep(tx, Incident(mode, by, now, now))
        audit.add(tx, who=by, verb="incident on", what=mode, at=now)


def end(app: App, by: str) -> bool:
    """Say that the outage is over; False when none was under way."""
    with app.store.write() as tx:
        found = current(app, tx)
        marks.set(tx, MARK, "")
        if found is not None:
            audit.add(tx, who=by, verb="incident off", what=found.mode, at=app.now())
    return found is not None


def watch(app: App, scored: Scored) -> str:
    """Look at those on the pages now, and see an incident begin or go on; return it in words."""
    with app.store.read() as tx:
        lasting = current(app, tx)
    if (lasting is None or lasting.by == RULE) and _seen(app, scored):
        lasting = _noted(app, lasting)
    return "" if lasting is None else f"incident since {lasting.since:%H:%M} UTC: {lasting.mode}"


def _noted(app: App, lasting: Incident | None) -> Incident | None:
    asked, now = app.settings.incident, app.now()
    if asked.do == "nothing":
        return lasting
    new = Incident(asked.do, RULE, now if lasting is None else lasting.since, now)
    with app.store.write() as tx:
        _keep(tx, new)
        if lasting is None:
            audit.add(tx, who=RULE, verb="incident on", what=new.mode, at=now)
    return new


def _seen(app: App, scored: Scored) -> bool:
    """Return whether so many of those struggle who usually get on."""
    asked, now = app.settings.incident, app.now()
    if MODEL not in scored.artifacts:
        return False
    told = np.asarray(scored.frame[MODEL].to_numpy(zero_copy_only=False), np.float64)
    told = told[np.isfinite(told)]
    share = float((told >= STRUGGLES).mean()) if len(told) else 0.0
    if len(told) < asked.visits or share < asked.share:
        return False
    with app.store.read() as tx:
        usual = scores.share(tx, MODEL, STRUGGLES, now - _USUAL, now - _LATELY)
    return usual is not None and share - usual >= asked.share * (1 - usual) - 1e-9


def _keep(tx: Tx, incident: Incident) -> None:
    marks.set(tx, MARK, msgspec.json.encode(asdict(incident)).decode())

"""What may be done with a person now and when next, and why not: the contact policy, asked.

check(app, person) -> dict     places, budget, and a line for each action of each trigger
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from engage.app import incidents
from engage.app.app import App
from engage.app.persons import ids_of, unknown
from engage.decide import context
from engage.decide.budget import WINDOWS
from engage.decide.frequency import COUNTED
from engage.decide.permission import NEVER, Permission, permissions
from engage.decide.rules import Rules
from engage.deliver import killswitch
from engage.domain.reasons import STOPPED
from engage.domain.triggers import Trigger
from engage.store import Tx, people, triggers
from engage.store import context as stored_context

AHEAD = timedelta(days=30)
"""So far ahead the next chance is looked for: every budget has rolled on by then."""


def check(app: App, person: str) -> dict[str, Any]:
    """Return what the policy allows a person by each action of each trigger, now and when next.

    `person` is our id or the company's own number. `stopped` says since when and by whom the kill
    switch is on, `incident` is the outage that holds actions back; both as they are now. Whether somebody is free and whether it would be
    worth it is not asked. Raises WrongUse when nothing is known of the person.
    """
    now = app.now()
    with app.store.read() as tx:
        ids = ids_of(tx, person)
        if not ids:
            raise unknown(person)
        who = people.canonical(tx, ids)[ids[0]]
        in_force = {trigger.name: trigger for trigger in triggers.current(tx)}
        stopped, outage = killswitch.stopped(tx), incidents.current(app, tx)
        rules = incidents.obeying(app, tx)
        tables, known = _known(app, tx, who, now)
        allowed = permissions(in_force, app.actions, known, rules, now)
        # Nobody can say when a person will let things flow again.
        moments = [] if stopped else _changes(tables, app, now)
        first = _next(app, tx, who, in_force, rules, moments)
    return {
        "person_id": who,
        "at": now,
        "stopped": stopped,
        "incident": outage and {"mode": outage.mode, "since": outage.since, "by": outage.by},
        **_facts(tables, known.iloc[0], now),
        "actions": [_line(one, first.get(_key(one)), stopped) for one in allowed],
    }


def _known(app: App, tx: Tx, who: str, at: datetime) -> tuple[dict[str, pa.Table], pd.DataFrame]:
    """Return what is stored of the person, and the context, as they stand at a moment to come."""
    tables = stored_context.read(tx, [who], at, app.suppression_key)
    ends = tables["open_actions"]["expires_at"]
    past = pc.fill_null(pc.less_equal(ends, pa.scalar(_naive(at), ends.type)), False)
    tables["open_actions"] = tables["open_actions"].filter(pc.invert(past))
    purposes = sorted({action.needs for action in app.actions.values() if action.needs})
    lives = {name: action.life for name, action in app.actions.items()}
    return tables, context.build([who], at, tables, purposes, lives)


def _changes(tables: dict[str, pa.Table], app: App, now: datetime) -> list[datetime]:
    """Return the moments, the present first, at which something that forbids may end."""
    windows = {window.astype(timedelta) for window in WINDOWS.values()}
    lives = {action.life for action in app.actions.values()}
    had = [at for name in ("contacts", "ghosts") for at in tables[name]["at"].to_pylist()]
    ends = [
        tables[name][column].drop_null().to_pylist()
        for name, column in (
            ("contacts", "rest_until"),
            ("ghosts", "rest_until"),
            ("exclusions", "valid_until"),
            ("open_actions", "expires_at"),
        )
    ]
    moments = {at + passed for at in had for passed in windows | lives}.union(*ends)
    return sorted({now, *(at for one in moments if now <= (at := _aware(one)) <= now + AHEAD)})


def _next(
    app: App,
    tx: Tx,
    who: str,
    in_force: dict[str, Trigger],
    rules: Rules,
    moments: list[datetime],
) -> dict[tuple[str, str], datetime]:
    """Return when each action of each trigger may come first; without a row, not foreseeable."""
    found: dict[tuple[str, str], datetime] = {}
    for at in moments:
        _, known = _known(app, tx, who, at)
        for one in permissions(in_force, app.actions, known, rules, at):
            if not one.lasting and one.opens != NEVER:
                found.setdefault(_key(one), _moment(one.opens))
    return found


def _key(one: Permission) -> tuple[str, str]:
    return one.trigger.name, one.action.name


def _line(one: Permission, first: datetime | None, stopped: str) -> dict[str, Any]:
    why_not = [STOPPED] * bool(stopped) + [reason.sentence for reason in one.against]
    return {
        "trigger": one.trigger.name,
        "class": str(one.trigger.contact_class),
        "action": one.action.name,
        "channel": one.action.channel,
        "now": not why_not,
        "next": first,
        "reasons": [str(reason) for reason in one.against],
        "why_not": why_not,
    }


def _facts(tables: dict[str, pa.Table], known: pd.Series[Any], now: datetime) -> dict[str, Any]:
    """Return what the answer rests on; numbers and addresses stay hidden."""
    rest = known["rest_until"]
    return {
        "places": list(known["places"]),
        "clocks": dict(_clocks(known["zones"], now)),
        "consents": [
            {name: row[name] for name in ("purpose", "granted", "at")}
            for row in tables["consents"].to_pylist()
        ],
        "suppressed": bool(known["suppressed"]),
        "exclusions": [_exclusion(row) for row in tables["exclusions"].to_pylist()],
        "had": {name: int(known[name]) for name in (*COUNTED, "all_24h", "all_30d")},
        "rest_until": None if pd.isna(rest) else _aware(pd.Timestamp(rest).to_pydatetime()),
        "open_action": bool(known["open_action"]),
    }


def _exclusion(row: dict[str, Any]) -> dict[str, Any]:
    ends = row["valid_until"]
    return {
        "reason": row["reason"],
        "source": row["source"],
        "since": _aware(row["valid_from"]),
        "until": _aware(ends) if ends else None,
        "must_serve": bool(row["must_serve"]),
    }


def _clocks(zones: tuple[str, ...], now: datetime) -> Iterator[tuple[str, str]]:
    """Yield each zone that exists with the time there."""
    for name in zones:
        try:
            yield name, f"{now.astimezone(ZoneInfo(name)):%a %H:%M}"
        except (KeyError, ValueError, OSError):
            yield name, "no such zone"


def _moment(at: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)


def _aware(at: datetime) -> datetime:
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _naive(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(tzinfo=None)

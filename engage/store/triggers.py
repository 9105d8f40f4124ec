"""Triggers by name and version: the approved version rules, whatever the settings say later.

add_version(tx, trigger, at) -> Trigger             as the next version of its name
add_after(tx, trigger, base, at) -> Trigger | None  as the one after `base`; None if that is taken
written_at(tx, name, number) -> datetime | None     when a version was stored
current(tx) -> list[Trigger]                        the version in force of each name
version(tx, name, number) -> Trigger | None
versions(tx, name) -> list[Trigger]                 the newest first
waiting(tx) -> list[Trigger]                        the newest of each name that may go live yet
set_state(tx, name, number, state, *, by, at) -> bool
"""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from engage.domain.actions import ContactClass
from engage.domain.scores import Subject
from engage.domain.triggers import Stake, Trigger, TriggerState
from engage.store import approvals, bulk
from engage.store.store import Tx
from engage.store.tables.governance import triggers

_S = TriggerState
STEPS: dict[TriggerState, frozenset[TriggerState]] = {
    _S.DRAFT: frozenset({_S.APPROVED}),
    _S.APPROVED: frozenset({_S.LIVE}),
    _S.LIVE: frozenset({_S.PAUSED}),
    _S.PAUSED: frozenset({_S.LIVE}),
}
"""From an idea to the customer and back; nothing goes live without approval."""

_OWN = ("name", "version", "state", "by", "approved_by")
_DURATIONS = ("horizon", "validity")
_LISTS = ("actions", "variants")


def add_version(tx: Tx, trigger: Trigger, at: datetime) -> Trigger:
    """Store a trigger as the next version of its name and return it with its number."""
    newest = next(iter(versions(tx, trigger.name)), None)
    added = add_after(tx, trigger, 0 if newest is None else newest.version, at)
    # Where somebody else took the number meanwhile, there is a newer one by now.
    return added or add_version(tx, trigger, at)


def add_after(tx: Tx, trigger: Trigger, base: int, at: datetime) -> Trigger | None:
    """Store a trigger as the version after `base`; None when that one is there already."""
    numbered = replace(trigger, version=base + 1)
    row = {
        "name": numbered.name,
        "version": numbered.version,
        "body": _text(numbered),
        "state": str(numbered.state),
        "by": numbered.by,
        "approved_by": numbered.approved_by,
        "created_at": at,
    }
    new = bulk.insert_new(tx, "triggers", bulk.one(triggers, row))
    return numbered if new else None


def written_at(tx: Tx, name: str, number: int) -> datetime | None:
    """Return when a version of a trigger was stored."""
    query = sa.select(triggers.c.created_at)
    at: datetime | None = tx.execute(
        query.where(triggers.c.name == name, triggers.c.version == number)
    ).scalar()
    return at


def current(tx: Tx) -> list[Trigger]:
    """Return the version in force of each name, in name order.

    That is the newest live one; where none is live, the newest paused, approved or drafted.
    """
    rank = [_S.LIVE, _S.PAUSED, _S.APPROVED, _S.DRAFT]
    best: dict[str, Trigger] = {}
    for one in _read(tx, sa.true()):
        held = best.get(one.name)
        if held is None or rank.index(one.state) < rank.index(held.state):
            best[one.name] = one
    return [best[name] for name in sorted(best)]


def version(tx: Tx, name: str, number: int) -> Trigger | None:
    """Return one version of a trigger; None when there is none."""
    condition = sa.and_(triggers.c.name == name, triggers.c.version == number)
    return next(iter(_read(tx, condition)), None)


def versions(tx: Tx, name: str) -> list[Trigger]:
    """Return every version of a trigger, the newest first."""
    return _read(tx, triggers.c.name == name)


def waiting(tx: Tx) -> list[Trigger]:
    """Return the newest version of each name that has not been live yet, in name order.

    One that is older than the version in force has been overtaken and waits no more.
    """
    newest: dict[str, Trigger] = {}
    for one in _read(tx, sa.true()):
        newest.setdefault(one.name, one)
    return [one for one in newest.values() if one.state in (_S.DRAFT, _S.APPROVED)]


def set_state(
    tx: Tx, name: str, number: int, state: TriggerState, *, by: str, at: datetime
) -> bool:
    """Take a version to its next state; False when that step is not open to it, or to this person.

    Nobody approves what they wrote. A version that goes live pauses the one before, and none goes
    live after a newer one has: what is paused and the newest is always what was live last.
    """
    known = _held(tx, name)
    found = next((one for one in known if one.version == number), None)
    if found is None or state not in STEPS[found.state]:
        return False
    if state is _S.APPROVED and by.casefold() == found.by.casefold():
        return False
    if state is _S.LIVE:
        if any(one.version > number and one.state in (_S.LIVE, _S.PAUSED) for one in known):
            return False
        tx.execute(
            sa.update(triggers)
            .where(triggers.c.name == name, triggers.c.state == _S.LIVE)
            .values(state=_S.PAUSED)
        )
    approved = {"approved_by": by, "approved_at": at} if state is _S.APPROVED else {}
    tx.execute(
        sa.update(triggers)
        .where(triggers.c.name == name, triggers.c.version == number)
        .values(state=state, **approved)
    )
    approvals.add(tx, kind="trigger", name=name, version=str(number), verb=str(state), by=by, at=at)
    return True


def _held(tx: Tx, name: str) -> list[Trigger]:
    """Return every version of a trigger, which nobody else can change until the transaction ends."""
    mine = triggers.c.name == name
    tx.execute(
        sa.select(triggers.c.version).where(mine).order_by(triggers.c.version).with_for_update()
    )
    return versions(tx, name)


def _text(trigger: Trigger) -> str:
    body = {key: value for key, value in asdict(trigger).items() if key not in _OWN}
    for name in _DURATIONS:
        body[name] = body[name].total_seconds()
    return json.dumps(body, sort_keys=True)


def _read(tx: Tx, condition: sa.ColumnElement[bool]) -> list[Trigger]:
    query = sa.select(triggers).where(condition)
    found = tx.execute(query.order_by(triggers.c.name, triggers.c.version.desc())).mappings()
    return [_trigger(row) for row in found]


def _trigger(row: sa.RowMapping) -> Trigger:
    body: dict[str, Any] = json.loads(row["body"])
    for name in _DURATIONS:
        body[name] = timedelta(seconds=body[name])
    for name in _LISTS:
        body[name] = tuple(body[name])
    body["subject"] = Subject(body["subject"])
    body["contact_class"] = ContactClass(body["contact_class"])
    body["stake"] = Stake(body["stake"])
    own = {name: row[name] for name in _OWN} | {"state": TriggerState(row["state"])}
    return Trigger(**body, **own)

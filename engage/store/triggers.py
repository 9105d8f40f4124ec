"""Triggers by name and version: the approved version rules, whatever the settings say later.

add_version(tx, trigger, at) -> Trigger             as the next version of its name
current(tx) -> list[Trigger]                        the version in force of each name
version(tx, name, number) -> Trigger | None
versions(tx, name) -> list[Trigger]                 the newest first
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
    numbered = replace(trigger, version=1 if newest is None else newest.version + 1)
    row = {
        "name": numbered.name,
        "version": numbered.version,
        "body": _text(numbered),
        "state": str(numbered.state),
        "by": numbered.by,
        "approved_by": numbered.approved_by,
        "created_at": at,
    }
    if bulk.insert_new(tx, "triggers", bulk.one(triggers, row)) == 0:
        # Somebody else took the number meanwhile.
        return add_version(tx, trigger, at)
    return numbered


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


def set_state(
    tx: Tx, name: str, number: int, state: TriggerState, *, by: str, at: datetime
) -> bool:
    """Take a version to its next state; False when that step is not open to it, or to this person.

    Nobody approves what they wrote. A version that goes live pauses the one before.
    """
    found = version(tx, name, number)
    if found is None or state not in STEPS[found.state]:
        return False
    if state is _S.APPROVED and by == found.by:
        return False
    if state is _S.LIVE:
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

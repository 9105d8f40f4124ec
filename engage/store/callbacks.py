"""Call-backs: promises to phone somebody, from the offer to the conversation.

    add(tx, callback) -> bool
    get(tx, callback_id) -> Callback | None
    move(tx, callback_id, before, after, *, now, slot_id=None) -> bool
    read(tx, *, states=None, person_ids=None, slot_id=None) -> list[Callback]
    due(tx, now) -> list[Callback]                booked, and their slot has begun or they have none
    abandoned(tx, lost, over) -> list[Callback]   open, but the call will not be made

Booking a slot and storing its call-back share a transaction: see `deliver.booking`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import sqlalchemy as sa

from engage.domain.callbacks import OPEN_CALLBACKS, CallbackState
from engage.domain.messages import MessageState
from engage.store import bulk
from engage.store.store import Tx
from engage.store.tables.outbox import messages
from engage.store.tables.work import callbacks, slots


@dataclass(frozen=True, slots=True)
class Callback:
    """One promise to phone somebody, as it stands."""

    callback_id: str
    person_id: str
    state: CallbackState
    created_at: datetime
    updated_at: datetime
    decision_id: str | None = None
    slot_id: str | None = None
    phone_needed: bool = False
    """We still have to ask for a number."""


def add(tx: Tx, callback: Callback) -> bool:
    """Store a call-back; False when it is there already."""
    row = asdict(callback) | {"state": str(callback.state)}
    return bulk.insert_new(tx, "callbacks", bulk.one(callbacks, row)) == 1


def get(tx: Tx, callback_id: str) -> Callback | None:
    """Return one call-back; None when there is none."""
    return next(iter(_found(tx, sa.select(callbacks).where(_is(callback_id)))), None)


def _is(callback_id: str) -> sa.ColumnElement[bool]:
    same: sa.ColumnElement[bool] = callbacks.c.callback_id == callback_id
    return same


def move(
    tx: Tx,
    callback_id: str,
    before: CallbackState,
    after: CallbackState,
    *,
    now: datetime,
    slot_id: str | None = None,
) -> bool:
    """Take a call-back from one state to the next; False when it was not there."""
    placed = {} if slot_id is None else {"slot_id": slot_id}
    result = tx.execute(
        sa.update(callbacks)
        .where(_is(callback_id), callbacks.c.state == before)
        .values(state=after, updated_at=now, **placed)
    )
    return result.rowcount == 1


def read(
    tx: Tx,
    *,
    states: Collection[CallbackState] | None = None,
    person_ids: Sequence[str] | None = None,
    slot_id: str | None = None,
) -> list[Callback]:
    """Return call-backs, the oldest first."""
    query = sa.select(callbacks)
    if states is not None:
        query = query.where(callbacks.c.state.in_(sorted(states)))
    if person_ids is not None:
        query = query.where(bulk.among(tx, callbacks.c.person_id, person_ids))
    if slot_id is not None:
        query = query.where(callbacks.c.slot_id == slot_id)
    return _found(tx, query.order_by(callbacks.c.created_at, callbacks.c.callback_id))


def due(tx: Tx, now: datetime) -> list[Callback]:
    """Return booked call-backs whose slot has begun or that were to be made at once, in order."""
    begins = sa.func.coalesce(
        slots.c.starts_at, callbacks.c.created_at, type_=slots.c.starts_at.type
    )
    query = (
        sa.select(callbacks)
        .outerjoin(slots, slots.c.slot_id == callbacks.c.slot_id)
        .where(callbacks.c.state == CallbackState.BOOKED, begins <= now)
        .order_by(begins, callbacks.c.callback_id)
    )
    return _found(tx, query)


def abandoned(tx: Tx, lost: Collection[MessageState], over: datetime) -> list[Callback]:
    """Return open call-backs that nobody will make or speak of any more, the oldest first.

    Their decision's message is missing or in one of the states `lost`; or their slot (or, without
    one, the promise) ended before `over`.
    """
    ended = sa.func.coalesce(slots.c.ends_at, callbacks.c.created_at, type_=slots.c.ends_at.type)
    unsent = sa.or_(messages.c.state.is_(None), messages.c.state.in_(sorted(lost)))
    query = (
        sa.select(callbacks)
        .outerjoin(messages, messages.c.decision_id == callbacks.c.decision_id)
        .outerjoin(slots, slots.c.slot_id == callbacks.c.slot_id)
        .where(
            callbacks.c.state.in_(sorted(OPEN_CALLBACKS)),
            sa.or_(sa.and_(callbacks.c.decision_id.is_not(None), unsent), ended <= over),
        )
        .order_by(callbacks.c.created_at, callbacks.c.callback_id)
    )
    return _found(tx, query)


def _found(tx: Tx, query: sa.Select[tuple[object, ...]]) -> list[Callback]:
    return [
        Callback(**{**row, "state": CallbackState(row["state"])})
        for row in tx.execute(query).mappings()
    ]

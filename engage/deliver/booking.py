"""A slot is promised to somebody in one transaction, and given back when the promise falls.

A call-back that the engine plans is `offered` until the call is made; one that the customer picked
is `booked`. Both hold a place of an agent's slot, and a place is never given twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from engage.domain.callbacks import OPEN_CALLBACKS, CallbackState
from engage.domain.ids import Prefix, derive
from engage.domain.messages import MessageState
from engage.store import Tx, callbacks, people, slots
from engage.store.callbacks import Callback

FORGOTTEN = timedelta(hours=24)
"""So long after its time a call-back without an outcome stands in nobody's way any more."""

_LOST = frozenset(
    {
        MessageState.EXPIRED,
        MessageState.SUPPRESSED,
        MessageState.CANCELLED,
        MessageState.FAILED,
        MessageState.DEAD,
    }
)
_HOLDING = (CallbackState.OFFERED, CallbackState.BOOKED)


def promise(
    tx: Tx,
    *,
    decision_id: str,
    person_id: str,
    slot_ids: Sequence[str],
    now: datetime,
    state: CallbackState = CallbackState.OFFERED,
) -> Callback | None:
    """Hold a place in the first of these slots that has one; None when all are taken or past.

    A decision has one call-back: promising again what is promised already changes nothing.
    """
    made = Callback(
        callback_id=derive(Prefix.CALLBACK, decision_id),
        person_id=person_id,
        state=state,
        created_at=now,
        updated_at=now,
        decision_id=decision_id,
        phone_needed=people.destination(tx, person_id, "phone") is None,
    )
    held = callbacks.get(tx, made.callback_id)
    if held is not None:
        return held if held.state in OPEN_CALLBACKS and held.slot_id in slot_ids else None
    for slot_id in slot_ids:
        if _take(tx, slot_id, now):
            return _store(tx, replace(made, slot_id=slot_id))
    return None


def call_now(tx: Tx, *, decision_id: str, person_id: str, now: datetime) -> Callback:
    """Put a call on the agents' list that is to be made at once, without a slot."""
    made = Callback(
        callback_id=derive(Prefix.CALLBACK, decision_id),
        person_id=person_id,
        state=CallbackState.BOOKED,
        created_at=now,
        updated_at=now,
        decision_id=decision_id,
        phone_needed=people.destination(tx, person_id, "phone") is None,
    )
    return _store(tx, made)


def move(tx: Tx, callback_id: str, slot_id: str, now: datetime) -> bool:
    """Move a promised call to another slot; False when that one is taken or past."""
    held = callbacks.get(tx, callback_id)
    if held is None or held.state not in _HOLDING:
        return False
    if held.slot_id == slot_id:
        return True
    if not _take(tx, slot_id, now):
        return False
    moved = callbacks.move(
        tx, callback_id, held.state, CallbackState.BOOKED, now=now, slot_id=slot_id
    )
    _give_back(tx, held.slot_id if moved else slot_id)
    return moved


def cancel(tx: Tx, callback_id: str, now: datetime) -> bool:
    """Give up a promised call and its place; False when there is none to give up."""
    return _end(tx, callbacks.get(tx, callback_id), CallbackState.CANCELLED, now)


def cancel_all(tx: Tx, person_ids: Sequence[str], now: datetime) -> int:
    """Give up every promised call to these people; return how many those were."""
    held = callbacks.read(tx, states=_HOLDING, person_ids=person_ids)
    return sum(_end(tx, one, CallbackState.CANCELLED, now) for one in held)


def called(tx: Tx, decision_id: str, person_id: str, state: MessageState, now: datetime) -> None:
    """Write down that the call of a decision was made, or stands on the agents' list.

    `sent`: the provider dials. `delivered`: the agents' list has it, and they will.
    """
    after = CallbackState.DIALLED if state is MessageState.SENT else CallbackState.BOOKED
    held = callbacks.get(tx, derive(Prefix.CALLBACK, decision_id))
    if held is None:
        held = call_now(tx, decision_id=decision_id, person_id=person_id, now=now)
    if held.state in _HOLDING and held.state is not after:
        callbacks.move(tx, held.callback_id, held.state, after, now=now)


def release_lapsed(tx: Tx, now: datetime) -> int:
    """Give back the places of calls that will not be made; return how many calls that were.

    Those whose message ended before it left, or never entered the outbox, and those whose time is
    long past.
    """
    abandoned = callbacks.abandoned(tx, _LOST, now - FORGOTTEN)
    return sum(_end(tx, held, CallbackState.LAPSED, now) for held in abandoned)


def _take(tx: Tx, slot_id: str, now: datetime) -> bool:
    slot = slots.get(tx, slot_id)
    return slot is not None and slot["ends_at"] > now and slots.book(tx, slot_id)


def _store(tx: Tx, made: Callback) -> Callback:
    if callbacks.add(tx, made):
        return made
    # Somebody promised the same decision at the same moment: theirs stands, our place goes back.
    _give_back(tx, made.slot_id)
    held = callbacks.get(tx, made.callback_id)
    assert held is not None
    return held


def _end(tx: Tx, held: Callback | None, after: CallbackState, now: datetime) -> bool:
    if held is None or held.state not in OPEN_CALLBACKS:
        return False
    ended = callbacks.move(tx, held.callback_id, held.state, after, now=now)
    if ended and held.state in _HOLDING:
        _give_back(tx, held.slot_id)
    return ended


def _give_back(tx: Tx, slot_id: str | None) -> None:
    if slot_id is not None:
        slots.release(tx, slot_id)

"""Offers on the page: fetched by it, shown, and answered - chat now, a call now, a call later, no.

An offer waits in the outbox until the customer's page asks; what nobody asks for in time expires.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from engage.deliver import booking, killswitch
from engage.deliver.claim import Recheck, Verdict
from engage.domain.callbacks import CallbackState
from engage.domain.messages import MessageState
from engage.store import Tx, ledger, outbox, slots
from engage.store.callbacks import Callback
from engage.store.outbox import Claim

_S = MessageState


class Choice(StrEnum):
    """What a customer may say to an offer."""

    CHAT_NOW = "chat_now"
    CALL_NOW = "call_now"
    SLOT = "slot"
    DECLINE = "decline"


@dataclass(frozen=True, slots=True)
class Offer:
    """What the page shows."""

    message_id: str
    action: str
    details: Mapping[str, str]
    expires_at: datetime
    slots: tuple[Mapping[str, Any], ...] = ()
    """Slots that are really free now: slot_id, queue, starts_at, ends_at."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of an answer."""

    choice: Choice
    callback: Callback | None = None


def pending(
    tx: Tx, person_id: str, *, recheck: Recheck, now: datetime, subject_id: str = ""
) -> tuple[Offer, ...]:
    """Return what this person's page may show now; `subject_id` limits it to one visit.

    The rules are asked again: an offer that may no longer be made is put aside.
    """
    if killswitch.stopped(tx):
        return ()
    claims = [
        claim
        for claim in outbox.pending_offers(tx, person_id, now)
        if subject_id in {"", claim.message.details.get("subject_id", "")}
    ]
    verdicts = recheck.judge(tx, claims, now) if claims else {}
    return tuple(
        _offer(tx, claim, now)
        for claim in claims
        if _may(tx, claim, verdicts[claim.message.message_id], now)
    )


def shown(tx: Tx, message_id: str, now: datetime) -> bool:
    """Write down that the page has painted an offer; False when it may not be shown any more."""
    claim = outbox.get(tx, message_id)
    if claim is None or claim.message.expires_at <= now or killswitch.stopped(tx):
        return False
    steps = ((_S.DUE, _S.CLAIMED), (_S.CLAIMED, _S.SENDING), (_S.SENDING, _S.SENT))
    return all(
        outbox.move(tx, message_id, claim.fence, before, after, now=now) for before, after in steps
    )


def answer(
    tx: Tx,
    message_id: str,
    choice: Choice,
    *,
    now: datetime,
    rest: timedelta,
    slot_id: str = "",
) -> Answered | None:
    """Take the customer's answer to an offer on their page.

    None when the offer is not open any more, or the chosen slot was taken meanwhile: then the offer
    stays, for another choice. `rest` is how long somebody who declines is left in peace.
    """
    claim = outbox.get(tx, message_id)
    if claim is None or claim.state is not _S.SENT:
        return None
    # All of it or nothing: a slot must not stay taken for an offer that somebody else answered.
    with tx.begin_nested() as step:
        taken = _take(tx, claim, choice, slot_id, now)
        if taken is None:
            step.rollback()
    if taken is not None and choice is Choice.DECLINE:
        ledger.decline(tx, claim.message.decision_id, now + rest)
    return taken


def _take(tx: Tx, claim: Claim, choice: Choice, slot_id: str, now: datetime) -> Answered | None:
    message = claim.message
    closed = outbox.move(
        tx, message.message_id, claim.fence, _S.SENT, _S.DELIVERED, now=now, note=choice
    )
    if not closed:
        return None
    whose = {"decision_id": message.decision_id, "person_id": message.person_id}
    if choice is Choice.CALL_NOW:
        return Answered(choice, booking.call_now(tx, **whose, now=now))
    if choice is not Choice.SLOT:
        return Answered(choice)
    booked = booking.promise(tx, **whose, slot_ids=[slot_id], now=now, state=CallbackState.BOOKED)
    return None if booked is None else Answered(choice, booked)


def _may(tx: Tx, claim: Claim, verdict: Verdict, now: datetime) -> bool:
    if verdict.reason is None:
        return True
    outbox.move(
        tx,
        claim.message.message_id,
        claim.fence,
        _S.DUE,
        _S.SUPPRESSED,
        now=now,
        note=str(verdict.reason),
    )
    return False


def _offer(tx: Tx, claim: Claim, now: datetime) -> Offer:
    message = claim.message
    listed = message.details.get("slot_ids", "").split(",")
    found = [slots.get(tx, slot_id) for slot_id in listed if slot_id]
    return Offer(
        message_id=message.message_id,
        action=message.action,
        details=message.details,
        expires_at=message.expires_at,
        slots=tuple(slot for slot in found if slot is not None and _free(slot, now)),
    )


def _free(slot: Mapping[str, Any], now: datetime) -> bool:
    return bool(slot["starts_at"] > now and slot["booked"] < slot["capacity"])

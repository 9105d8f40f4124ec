"""What becomes of a message once the provider has answered, or has not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from engage.channels.base import Misconfigured, OptedOut
from engage.deliver import booking, breaker, reports
from engage.deliver.claim import LOST
from engage.deliver.pacing import backoff
from engage.domain.actions import ChannelName
from engage.domain.messages import REACHED_STATES, MessageState, Receipt
from engage.errors import SendError
from engage.store import Tx, outbox, people
from engage.store.lock import lock_people
from engage.store.outbox import Claim

_CONFIGURATION = "configuration "


@dataclass(frozen=True, slots=True)
class Settling:
    """How answers are written down: how many tries there are, and the keys."""

    attempts: int
    draw_key: bytes
    suppression_key: bytes


def settle(
    tx: Tx, claim: Claim, answer: Receipt | SendError, settling: Settling, now: datetime
) -> str:
    """Write down the answer to a message that was being sent; return its state, or `LOST`."""
    if isinstance(answer, Receipt):
        breaker.answered(tx, claim.message.channel)
        return receive(tx, claim, MessageState.SENDING, answer, now)
    if isinstance(answer, Misconfigured):
        breaker.refused(tx, claim.message.channel, now)
        return _again(tx, claim, answer, breaker.PROBE_EVERY, now)
    if answer.ambiguous:
        return _move(tx, claim, MessageState.UNKNOWN, answer, now)
    if answer.permanent:
        return _refuse(tx, claim, answer, settling, now)
    if tries(tx, claim) >= settling.attempts:
        return _move(tx, claim, MessageState.DEAD, answer, now, note=_spent(settling))
    wait = backoff(settling.draw_key, claim.message.message_id, claim.attempts)
    return _again(tx, claim, answer, wait, now)


def receive(tx: Tx, claim: Claim, before: MessageState, receipt: Receipt, now: datetime) -> str:
    """Write down what the provider has of a message; return its state, or `LOST`."""
    message_id = claim.message.message_id
    lock_people(tx, [message_id])  # a report that comes at this moment is seen, or sees this
    moved = outbox.move(
        tx,
        message_id,
        claim.fence,
        before,
        receipt.state,
        now=now,
        provider_id=receipt.provider_id,
        note=receipt.note,
    )
    outbox.add_receipt(
        tx,
        receipt_id=f"{receipt.provider_id}:{receipt.state}",
        provider_id=receipt.provider_id,
        status=receipt.note or str(receipt.state),
        at=now,
        message_id=message_id,
    )
    if not moved:
        return LOST
    joined = reports.join(tx, message_id, now)
    if joined is not None:
        return str(joined)
    if claim.message.channel == ChannelName.CALLBACK and receipt.state in REACHED_STATES:
        booking.called(tx, claim.message.decision_id, claim.message.person_id, receipt.state, now)
    return str(receipt.state)


def tries(tx: Tx, claim: Claim) -> int:
    """Return how often a message was tried, refusals for our own mistakes not counted."""
    codes = outbox.attempts(tx, claim.message.message_id)["code"].to_pylist()
    return sum(not (code or "").startswith(_CONFIGURATION) for code in codes)


def _refuse(tx: Tx, claim: Claim, error: SendError, settling: Settling, now: datetime) -> str:
    breaker.answered(tx, claim.message.channel)
    if isinstance(error, OptedOut):
        _stop(tx, claim, settling, now)
    return _move(tx, claim, MessageState.FAILED, error, now, note=str(error))


def _stop(tx: Tx, claim: Claim, settling: Settling, now: datetime) -> None:
    """Put the number and its holders on the stop list and cancel what is on its way to them."""
    people.suppress_number(
        tx,
        claim.message.destination,
        key=settling.suppression_key,
        reason="opt_out",
        source=claim.message.channel,
        now=now,
    )
    theirs = people.everyone(tx, [claim.message.person_id])
    outbox.cancel(tx, theirs, now=now, note="opted out")


def _again(tx: Tx, claim: Claim, error: SendError, wait: timedelta, now: datetime) -> str:
    due_at = now + wait
    if due_at >= claim.message.expires_at:
        return _move(tx, claim, MessageState.EXPIRED, error, now, note=str(error))
    return _move(tx, claim, MessageState.DUE, error, now, due_at=due_at)


def _move(
    tx: Tx,
    claim: Claim,
    state: MessageState,
    error: SendError,
    now: datetime,
    *,
    note: str | None = None,
    due_at: datetime | None = None,
) -> str:
    ours = isinstance(error, Misconfigured)
    moved = outbox.move(
        tx,
        claim.message.message_id,
        claim.fence,
        MessageState.SENDING,
        state,
        now=now,
        note=note,
        due_at=due_at,
        code=f"{_CONFIGURATION}{error.code}" if ours else error.code,
    )
    return str(state) if moved else LOST


def _spent(settling: Settling) -> str:
    return f"given up after {settling.attempts} attempts"

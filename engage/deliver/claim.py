"""Messages are claimed a handful at a time, asked about again, and begun one by one.

The rules are asked about the whole handful in the transaction that claims it, and anew for what
is left of it after a second. Whether the person has said STOP, and the kill switch, are asked in
the transaction that begins each message: whoever says STOP before that commits is not contacted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy.exc import SQLAlchemyError

from engage.channels.base import Channel
from engage.deliver import breaker, killswitch
from engage.domain.messages import Message, MessageState
from engage.domain.reasons import Reason
from engage.logs import get_logger
from engage.store import Tx, outbox
from engage.store.lock import lock_people
from engage.store.outbox import Claim

HANDFUL = 25
LEAST_LIFE = timedelta(seconds=60)
"""With less of its life left a message is not handed over: the carrier's queue would deliver late."""

_S = MessageState
_log = get_logger("deliver")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rules say about a message just before it would leave."""

    reason: Reason | None = None
    """Why it must not leave; None when it may."""
    until: datetime | None = None
    """When to ask again; None when there is no use in waiting."""


class Recheck(Protocol):
    """The rules, asked again before a message leaves."""

    def judge(self, tx: Tx, claims: Sequence[Claim], now: datetime) -> Mapping[str, Verdict]:
        """Return the verdict on each of these messages, by message id."""
        ...

    def opted_out(self, tx: Tx, message: Message) -> bool:
        """Return whether the person or the number is on the stop list at this moment."""
        ...


@dataclass(frozen=True, slots=True)
class Judged:
    """Claimed messages that may leave, and the words for why the others were put aside."""

    claims: tuple[Claim, ...] = ()
    put_aside: tuple[str, ...] = ()


def claim(
    tx: Tx,
    channels: Mapping[str, Channel],
    recheck: Recheck,
    *,
    now: datetime,
    worker: str,
    limit: int,
    lease_s: float,
) -> Judged:
    """Take a handful of the messages that have been due longest, and judge them."""
    sending = sorted(name for name, channel in channels.items() if not channel.held)
    open_ = breaker.allowed(tx, sending, now)
    if not open_ or killswitch.stopped(tx):
        return Judged()
    handful = outbox.claim(tx, open_, worker, min(limit, HANDFUL), lease_s, now=now)
    return judge(tx, handful, recheck, now)


def judge(tx: Tx, claims: Sequence[Claim], recheck: Recheck, now: datetime) -> Judged:
    """Ask the rules about claimed messages and put aside those that may not leave now."""
    if not claims:
        return Judged()
    try:
        verdicts = recheck.judge(tx, claims, now)
    except SQLAlchemyError:
        raise
    except Exception:  # noqa: BLE001 - one message on which the rules break must not stop all others
        if len(claims) > 1:
            return _joined(judge(tx, [one], recheck, now) for one in claims)
        _log.exception("the rules cannot be asked", message_id=claims[0].message.message_id)
        return Judged((), (_aside(tx, claims[0], _S.DEAD, "the rules could not be asked", now),))
    kept, aside = [], []
    for one in claims:
        word = _put_aside(tx, one, verdicts[one.message.message_id], now)
        if word:
            aside.append(word)
        else:
            kept.append(one)
    return Judged(tuple(kept), tuple(aside))


def begin(
    tx: Tx, held: Claim, channel: Channel, recheck: Recheck, *, now: datetime, lease_s: float
) -> Claim | str:
    """Mark a claimed message as being sent and return it; or the word for why it is put aside."""
    message = held.message
    # Whoever says STOP now waits for this to commit, or has made us wait: there is no between.
    lock_people(tx, [message.person_id, *([message.destination] if message.destination else [])])
    rest = message.expires_at - now
    if rest < LEAST_LIFE:
        return _aside(tx, held, _S.EXPIRED, Reason.EXPIRED, now)
    if recheck.opted_out(tx, message):
        return _aside(tx, held, _S.SUPPRESSED, Reason.SUPPRESSED, now)
    if not breaker.allowed(tx, [message.channel], now):
        return _aside(tx, held, _S.DUE, "channel closed", now)
    begun = outbox.move(
        tx, message.message_id, held.fence, _S.CLAIMED, _S.SENDING, now=now, note=carrier(channel)
    )
    if not begun:
        return LOST
    outbox.renew(tx, message.message_id, held.fence, lease_s)
    breaker.trying(tx, message.channel, now)
    timed = {
        **message.details,
        "validity_s": str(int(rest.total_seconds())),
        "attempt": str(held.attempts + 1),
    }
    return replace(held, message=replace(message, details=timed), attempts=held.attempts + 1)


def release(tx: Tx, claims: Iterable[Claim], now: datetime) -> None:
    """Give back claimed messages that were not begun; they are due as before."""
    for held in claims:
        outbox.move(tx, held.message.message_id, held.fence, _S.CLAIMED, _S.DUE, now=now)


LOST = "lost to another worker"
"""The word for a message that was given to somebody else, or cancelled, meanwhile."""


def carrier(channel: Channel) -> str:
    """Return what is written on a message about the channel that really carries it."""
    return f"by {channel.name}"


def _put_aside(tx: Tx, held: Claim, verdict: Verdict, now: datetime) -> str:
    if held.message.expires_at - now < LEAST_LIFE:
        return _aside(tx, held, _S.EXPIRED, Reason.EXPIRED, now)
    if verdict.reason is None:
        return ""
    if verdict.until is None:
        return _aside(tx, held, _S.SUPPRESSED, verdict.reason, now)
    if verdict.until + LEAST_LIFE > held.message.expires_at:
        return _aside(tx, held, _S.EXPIRED, verdict.reason, now)
    return _aside(tx, held, _S.DUE, verdict.reason, now, verdict.until)


def _aside(
    tx: Tx,
    held: Claim,
    state: MessageState,
    word: str,
    now: datetime,
    due_at: datetime | None = None,
) -> str:
    moved = outbox.move(
        tx,
        held.message.message_id,
        held.fence,
        _S.CLAIMED,
        state,
        now=now,
        note=str(word),
        due_at=due_at,
    )
    return str(word) if moved else LOST


def _joined(parts: Iterable[Judged]) -> Judged:
    listed = list(parts)
    return Judged(
        tuple(one for part in listed for one in part.claims),
        tuple(word for part in listed for word in part.put_aside),
    )

"""Messages of which nobody knows whether they left: looked up at the provider, never repeated blindly.

Found on the provider's list, a message was sent. Missing from two lists at least a minute apart,
it was not: a text is due again if its life allows; a call, which carries no code to be found by,
is given up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from engage.channels.base import Channel
from engage.channels.dry_run import DryRun
from engage.clock import Clock, as_utc
from engage.deliver.claim import carrier
from engage.deliver.settle import receive, tries
from engage.domain.messages import MessageState
from engage.domain.runs import JobReport
from engage.errors import SendError
from engage.settings.sending import Delivery
from engage.store import Store, Tx, outbox
from engage.store.outbox import Claim

BETWEEN_LISTS = timedelta(seconds=60)
ABSENT = "absent"
"""The report that a message is missing from the provider's list."""
_S = MessageState


@dataclass(frozen=True, slots=True)
class Doubt:
    """A message in doubt, with its attempt and who carried it."""

    claim: Claim
    number: int
    started_at: datetime
    carrier: str


def reconcile_unknown(
    store: Store, channels: Mapping[str, Channel], *, clock: Clock, settings: Delivery
) -> JobReport:
    """Look up what is in doubt, at most a batch of it, and settle what can be settled.

    `JobReport.skipped` counts what was not sent after all, what waits for a second list, and what
    cannot be looked up now.
    """
    with store.write() as tx:
        outbox.recover(tx, now=clock.now())
    with store.read() as tx:
        doubts = _doubts(tx, settings.batch)
    tally = Counter(_look_up(store, channels, doubt, settings, clock) for doubt in doubts)
    found = sum(tally.pop(state, 0) for state in (_S.SENT, _S.DELIVERED))
    return JobReport(seen=len(doubts), done=found, skipped=dict(tally))


def _doubts(tx: Tx, limit: int) -> list[Doubt]:
    rows = outbox.read(tx, states=[_S.UNKNOWN]).slice(0, limit).select(["message_id", "note"])
    return [_doubt(tx, row) for row in rows.to_pylist()]


def _doubt(tx: Tx, row: Mapping[str, Any]) -> Doubt:
    claim = outbox.get(tx, row["message_id"])
    assert claim is not None
    last = outbox.attempts(tx, row["message_id"]).to_pylist()[-1]
    return Doubt(claim, last["number"], as_utc(last["started_at"]), row["note"])


def _look_up(
    store: Store,
    channels: Mapping[str, Channel],
    doubt: Doubt,
    settings: Delivery,
    clock: Clock,
) -> str:
    channel = _carrier_of(doubt, channels)
    if channel is None:
        return "its channel is not in use"
    try:
        found = channel.reconcile(doubt.claim.message, doubt.started_at)
    except SendError:
        return "the provider's list cannot be read"
    with store.write() as tx:
        if found is not None:
            return receive(tx, doubt.claim, _S.UNKNOWN, found, clock.now())
        return _absent(tx, channel, doubt, settings, clock.now())


def _carrier_of(doubt: Doubt, channels: Mapping[str, Channel]) -> Channel | None:
    """Return who can tell; a channel switched to dry run knows nothing of what really left."""
    dry = DryRun()
    if doubt.carrier == carrier(dry):
        return dry
    channel = channels.get(doubt.claim.message.channel)
    return channel if channel is not None and doubt.carrier == carrier(channel) else None


def _absent(tx: Tx, channel: Channel, doubt: Doubt, settings: Delivery, now: datetime) -> str:
    first = _first_absence(tx, doubt, now)
    if now - first < BETWEEN_LISTS:
        return "absent from the first list"
    again = channel.repeatable and tries(tx, doubt.claim) < settings.attempts
    after = _S.DUE if again else _S.DEAD
    moved = outbox.move(
        tx,
        doubt.claim.message.message_id,
        doubt.claim.fence,
        _S.UNKNOWN,
        after,
        now=now,
        due_at=now if again else None,
        note=None if again else "unknown, not repeated",
        code=ABSENT,
    )
    return str(after) if moved else "settled by another worker"


def _first_absence(tx: Tx, doubt: Doubt, now: datetime) -> datetime:
    message_id = doubt.claim.message.message_id
    report = f"{ABSENT}:{message_id}:{doubt.number}"
    outbox.add_receipt(
        tx, receipt_id=report, provider_id="", status=ABSENT, at=now, message_id=message_id
    )
    rows = outbox.receipts(tx, message_id=message_id).to_pylist()
    return next(as_utc(row["at"]) for row in rows if row["receipt_id"] == report)

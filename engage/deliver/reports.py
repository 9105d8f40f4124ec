"""What the provider reports of a message is kept as it came, and counts where it is news.

A report may come before our own commit: while a worker holds the message it is kept, and joined
when the worker has settled the message or has been given up.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from engage.channels.twilio.statuses import furthest, state_of
from engage.channels.twilio.webhooks import Report
from engage.domain.ids import Prefix, derive
from engage.domain.messages import MessageState, may_pass
from engage.store import Tx, outbox
from engage.store.lock import lock_people

_S = MessageState
_HELD = frozenset({_S.SENDING})
"""A worker has it and will settle it."""
_NOT_BEGUN = frozenset({_S.DUE, _S.CLAIMED})


def take(tx: Tx, report: Report, raw: Mapping[str, Any], now: datetime) -> bool:
    """Keep a report and let it count; False when that very report is known already."""
    told = json.dumps(dict(raw), sort_keys=True)
    message_id = report.message_id or _by_provider(tx, report.provider_id)
    if message_id is not None:
        lock_people(tx, [message_id])  # whoever settles it now must see this, or be seen by it
    new = outbox.add_receipt(
        tx,
        receipt_id=derive(Prefix.RECEIPT, report.provider_id, report.status, told),
        provider_id=report.provider_id,
        status=report.status,
        at=now,
        message_id=message_id,
        raw=told,
    )
    if message_id is not None:
        join(tx, message_id, now)
    return new


def _by_provider(tx: Tx, provider_id: str) -> str | None:
    found = outbox.read(tx, provider_id=provider_id)["message_id"].to_pylist()
    return str(found[0]) if found else None


def join(tx: Tx, message_id: str, now: datetime) -> MessageState | None:
    """Let all that was reported of a message count; return its new state, None when it stays.

    A message that was given up as never sent and is due again, but of which the provider now tells,
    has left after all and is not sent a second time.
    """
    held = outbox.get(tx, message_id)
    if held is None or held.state in _HELD:
        return None
    told = _reported(tx, message_id, held.provider_id)
    counted = furthest(status for status, _ in told)
    after = state_of(counted)
    if after is None or not may_pass(held.state, after):
        return None
    if held.state in _NOT_BEGUN and after is _S.FAILED:
        return None  # it will be tried again
    moved = outbox.move(
        tx,
        message_id,
        None,
        held.state,
        after,
        now=now,
        provider_id=held.provider_id or told[-1][1],
        note=counted,
    )
    return after if moved else None


def _reported(tx: Tx, message_id: str, provider_id: str) -> list[tuple[str, str]]:
    """Return (status, provider's id) of all reports on a message, the oldest first."""
    rows = outbox.receipts(tx, message_id=message_id).to_pylist()
    if provider_id:
        known = {row["receipt_id"] for row in rows}
        rows += [
            row
            for row in outbox.receipts(tx, provider_id=provider_id).to_pylist()
            if row["receipt_id"] not in known
        ]
    rows.sort(key=lambda row: (row["at"], row["receipt_id"]))
    # Our own note of an answer may have a code behind the status.
    return [(row["status"].partition(" ")[0], row["provider_id"]) for row in rows]


def join_parked(tx: Tx, now: datetime) -> int:
    """Join reports that came while nobody could take them; return how many messages moved on."""
    return sum(join(tx, one, now) is not None for one in outbox.reported(tx))

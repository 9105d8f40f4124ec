"""Messages on their way out: added with their decision, claimed, moved on, never twice.

    add(tx, rows, now=None) -> np.ndarray[bool]     which rows will leave
    add_lost(tx, rows, now=None) -> int             kept as suppressed, with the decision's draw
    claim(tx, channels, worker, limit, lease_s, *, now) -> list[Claim]
    renew(tx, message_id, fence, lease_s) -> bool
    move(tx, message_id, fence, before, after, *, now, provider_id, note, due_at, code) -> bool
    expire(tx, now) -> int
    cancel(tx, person_ids, *, now, note, destination="", channel="", but="") -> list[str]
    last_to(tx, destination, channel, since) -> dict | None
    reported(tx) -> list[str]               messages in doubt of which the provider has told
    recover(tx, *, now, everything=False) -> Recovered      leases that lapsed with their worker
    pending_offers(tx, person_id, now) -> list[Claim]       chat offers a page may show
    get(tx, message_id) -> Claim | None
    of_decision(tx, decision_id) -> dict | None
    read(tx, *, states, person_ids, message_ids, provider_id, reference) -> pa.Table
    attempts(tx, message_id) -> pa.Table
    add_receipt(tx, ...) -> bool, receipts(tx, *, message_id, provider_id) -> pa.Table

A message that leaves uses its place in the contact ledger; one that does not gives it back.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from engage.domain.messages import ANSWERS, MessageState, may_pass
from engage.store import bulk, ledger
from engage.store.claims import Claim, claim, get, pending_offers, renew
from engage.store.lapses import POISONED, Recovered, recover
from engage.store.receipts import add as add_receipt
from engage.store.receipts import read as receipts
from engage.store.store import Tx
from engage.store.tables.outbox import message_attempts, messages
from engage.store.tables.outbox import receipts as receipt_rows

__all__ = [
    "Claim",
    "Recovered",
    "add",
    "add_lost",
    "add_receipt",
    "attempts",
    "cancel",
    "claim",
    "expire",
    "get",
    "last_to",
    "move",
    "of_decision",
    "pending_offers",
    "read",
    "receipts",
    "recover",
    "renew",
    "reported",
]

_S = MessageState

LOST = "lost the race for the budget, the slot or the person's one open offer"


def add(tx: Tx, rows: pa.Table, now: datetime | None = None) -> npt.NDArray[np.bool_]:
    """Put messages in the outbox; return for each row whether it will leave.

    A person has one open message at a time (`requested` ones are not counted), whoever decides at
    the same moment. The one that comes second is kept as lost: see `add_lost`. `rows`: message_id,
    decision_id, person_id, channel, action, class, destination, body, reference, details (JSON),
    due_at, expires_at.
    """
    dated = _dated(rows, now)
    bulk.insert_new(tx, "messages", bulk.filled(dated, state=str(_S.DUE)))
    add_lost(tx, dated, now)
    leaving = sa.select(messages.c.message_id).where(
        bulk.among(tx, messages.c.message_id, rows["message_id"].to_pylist()),
        messages.c.state != _S.SUPPRESSED,
    )
    there = bulk.fetch(tx, leaving)["message_id"].combine_chunks()
    return np.asarray(pc.is_in(rows["message_id"].cast(pa.string()), there), dtype=bool)


def add_lost(tx: Tx, rows: pa.Table, now: datetime | None = None) -> int:
    """Keep messages that cannot leave: their budget, slot or turn went to somebody else meanwhile.

    The decision stands with its propensity; what was drawn did not happen. Those that are in the
    outbox already stay as they are. Returns how many were lost.
    """
    if "state" in rows.column_names:
        rows = rows.drop_columns(["state"])
    suppressed = bulk.filled(_dated(rows, now), state=str(_S.SUPPRESSED), note=LOST)
    lost = bulk.insert_new(tx, "messages", suppressed)
    if lost:
        held = sa.select(messages.c.decision_id).where(
            bulk.among(tx, messages.c.message_id, rows["message_id"].to_pylist()),
            messages.c.state == _S.SUPPRESSED,
        )
        ledger.settle(tx, list(tx.execute(held).scalars()), _S.DUE, _S.SUPPRESSED)
    return lost


def _dated(rows: pa.Table, now: datetime | None) -> pa.Table:
    for name in ("created_at", "updated_at"):
        if name not in rows.column_names:
            rows = (
                rows.append_column(name, rows["due_at"])
                if now is None
                else bulk.filled(rows, **{name: now})
            )
    return rows


def move(
    tx: Tx,
    message_id: str,
    fence: int | None,
    before: MessageState,
    after: MessageState,
    *,
    now: datetime,
    provider_id: str | None = None,
    note: str | None = None,
    due_at: datetime | None = None,
    code: str = "",
) -> bool:
    """Take a message from one state to the next; False when it was not there or another holds it.

    `fence` None: the word of the provider or of a person, not of the worker that held the claim.
    A message whose workers died three times does not become due again but `dead`. Raises ValueError
    for a step that no message may take.
    """
    if not may_pass(before, after):
        raise ValueError(f"a message never goes from {before} to {after}")
    changed = tx.execute(
        sa.update(messages)
        .where(
            messages.c.message_id == message_id,
            messages.c.state == before,
            sa.true() if fence is None else messages.c.fence == fence,
        )
        .values(_changes(after, now, provider_id, note, due_at))
        .returning(messages.c.decision_id, messages.c.attempts, messages.c.state)
    ).one_or_none()
    if changed is None:
        return False
    _record_attempt(tx, message_id, changed.attempts, before, after, now, code)
    ledger.settle(tx, [changed.decision_id], before, MessageState(changed.state))
    return True


def _changes(
    after: MessageState,
    now: datetime,
    provider_id: str | None,
    note: str | None,
    due_at: datetime | None,
) -> dict[str, Any]:
    given = {"provider_id": provider_id, "note": note, "due_at": due_at}
    changes: dict[str, Any] = {name: one for name, one in given.items() if one is not None}
    changes |= {"state": after, "updated_at": now}
    if after is _S.SENDING:
        changes["attempts"] = messages.c.attempts + 1
    elif after is not _S.CLAIMED:
        changes |= {"claimed_by": None, "lease_until": None}
    if after is _S.DUE:
        changes["state"] = sa.case((messages.c.lapses >= POISONED, _S.DEAD), else_=_S.DUE)
        changes["fence"] = messages.c.fence + 1
    return changes


def _record_attempt(
    tx: Tx,
    message_id: str,
    number: int,
    before: MessageState,
    after: MessageState,
    now: datetime,
    code: str,
) -> None:
    if after is _S.SENDING:
        tx.execute(
            sa.insert(message_attempts).values(message_id=message_id, number=number, started_at=now)
        )
    elif before in {_S.SENDING, _S.UNKNOWN}:
        tx.execute(
            sa.update(message_attempts)
            .where(message_attempts.c.message_id == message_id, message_attempts.c.number == number)
            .values(ended_at=now, result=after, code=code)
        )


def expire(tx: Tx, now: datetime) -> int:
    """End every message that is still due when its life is over; return how many."""
    ended = tx.execute(
        sa.update(messages)
        .where(messages.c.state == _S.DUE, messages.c.expires_at <= now)
        .values(state=_S.EXPIRED, updated_at=now)
        .returning(messages.c.decision_id)
    )
    decisions = list(ended.scalars())
    ledger.settle(tx, decisions, _S.DUE, _S.EXPIRED)
    return len(decisions)


def cancel(
    tx: Tx,
    person_ids: Sequence[str],
    *,
    now: datetime,
    note: str,
    destination: str = "",
    channel: str = "",
    but: str = "",
) -> list[str]:
    """Stop everything to these people that has not left yet; return the messages' ids.

    And to `destination`, whoever it was meant for; on one `channel` alone where it is given; not
    the action `but`.
    """
    theirs = bulk.among(tx, messages.c.person_id, person_ids)
    ended = tx.execute(
        sa.update(messages)
        .where(
            sa.or_(theirs, messages.c.destination == destination) if destination else theirs,
            messages.c.state.in_([_S.DUE, _S.CLAIMED]),
            messages.c.channel == channel if channel else sa.true(),
            messages.c.action != but,
        )
        .values(state=_S.CANCELLED, note=note, updated_at=now, fence=messages.c.fence + 1)
        .returning(messages.c.message_id, messages.c.decision_id)
    ).all()
    ledger.settle(tx, [row.decision_id for row in ended], _S.DUE, _S.CANCELLED)
    return sorted(row.message_id for row in ended)


def read(
    tx: Tx,
    *,
    states: Collection[str] | None = None,
    person_ids: Sequence[str] | None = None,
    message_ids: Sequence[str] | None = None,
    provider_id: str | None = None,
    reference: str | None = None,
) -> pa.Table:
    """Return messages with every stored column, the longest due first."""
    query = sa.select(messages)
    if states is not None:
        query = query.where(messages.c.state.in_(sorted(states)))
    if person_ids is not None:
        query = query.where(bulk.among(tx, messages.c.person_id, person_ids))
    if message_ids is not None:
        query = query.where(bulk.among(tx, messages.c.message_id, message_ids))
    if provider_id is not None:
        query = query.where(messages.c.provider_id == provider_id)
    if reference is not None:
        query = query.where(messages.c.reference == reference)
    return bulk.fetch(tx, query.order_by(messages.c.due_at, messages.c.message_id))


def of_decision(tx: Tx, decision_id: str) -> dict[str, Any] | None:
    """Return the stored message of a decision, by column name; None when nothing was to leave."""
    query = sa.select(messages).where(messages.c.decision_id == decision_id)
    found = tx.execute(query).mappings().one_or_none()
    return None if found is None else dict(found)


def last_to(tx: Tx, destination: str, channel: str, since: datetime) -> dict[str, Any] | None:
    """Return the message of a decision that last left for a number since a moment, if any did."""
    query = (
        sa.select(messages)
        .where(
            messages.c.destination == destination,
            messages.c.channel == channel,
            messages.c.state.in_([_S.SENDING, _S.UNKNOWN, _S.SENT, _S.DELIVERED]),
            messages.c.action.not_in(sorted(ANSWERS)),
            messages.c.updated_at >= since,
        )
        .order_by(messages.c.due_at.desc(), messages.c.message_id)
        .limit(1)
    )
    found = tx.execute(query).mappings().one_or_none()
    return None if found is None else dict(found)


def reported(tx: Tx) -> list[str]:
    """Return the messages in doubt of which the provider has told."""
    query = (
        sa.select(messages.c.message_id)
        .join(receipt_rows, receipt_rows.c.message_id == messages.c.message_id)
        .where(messages.c.state == _S.UNKNOWN, receipt_rows.c.raw.is_not(None))
        .distinct()
    )
    return sorted(tx.execute(query).scalars())


def attempts(tx: Tx, message_id: str) -> pa.Table:
    """Return every attempt to send a message, in order."""
    held = message_attempts
    query = sa.select(held).where(held.c.message_id == message_id).order_by(held.c.number)
    return bulk.fetch(tx, query)

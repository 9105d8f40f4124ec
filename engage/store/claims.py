"""Messages taken by a worker, with the token that entitles it to move them on."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from engage.domain.actions import ChannelName
from engage.domain.messages import Message, MessageState
from engage.store import bulk
from engage.store.now import database_now
from engage.store.store import Tx
from engage.store.tables.outbox import messages

_S = MessageState


@dataclass(frozen=True, slots=True)
class Claim:
    """A message with the token that entitles its holder to move it on."""

    message: Message
    fence: int
    state: MessageState
    contact_class: str
    due_at: datetime
    attempts: int
    lapses: int
    provider_id: str


def claim(
    tx: Tx, channels: Collection[str], worker: str, limit: int, lease_s: float, *, now: datetime
) -> list[Claim]:
    """Take up to `limit` due messages for this worker, the longest due first.

    Nobody else gets them until the lease has run out by the database's clock. `now` decides only
    what is due and not yet expired.
    """
    due = (
        sa.select(messages.c.message_id)
        .where(
            messages.c.state == _S.DUE,
            messages.c.channel.in_(sorted(channels)),
            messages.c.due_at <= now,
            messages.c.expires_at > now,
        )
        .order_by(messages.c.due_at, messages.c.message_id)
        .limit(limit)
        .with_for_update(skip_locked=True)  # SQLite has one writer and ignores it
    )
    wanted = list(tx.execute(due).scalars())
    taken = tx.execute(
        sa.update(messages)
        .where(bulk.among(tx, messages.c.message_id, wanted), messages.c.state == _S.DUE)
        .values(
            state=_S.CLAIMED,
            claimed_by=worker,
            lease_until=database_now(tx, lease_s),
            fence=messages.c.fence + 1,
            updated_at=now,
        )
        .returning(messages)
    ).mappings()
    claims = [_claim(row) for row in taken]
    return sorted(claims, key=lambda one: (one.due_at, one.message.message_id))


def _claim(row: sa.RowMapping) -> Claim:
    message = Message(
        message_id=row["message_id"],
        decision_id=row["decision_id"],
        person_id=row["person_id"],
        channel=row["channel"],
        action=row["action"],
        destination=row["destination"],
        body=row["body"],
        reference=row["reference"],
        expires_at=row["expires_at"],
        details=json.loads(row["details"] or "{}"),
    )
    return Claim(
        message=message,
        fence=row["fence"],
        state=MessageState(row["state"]),
        contact_class=row["class"],
        due_at=row["due_at"],
        attempts=row["attempts"],
        lapses=row["lapses"],
        provider_id=row["provider_id"] or "",
    )


def renew(tx: Tx, message_id: str, fence: int, lease_s: float) -> bool:
    """Extend the lease of a message that is still held; False when it was taken away."""
    result = tx.execute(
        sa.update(messages)
        .where(
            messages.c.message_id == message_id,
            messages.c.fence == fence,
            messages.c.state.in_([_S.CLAIMED, _S.SENDING]),
        )
        .values(lease_until=database_now(tx, lease_s))
    )
    return result.rowcount == 1


def pending_offers(tx: Tx, person_id: str, now: datetime) -> list[Claim]:
    """Return the chat offers that this person's page may show now, the oldest first."""
    found = tx.execute(
        sa.select(messages)
        .where(
            messages.c.person_id == person_id,
            messages.c.channel == ChannelName.CHAT_OFFER,
            messages.c.state == _S.DUE,
            messages.c.due_at <= now,
            messages.c.expires_at > now,
        )
        .order_by(messages.c.due_at, messages.c.message_id)
    )
    return [_claim(row) for row in found.mappings()]


def get(tx: Tx, message_id: str) -> Claim | None:
    """Return a message with its present fence, or None when there is none."""
    query = sa.select(messages).where(messages.c.message_id == message_id)
    found = tx.execute(query).mappings().one_or_none()
    return None if found is None else _claim(found)

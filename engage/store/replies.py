"""What customers write back: each message once, raw, with what it was taken to mean.

add(tx, reply, understood, now) -> str          its id; empty when it is known already
note(tx, reply_id, *, state, answered="", message_id=None)
said(tx, sender, meanings, *, after=None) -> pa.Table     what a number said, the newest first
answered(tx, sender, kinds) -> dict | None      the last thing we answered to a number
waiting(tx) -> pa.Table                         what a person must read, the oldest first
get(tx, reply_id) -> dict | None
judge(tx, reply_id, verdict, by, now) -> bool
"""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from engage.domain.ids import Prefix, derive
from engage.domain.replies import Reply, Understood
from engage.store import bulk
from engage.store.store import Tx
from engage.store.tables.outbox import replies


class ReplyState(StrEnum):
    """Whether a message still needs somebody."""

    DONE = "done"
    WAITING = "waiting"
    """A person must read it."""


def add(tx: Tx, reply: Reply, understood: Understood, now: datetime) -> str:
    """Store a message; return its id, or nothing when the provider told of it before."""
    reply_id = derive(Prefix.REPLY, reply.channel, reply.provider_id)
    row: dict[str, Any] = {
        "reply_id": reply_id,
        "provider_id": reply.provider_id,
        "channel": reply.channel,
        "sender": reply.sender,
        "recipient": reply.recipient,
        "body": reply.body,
        "raw": json.dumps(dict(reply.raw), sort_keys=True),
        "received_at": reply.received_at,
        "stored_at": now,
        "meaning": str(understood.meaning),
        "digit": understood.digit,
        "rule": understood.rule,
        "state": str(ReplyState.WAITING),
    }
    return reply_id if bulk.insert_new(tx, "replies", bulk.one(replies, row)) else ""


def note(
    tx: Tx, reply_id: str, *, state: ReplyState, answered: str = "", message_id: str | None = None
) -> None:
    """Write down what was done about a message."""
    tx.execute(
        sa.update(replies)
        .where(replies.c.reply_id == reply_id)
        .values(state=state, answered=answered, message_id=message_id)
    )


def said(
    tx: Tx, sender: str, meanings: Collection[str], *, after: datetime | None = None
) -> pa.Table:
    """Return what a number said of these kinds, after a moment, the newest first."""
    query = sa.select(replies).where(
        replies.c.sender == sender, replies.c.meaning.in_(sorted(meanings))
    )
    if after is not None:
        query = query.where(replies.c.received_at > after)
    return bulk.fetch(tx, query.order_by(replies.c.received_at.desc(), replies.c.reply_id))


def answered(tx: Tx, sender: str, kinds: Collection[str]) -> dict[str, Any] | None:
    """Return the newest message of a number that we answered in one of these ways."""
    query = (
        sa.select(replies)
        .where(replies.c.sender == sender, replies.c.answered.in_(sorted(kinds)))
        .order_by(replies.c.stored_at.desc(), replies.c.reply_id)
        .limit(1)
    )
    found = tx.execute(query).mappings().one_or_none()
    return None if found is None else dict(found)


def waiting(tx: Tx) -> pa.Table:
    """Return what a person must read, the oldest first."""
    query = sa.select(replies).where(replies.c.state == ReplyState.WAITING)
    return bulk.fetch(tx, query.order_by(replies.c.received_at, replies.c.reply_id))


def get(tx: Tx, reply_id: str) -> dict[str, Any] | None:
    """Return one message with all that is stored of it."""
    query = sa.select(replies).where(replies.c.reply_id == reply_id)
    found = tx.execute(query).mappings().one_or_none()
    return None if found is None else dict(found)


def judge(tx: Tx, reply_id: str, verdict: str, by: str, now: datetime) -> bool:
    """Write down what a person read in a message; False when nobody waits for that."""
    changed = tx.execute(
        sa.update(replies)
        .where(replies.c.reply_id == reply_id, replies.c.state == ReplyState.WAITING)
        .values(state=ReplyState.DONE, verdict=verdict, judged_by=by, judged_at=now)
    )
    return changed.rowcount == 1

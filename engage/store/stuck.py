"""Rows that hang half-way: somebody held them and is gone.

stuck(tx, soon, later) -> list[str]
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from engage.domain.callbacks import OPEN_CALLBACKS
from engage.domain.messages import MessageState
from engage.domain.runs import RunState
from engage.store.store import Tx
from engage.store.tables.outbox import messages
from engage.store.tables.running import job_runs
from engage.store.tables.work import callbacks, slots

_HELD = (MessageState.CLAIMED, MessageState.SENDING)


def stuck(tx: Tx, soon: datetime, later: datetime) -> list[str]:
    """Return one line for each row that has been waiting since before the moment it may.

    `soon` holds where a job comes round within the hour, `later` where an answer may take a day.
    """
    message = messages.c
    held = sa.and_(message.state.in_(_HELD), message.lease_until < soon)
    overdue = sa.and_(message.state == MessageState.DUE, message.expires_at < soon)
    open_ended = sa.and_(message.state == MessageState.UNKNOWN, message.expires_at < later)
    running = sa.and_(job_runs.c.state == RunState.RUNNING, job_runs.c.started_at < later)
    promised = sa.and_(
        callbacks.c.slot_id == slots.c.slot_id,
        callbacks.c.state.in_(OPEN_CALLBACKS),
        slots.c.ends_at < later,
    )
    return [
        *_say(tx, message.message_id, held, "is held by a worker that is gone"),
        *_say(tx, message.message_id, overdue, "is due and should have expired"),
        *_say(tx, message.message_id, open_ended, "is neither known as sent nor as failed"),
        *_say(tx, job_runs.c.run_id, running, "has been running for more than a day"),
        *_say(tx, callbacks.c.callback_id, promised, "is open, and its slot is over"),
    ]


def _say(tx: Tx, key: sa.Column[str], which: sa.ColumnElement[bool], words: str) -> list[str]:
    return [f"{one} {words}" for one in tx.scalars(sa.select(key).where(which).order_by(key))]

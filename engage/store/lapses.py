"""What becomes of a message whose worker died or froze while it held it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from engage.domain.messages import MessageState
from engage.store.now import database_now
from engage.store.store import Tx
from engage.store.tables.outbox import messages

POISONED = 3
"""After so many deaths of its worker a message is left alone: it may be what kills them."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """How many messages were taken back from workers that no longer answer."""

    due: int = 0
    unknown: int = 0
    dead: int = 0


def recover(tx: Tx, *, now: datetime, everything: bool = False) -> Recovered:
    """Take back messages whose lease has run out by the database's clock.

    One that had not been handed to the provider is due again; one that had is `unknown`, to be
    reconciled and never blindly repeated. `everything` voids all leases: on SQLite, when a new
    process has taken the lock, nobody else can hold one.
    """
    lapsed = sa.true() if everything else messages.c.lease_until < database_now(tx)
    unknown = _take(tx, lapsed, MessageState.SENDING, MessageState.UNKNOWN, now)
    poisoned = sa.and_(lapsed, messages.c.lapses >= POISONED - 1)
    dead = _take(tx, poisoned, MessageState.CLAIMED, MessageState.DEAD, now)
    due = _take(tx, lapsed, MessageState.CLAIMED, MessageState.DUE, now)
    return Recovered(due, unknown, dead)


def _take(
    tx: Tx,
    condition: sa.ColumnElement[bool],
    before: MessageState,
    after: MessageState,
    now: datetime,
) -> int:
    result = tx.execute(
        sa.update(messages)
        .where(messages.c.state == before, condition)
        .values(
            state=after,
            lapses=messages.c.lapses + 1,
            fence=messages.c.fence + 1,
            claimed_by=None,
            lease_until=None,
            updated_at=now,
        )
    )
    return result.rowcount

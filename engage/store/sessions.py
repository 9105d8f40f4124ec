"""Visits that are still going on.

    alive(tx, since, until=None) -> pa.Table      the relation's columns and last_at
    of_people(tx, person_ids, since) -> pa.Table  the same, for sessionising again

Rows are added, replaced and taken back through `store.rows`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pyarrow as pa
import sqlalchemy as sa

from engage.domain.sessions import SESSIONS
from engage.store import bulk
from engage.store.store import Tx
from engage.store.tables.relations import sessions

_COLUMNS = [sessions.c[name] for name in (*SESSIONS.column_names, "last_at")]


def alive(tx: Tx, since: datetime, until: datetime | None = None) -> pa.Table:
    """Return visits whose last event came after `since`, and not after `until`."""
    query = sa.select(*_COLUMNS).where(sessions.c.last_at > since, sa.not_(sessions.c.gone))
    if until is not None:
        query = query.where(sessions.c.last_at <= until)
    return bulk.fetch(tx, query.order_by(sessions.c.session_id))


def of_people(tx: Tx, person_ids: Sequence[str], since: datetime | None = None) -> pa.Table:
    """Return the visits of these people, those that ended before `since` left out."""
    query = sa.select(*_COLUMNS).where(
        bulk.among(tx, sessions.c.person_id, person_ids), sa.not_(sessions.c.gone)
    )
    if since is not None:
        query = query.where(sa.func.coalesce(sessions.c.last_at, sessions.c.started_at) >= since)
    return bulk.fetch(tx, query.order_by(sessions.c.session_id))

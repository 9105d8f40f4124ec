"""What was believed of each action's effect, one batch a day at most.

add(tx, body, at) -> str                       id of the batch; again at that moment replaces it
latest(tx, now) -> tuple[str, dict] | None     the batch in force at a moment, with its id
get(tx, beliefs_id) -> dict | None
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engage.clock import as_utc
from engage.domain.ids import Prefix, derive
from engage.store import bulk
from engage.store.store import Tx
from engage.store.tables.models import beliefs


def add(tx: Tx, body: Mapping[str, Any], at: datetime) -> str:
    """Store what was learned at a moment; learning again at that moment replaces it."""
    beliefs_id = derive(Prefix.BELIEFS, as_utc(at).isoformat())
    text = json.dumps(body, sort_keys=True, allow_nan=False)
    row = {"beliefs_id": beliefs_id, "learned_at": at, "body": text}
    bulk.upsert(tx, "beliefs", bulk.one(beliefs, row))
    return beliefs_id


def latest(tx: Tx, now: datetime) -> tuple[str, dict[str, Any]] | None:
    """Return the newest batch that was learned by now; None before the first."""
    query = sa.select(beliefs).where(beliefs.c.learned_at <= now)
    found = tx.execute(query.order_by(beliefs.c.learned_at.desc()).limit(1)).one_or_none()
    return None if found is None else (found.beliefs_id, json.loads(found.body))


def get(tx: Tx, beliefs_id: str) -> dict[str, Any] | None:
    """Return one batch; None when it is no longer kept."""
    query = sa.select(beliefs.c.body).where(beliefs.c.beliefs_id == beliefs_id)
    body = tx.execute(query).scalar()
    return None if body is None else json.loads(body)

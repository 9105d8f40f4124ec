"""What each trigger changed, every time it was measured.

add(tx, trigger, body, at) -> str               the effect's id
latest(tx, trigger) -> dict | None              the newest body
every_latest(tx) -> dict[str, dict]             by trigger
read(tx, trigger) -> list[dict]                 every body, the oldest first
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
from engage.store.tables.models import effects


def add(tx: Tx, trigger: str, body: Mapping[str, Any], at: datetime) -> str:
    """Store what was measured at a moment; measuring again at that moment replaces it."""
    effect_id = derive(Prefix.EFFECT, trigger, as_utc(at).isoformat())
    row = {
        "effect_id": effect_id,
        "trigger": trigger,
        "computed_at": at,
        "body": json.dumps(body, sort_keys=True),
    }
    bulk.upsert(tx, "effects", bulk.one(effects, row))
    return effect_id


def latest(tx: Tx, trigger: str) -> dict[str, Any] | None:
    """Return what was measured last for a trigger; None when nothing was yet."""
    return next(iter(reversed(read(tx, trigger))), None)


def every_latest(tx: Tx) -> dict[str, dict[str, Any]]:
    """Return what was measured last, by trigger."""
    ordered = sa.select(effects).order_by(effects.c.computed_at, effects.c.effect_id)
    return {row.trigger: json.loads(row.body) for row in tx.execute(ordered)}


def read(tx: Tx, trigger: str) -> list[dict[str, Any]]:
    """Return everything measured for a trigger, the oldest first."""
    query = sa.select(effects.c.body).where(effects.c.trigger == trigger)
    found = tx.execute(query.order_by(effects.c.computed_at, effects.c.effect_id))
    return [json.loads(body) for body in found.scalars()]

"""How each model in use was found to do, night by night.

add(tx, watch) -> None                          again at that moment replaces it
latest(tx) -> dict[str, Watch]                  by model
read(tx, model, *, most=None) -> list[Watch]    the newest first
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engage.store import bulk
from engage.store.store import Tx
from engage.store.tables.models import model_watches


@dataclass(frozen=True, slots=True)
class Watch:
    """What one look at a model in use found."""

    model: str
    watched_at: datetime
    artifact_id: str
    state: str
    """What is wrong, in one word or several; `steady` when nothing is."""
    body: Mapping[str, Any]


def add(tx: Tx, watch: Watch) -> None:
    """Store what a look found; looking again at that moment replaces it."""
    row = {
        "model": watch.model,
        "watched_at": watch.watched_at,
        "artifact_id": watch.artifact_id,
        "state": watch.state,
        "body": json.dumps(watch.body, sort_keys=True, allow_nan=False),
    }
    bulk.upsert(tx, "model_watches", bulk.one(model_watches, row))


def latest(tx: Tx) -> dict[str, Watch]:
    """Return the newest look at each model that was ever looked at."""
    held = model_watches
    newest = sa.select(held.c.model, sa.func.max(held.c.watched_at).label("at"))
    last = newest.group_by(held.c.model).subquery()
    same = sa.and_(held.c.model == last.c.model, held.c.watched_at == last.c.at)
    found = tx.execute(sa.select(held).join(last, same).order_by(held.c.model)).mappings()
    return {row["model"]: _watch(row) for row in found}


def read(tx: Tx, model: str, *, most: int | None = None) -> list[Watch]:
    """Return the looks at a model, the newest first."""
    held = model_watches
    query = sa.select(held).where(held.c.model == model).order_by(held.c.watched_at.desc())
    return [_watch(row) for row in tx.execute(query.limit(most)).mappings()]


def _watch(row: Mapping[str, Any] | sa.RowMapping) -> Watch:
    return Watch(**{**row, "body": json.loads(row["body"])})

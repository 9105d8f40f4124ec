"""The staffing plan that a decision is priced by, every version of it.

add(tx, plan_version, body, at) -> bool
latest(tx, now=None) -> tuple[str, str] | None       version and body, as JSON
get(tx, plan_version) -> dict | None
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engage.store import bulk
from engage.store.store import Tx
from engage.store.tables.decisions import plans


def add(tx: Tx, plan_version: str, body: Mapping[str, Any], at: datetime) -> bool:
    """Store a plan; False when this version is there already."""
    row = {
        "plan_version": plan_version,
        "created_at": at,
        "body": json.dumps(body, sort_keys=True),
    }
    return bulk.insert_new(tx, "plans", bulk.one(plans, row)) == 1


def latest(tx: Tx, now: datetime | None = None) -> tuple[str, str] | None:
    """Return the version and the body, as JSON, of the newest plan made by now; None before the first."""
    query = sa.select(plans)
    if now is not None:
        query = query.where(plans.c.created_at <= now)
    newest = query.order_by(plans.c.created_at.desc(), plans.c.plan_version.desc()).limit(1)
    found = tx.execute(newest).one_or_none()
    return None if found is None else (found.plan_version, found.body)


def get(tx: Tx, plan_version: str) -> dict[str, Any] | None:
    """Return a plan's body; None when there is no such version."""
    query = sa.select(plans.c.body).where(plans.c.plan_version == plan_version)
    body = tx.execute(query).scalar()
    return None if body is None else json.loads(body)

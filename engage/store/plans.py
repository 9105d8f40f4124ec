"""The staffing plan that a decision is priced by, every version of it.

add(tx, plan_version, body, at) -> bool
correct(tx, corrected, changes, at) -> str            a plan that is another's but for these parts
latest(tx, now=None) -> tuple[str, str, str] | None  version, body and the body it corrects, as JSON
corrected(tx, plan_version) -> str                   whose correction it is; "" where it is none
get(tx, plan_version) -> dict | None                 with what a correction leaves as it is
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engage.store import bulk
from engage.store.store import Tx
from engage.store.tables.decisions import plans

_CORRECTS = "corrects"
_SHORT = 100


def add(tx: Tx, plan_version: str, body: Mapping[str, Any], at: datetime) -> bool:
    """Store a plan; False when this version is there already."""
    row = {
        "plan_version": plan_version,
        "created_at": at,
        "body": json.dumps(body, sort_keys=True),
    }
    return bulk.insert_new(tx, "plans", bulk.one(plans, row)) == 1


def correct(tx: Tx, corrected: str, changes: Mapping[str, Any], at: datetime) -> str:
    """Store a plan that is an earlier one but for some parts of its body; return its version."""
    body = {_CORRECTS: corrected, "at": at.isoformat(), **changes}
    version = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:12]
    add(tx, version, body, at)
    return version


def latest(tx: Tx, now: datetime | None = None) -> tuple[str, str, str] | None:
    """Return the version of the newest plan made by now, its body, and the body it corrects, as JSON.

    The last is empty where it corrects none. None before the first.
    """
    query = sa.select(plans)
    if now is not None:
        query = query.where(plans.c.created_at <= now)
    newest = query.order_by(plans.c.created_at.desc(), plans.c.plan_version.desc()).limit(1)
    found = tx.execute(newest).one_or_none()
    if found is None:
        return None
    base = corrected(tx, found.plan_version, found.body)
    return found.plan_version, found.body, _body(tx, base) or ""


def corrected(tx: Tx, plan_version: str, body: str | None = None) -> str:
    """Return the version that a plan corrects; empty where it is no correction."""
    text = body if body is not None else _body(tx, plan_version)
    # Keys are in order, so that a correction says so at once; a whole plan is long to read.
    if text is None or f'"{_CORRECTS}"' not in text[:_SHORT]:
        return ""
    return str(json.loads(text).get(_CORRECTS, ""))


def get(tx: Tx, plan_version: str) -> dict[str, Any] | None:
    """Return a plan's body, with what a correction leaves as it is; None when there is no such version."""
    body = _body(tx, plan_version)
    if body is None:
        return None
    base = _body(tx, corrected(tx, plan_version, body))
    return whole(body, base or "")


def whole(body: str, base: str) -> dict[str, Any]:
    """Return a plan's body in full, given as JSON with the one it corrects, which may be empty."""
    return {**(json.loads(base) if base else {}), **json.loads(body)}


def _body(tx: Tx, plan_version: str) -> str | None:
    if not plan_version:
        return None
    return tx.execute(sa.select(plans.c.body).where(plans.c.plan_version == plan_version)).scalar()

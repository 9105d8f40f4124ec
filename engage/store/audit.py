"""The audit log: who did what to which thing, in order; personal data never stands in it.

add(tx, *, who, verb, what, at, details=None) -> None
read(tx, limit=None) -> pa.Table       the newest first
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from engage.store import bulk
from engage.store.store import Tx
from engage.store.tables.governance import audit_entries


def add(
    tx: Tx,
    *,
    who: str,
    verb: str,
    what: str,
    at: datetime,
    details: Mapping[str, Any] | None = None,
) -> None:
    """Write one entry in the transaction of the change it tells of."""
    text = json.dumps(dict(details or {}), sort_keys=True)
    tx.execute(sa.insert(audit_entries).values(at=at, who=who, verb=verb, what=what, details=text))


def read(tx: Tx, limit: int | None = None) -> pa.Table:
    """Return entries, the newest first."""
    query = sa.select(audit_entries).order_by(audit_entries.c.entry_id.desc())
    return bulk.fetch(tx, query.limit(limit))

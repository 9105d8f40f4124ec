"""Who approved, promoted, paused what, and when.

add(tx, *, kind, name, version, verb, by, at) -> None
read(tx, kind, name) -> pa.Table      the oldest first
"""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa
import sqlalchemy as sa

from engage.clock import as_utc
from engage.domain.ids import Prefix, derive
from engage.store import bulk
from engage.store.store import Tx
from engage.store.tables.governance import approvals


def add(tx: Tx, *, kind: str, name: str, version: str, verb: str, by: str, at: datetime) -> None:
    """Write down that a person (or a rule) did something that needs a name under it."""
    row = {"kind": kind, "name": name, "version": version, "verb": verb, "by": by}
    key = derive(Prefix.APPROVAL, *row.values(), as_utc(at).isoformat())
    bulk.insert_new(tx, "approvals", bulk.one(approvals, {"approval_id": key, **row, "at": at}))


def read(tx: Tx, kind: str, name: str) -> pa.Table:
    """Return what was done to this thing, the oldest first."""
    held = approvals
    query = sa.select(held).where(held.c.kind == kind, held.c.name == name)
    return bulk.fetch(tx, query.order_by(held.c.at, held.c.approval_id))

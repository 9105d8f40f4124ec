"""What the provider said about a message, each report once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from engage.store import bulk
from engage.store.store import Tx
from engage.store.tables.outbox import receipts


def add(
    tx: Tx,
    *,
    receipt_id: str,
    provider_id: str,
    status: str,
    at: datetime,
    message_id: str | None = None,
    raw: str | None = None,
) -> bool:
    """Store a report; False when it is known already. It may come before our own commit."""
    row: dict[str, Any] = {
        "receipt_id": receipt_id,
        "message_id": message_id,
        "provider_id": provider_id,
        "status": status,
        "at": at,
        "raw": raw,
    }
    return bulk.insert_new(tx, "receipts", bulk.one(receipts, row)) == 1


def read(tx: Tx, *, message_id: str | None = None, provider_id: str | None = None) -> pa.Table:
    """Return reports, the oldest first."""
    query = sa.select(receipts)
    for column, value in (("message_id", message_id), ("provider_id", provider_id)):
        if value is not None:
            query = query.where(receipts.c[column] == value)
    return bulk.fetch(tx, query.order_by(receipts.c.at, receipts.c.receipt_id))

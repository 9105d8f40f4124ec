"""What rosters said of the queues, every version of it.

told(tx, *, since, until, known_by) -> pa.Table    what begins in this time, as known by a moment
ends(tx, known_by) -> dict[str, datetime]          until when there is a roster, by queue
of(tx, moments) -> pa.Table                        what was said at these very moments
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pyarrow as pa
import sqlalchemy as sa

from engage.domain.staffing import STAFFING
from engage.store import bulk
from engage.store.store import Tx
from engage.store.tables.relations import staffing

_COLUMNS = [staffing.c[name] for name in STAFFING.column_names]


def told(tx: Tx, *, since: datetime, until: datetime, known_by: datetime) -> pa.Table:
    """Return every version of what begins in this time and was known by a moment."""
    query = sa.select(*_COLUMNS).where(
        staffing.c.starts_at >= since,
        staffing.c.starts_at < until,
        staffing.c.known_at <= known_by,
    )
    return bulk.fetch(tx, query.order_by(*(staffing.c[name] for name in STAFFING.key)))


def ends(tx: Tx, known_by: datetime) -> dict[str, datetime]:
    """Return until when each queue that ever had a roster has one."""
    last = sa.func.max(staffing.c.ends_at, type_=staffing.c.ends_at.type).label("last")
    query = sa.select(staffing.c.queue, last).where(staffing.c.known_at <= known_by)
    found = tx.execute(query.group_by(staffing.c.queue).order_by(staffing.c.queue))
    return {row.queue: row.last for row in found}


def of(tx: Tx, moments: Sequence[datetime]) -> pa.Table:
    """Return what was said at these very moments: the rows of imports, if those had no date."""
    query = sa.select(*_COLUMNS).where(staffing.c.known_at.in_(moments))
    return bulk.fetch(tx, query.order_by(*(staffing.c[name] for name in STAFFING.key)))

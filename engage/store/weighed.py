"""What was weighed of late, taken or not: the demand that a plan prices agents' minutes by.

add(tx, rows) -> int                       weighed_id, trigger, at, weight, options; the first word of a day stays
count(tx, since, until) -> int
read(tx, since, until, share=1.0) -> pa.Table    the same share of the rows each time
"""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa
import sqlalchemy as sa

from engage.domain.ids import Prefix
from engage.store import bulk
from engage.store.store import Tx
from engage.store.tables.decisions import weighed

_HEX_DIGITS = 7


def add(tx: Tx, rows: pa.Table) -> int:
    """Store what was weighed first on a day of a trigger and subject; return how many were new."""
    return bulk.insert_new(tx, "weighed", rows)


def count(tx: Tx, since: datetime, until: datetime) -> int:
    """Return how many there are, from a moment on until another, excluded."""
    query = sa.select(sa.func.count()).select_from(weighed)
    return int(tx.execute(query.where(_between(since, until))).scalar_one())


def read(tx: Tx, since: datetime, until: datetime, share: float = 1.0) -> pa.Table:
    """Return them, or about this share of them, in the order of their ids, which are hashes."""
    query = sa.select(weighed).where(_between(since, until))
    if share < 1:
        first = format(int(share * 16**_HEX_DIGITS), f"0{_HEX_DIGITS}x")
        query = query.where(weighed.c.weighed_id < f"{Prefix.WEIGHED}_{first}")
    return bulk.fetch(tx, query.order_by(weighed.c.weighed_id))


def _between(since: datetime, until: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(weighed.c.at >= since, weighed.c.at < until)

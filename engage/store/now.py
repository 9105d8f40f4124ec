"""The database's own clock, which rules leases: the workers' clocks may differ, it is one."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from engage.store.store import Tx
from engage.store.tables import Time

_UNIX_EPOCH_JULIAN = 2440587.5
_MICROSECONDS_A_DAY = 86_400_000_000


def database_now(tx: Tx, plus_s: float = 0.0) -> sa.ColumnElement[Any]:
    """Return the present moment by the database's clock, moved on by so many seconds."""
    if tx.dialect.name == "postgresql":
        utc = sa.func.timezone("utc", sa.func.clock_timestamp())
        return sa.type_coerce(utc + sa.func.make_interval(0, 0, 0, 0, 0, 0, plus_s), Time())
    days = sa.func.julianday("now") - sa.literal_column(str(_UNIX_EPOCH_JULIAN))
    moment = days * _MICROSECONDS_A_DAY + round(plus_s * 1_000_000)
    return sa.type_coerce(sa.cast(moment, sa.BigInteger), Time())

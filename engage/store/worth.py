"""What customers are worth by the company's own reckoning, under all identities that they had.

last(tx, person_ids, now, currency) -> pa.Table       the last word on each: person_id, value_minor
told(tx, person_ids, now, currency) -> pa.Table       every statement about each, the oldest first
people(tx, now, currency) -> int                      about whom there is any
foreign(tx, currency) -> int                          statements in another currency; unused

A statement counts from the moment at which it is known, for its own date and later, and in the
project's currency only: no amount is converted here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pyarrow as pa
import sqlalchemy as sa

from engage.domain.values import VALUES
from engage.store import bulk, identities
from engage.store.store import Tx
from engage.store.tables.relations import values

_ORDER = [(name, "ascending") for name in ("person_id", "valid_from", "known_at", "seq")]


def last(tx: Tx, person_ids: Sequence[str], now: datetime, currency: str) -> pa.Table:
    """Return what each of these people is worth as was known last; no row where nobody said."""
    found = _said(tx, person_ids, now, currency, values.c.valid_from <= now)
    newest = found.group_by("person_id", use_threads=False).aggregate([("value_minor", "last")])
    return newest.rename_columns({"value_minor_last": "value_minor"})


def told(tx: Tx, person_ids: Sequence[str], now: datetime, currency: str) -> pa.Table:
    """Return every statement about these people that is known, with the columns of `values`."""
    return _said(tx, person_ids, now, currency).select(VALUES.column_names)


def people(tx: Tx, now: datetime, currency: str) -> int:
    """Return about how many ids something is known."""
    count = sa.select(sa.func.count(sa.distinct(values.c.person_id)))
    return int(tx.execute(count.where(values.c.known_at <= now, _in(currency))).scalar_one())


def foreign(tx: Tx, currency: str) -> int:
    """Return how many statements are in another currency than this."""
    count = sa.select(sa.func.count()).where(sa.not_(_in(currency)))
    return int(tx.execute(count).scalar_one())


def _said(
    tx: Tx,
    person_ids: Sequence[str],
    now: datetime,
    currency: str,
    *conditions: sa.ColumnElement[bool],
) -> pa.Table:
    """Return statements with the ids that were asked for, in order."""
    members = identities.members(tx, person_ids)
    names = [values.c[name] for name in (*VALUES.column_names, "seq")]
    ids = sorted(set(members["member_id"].to_pylist()))
    query = sa.select(*names).where(
        bulk.among(tx, values.c.person_id, ids),
        values.c.known_at <= now,
        _in(currency),
        *conditions,
    )
    rows = bulk.fetch(tx, query).rename_columns({"person_id": "member_id"})
    return members.join(rows, "member_id", join_type="inner", use_threads=False).sort_by(_ORDER)


def _in(currency: str) -> sa.ColumnElement[bool]:
    return sa.or_(values.c.currency.is_(None), values.c.currency == currency)

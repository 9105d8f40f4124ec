"""In which countries people are by what we know: their records, and how their numbers begin.

recorded(tx) -> list[str]                      every country as records write it
numbers(tx) -> list[str]                       one phone number of each beginning
people(tx, recorded, numbers, now) -> int      whose newest record or number is one of these
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engage.store import bulk
from engage.store.store import Tx
from engage.store.tables.people import contact_points
from engage.store.tables.relations import people as records

_BEGINNING = 7
"""Characters of +447781… that tell a country, also where several share a calling code."""


def recorded(tx: Tx) -> list[str]:
    """Return every country as people's records write it."""
    found = sa.select(_country(tx, records.c.attributes)).distinct()
    return sorted(str(one) for one in tx.execute(found).scalars() if one)


def numbers(tx: Tx) -> list[str]:
    """Return one phone number for each beginning that numbers have."""
    value = contact_points.c.value
    found = sa.select(sa.func.min(value)).where(contact_points.c.kind == "phone")
    return sorted(str(one) for one in tx.execute(found.group_by(_beginning())).scalars())


def people(tx: Tx, recorded: Sequence[str], numbers: Sequence[str], now: datetime) -> int:
    """Return how many people are in these countries, or have a number that begins like these."""
    place = sa.func.row_number().over(
        partition_by=records.c.person_id, order_by=(records.c.known_at.desc(), records.c.seq.desc())
    )
    newest = (
        sa.select(records.c.person_id, records.c.attributes, place.label("n"))
        .where(records.c.known_at <= now, records.c.valid_from <= now)
        .subquery()
    )
    country = _country(tx, newest.c.attributes)
    by_record = sa.select(newest.c.person_id).where(
        newest.c.n == 1, bulk.among(tx, country, recorded)
    )
    begun = [one[:_BEGINNING] for one in numbers]
    by_number = sa.select(contact_points.c.person_id).where(
        contact_points.c.kind == "phone", bulk.among(tx, _beginning(), begun)
    )
    either = sa.union(by_record, by_number).subquery()
    return int(tx.execute(sa.select(sa.func.count()).select_from(either)).scalar_one())


def _country(tx: Tx, attributes: Any) -> sa.ColumnElement[str]:
    told = sa.func.nullif(attributes, "", type_=sa.Text)
    if tx.dialect.name == "sqlite":
        return sa.func.json_extract(told, "$.country", type_=sa.Text)
    return sa.cast(told, sa.JSON).op("->>", return_type=sa.Text())("country")


def _beginning() -> sa.ColumnElement[str]:
    return sa.func.substr(contact_points.c.value, 1, _BEGINNING, type_=sa.Text)

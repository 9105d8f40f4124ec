"""What comes from outside is taken in: rows that have the shape of their relation."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import pyarrow as pa

from engage.app import corrections, versions, visits
from engage.app.joining import join
from engage.collect.identity import as_statements
from engage.collect.schema import arrow_schema
from engage.domain.catalog import ARCHIVED, IMPORTABLE
from engage.domain.events import EVENTS
from engage.domain.interactions import CORRECTIONS, INTERACTIONS
from engage.domain.people import LINKS
from engage.store import Store, people
from engage.store.store import Tx

_STATEMENTS = "identities"
_BESIDE = frozenset({"contact_points", "consents", _STATEMENTS})
_PLAIN = {
    name: relation
    for name, relation in {**ARCHIVED, **IMPORTABLE}.items()
    if relation not in {EVENTS, LINKS, INTERACTIONS, CORRECTIONS}
}


def take(store: Store, tables: Mapping[str, pa.Table], *, now: datetime) -> dict[str, int]:
    """Take in rows that have the shape of their relation already; return how many were new.

    Keys: the names of relations, `links`, `contact_points`, `consents`. It is one transaction, in
    which visits follow events and identities. Contacts whose record was known and says something
    else now count among `interactions` and once more, apart, as `corrections`.
    """
    with store.write() as tx:
        return take_in(tx, tables, now)


def take_in(
    tx: Tx, tables: Mapping[str, pa.Table], now: datetime, *, undated: datetime | None = None
) -> dict[str, int]:
    """Take rows in within a transaction of the caller's; `identities` may be among them.

    `undated`: the moment of the import, when it is the only date that the rows have.
    """
    if unknown := set(tables) - {*_PLAIN, *_BESIDE, EVENTS.name, LINKS.name, INTERACTIONS.name}:
        raise ValueError(f"nothing is known by the name of {', '.join(sorted(unknown))}")
    new = {}
    joined = _join(tx, tables, now)
    if joined or EVENTS.name in tables:
        new[EVENTS.name] = visits.add(tx, _events(tables), now, joined=joined)
    if "contact_points" in tables:
        new["contact_points"] = people.add_contact_points(tx, tables["contact_points"])
    if "consents" in tables:
        new["consents"] = people.add_consents(tx, tables["consents"])
    for name in sorted(set(tables) & set(_PLAIN)):
        new[name] = versions.add(tx, _PLAIN[name], tables[name], now, undated=undated)
    if INTERACTIONS.name in tables:
        found, corrected = corrections.add(tx, tables[INTERACTIONS.name], now, undated=undated)
        new |= {INTERACTIONS.name: found, **({CORRECTIONS.name: corrected} if corrected else {})}
    return new


def _join(tx: Tx, tables: Mapping[str, pa.Table], now: datetime) -> list[str]:
    found = [tables[_STATEMENTS]] if _STATEMENTS in tables else []
    if LINKS.name in tables:
        found.append(as_statements(tables[LINKS.name]))
    return join(tx, pa.concat_tables(found), now) if found else []


def _events(tables: Mapping[str, pa.Table]) -> pa.Table:
    schema = arrow_schema(EVENTS)
    if EVENTS.name not in tables:
        return schema.empty_table()
    return tables[EVENTS.name].select(schema.names).cast(schema)

"""A file without a mapping is read by its column names, and what was made of them is said."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec
import pyarrow as pa

from engage.collect import private
from engage.collect.checks import DATED_BY_IMPORT, fillable, unused
from engage.collect.kinds import known_kind
from engage.collect.mapping import Contact, Fill, Key, Mapping, Person
from engage.collect.private import Point
from engage.collect.refine import distinct, refined, styles_of
from engage.domain.catalog import IMPORTABLE
from engage.domain.people import PEOPLE
from engage.domain.relations import Kind, Relation
from engage.domain.staffing import STAFFING

_PEOPLE = (
    "person_id", "customer_id", "client_id", "user_id", "member_id", "account_id", "person",
    "customer", "client", "user",
)  # fmt: skip
_ANONYMOUS = ("anonymous_id", "visitor_id", "device_id", "cookie_id")
_TIMES = (
    "timestamp", "time", "datetime", "date", "occurred_at", "created_at", "happened_at",
    "started_at", "start_time", "complete_timestamp", "original_timestamp", "start", "interval",
    "interval_start",
)  # fmt: skip
_KEYS = ("message_id", "id", "key", "reference", "number")
_SYNONYMS: dict[str, tuple[str, ...]] = {
    "type": ("event_type", "event"),
    "name": ("event_name", "action"),
    "page": ("path", "url", "page_path"),
    "zone": ("timezone", "time_zone", "tz"),
    "country": ("country_code",),
    "ended_at": ("end_time", "closed_at"),
    "queue": ("queue_name", "skill", "skill_group"),
    "ends_at": ("end", "end_time", "interval_end", "ended_at"),
    "agents": ("staff", "staffed", "fte", "headcount", "scheduled", "scheduled_agents"),
    "wait_s": ("wait", "wait_seconds", "queue_time"),
    "talk_s": ("talk", "talk_seconds", "duration", "duration_s"),
    "kind": ("category",),
    "product": ("product_id", "sku"),
    "amount_minor": ("amount", "value", "price", "total", "dollar_value", "revenue"),
    "margin_minor": ("margin", "profit"),
    "value_minor": ("value", "amount", "clv", "customer_value", "lifetime_value", "ltv"),
    "valid_from": ("since", "updated_at", "as_of", "valued_at"),
    "valid_until": ("until", "expires_at"),
    "trigger": ("campaign",),
    "action": ("treatment", "offer"),
    "propensity": ("probability", "propensity_score"),
}
_STANDS_FOR = {
    ("events", "type"): "track",
    ("decisions", "trigger"): "imported",
}
"""What a required column is taken to be in a file that has none."""

_PACKED = {"events": "properties", "people": "attributes"}


_HALF_HOUR_S = 1800.0


def guess_from(kind: str, head: pa.Table, *, zone: str = "UTC", region: str = "") -> Mapping:
    """Return the mapping that a file's column names and first rows suggest.

    `region` is the ISO country of phone numbers written without `+`.
    """
    named = guess(kind, head.column_names, zone=zone)
    return refined(_reachable(_timed(named, head), head, region), head)


def _reachable(mapping: Mapping, head: pa.Table, region: str) -> Mapping:
    """Return the mapping with people's numbers and addresses under contact, none packed.

    There is one column of each; a second one is left out rather than packed with what may be shown.
    """
    if mapping.relation is not PEOPLE:
        return mapping
    found = private.found(head, unused(mapping, head.column_names), region)
    contact: dict[Point, Contact] = {}
    for one in found:
        if one.whole:
            where = Contact(one.name, region if one.point == "phone" else "")
            contact.setdefault(one.point, where)
    columns = dict(mapping.columns)
    packed = columns.get(_PACKED["people"])
    if packed is not None and packed.pack == "rest":
        apart = {one.name for one in found} - {one.column for one in contact.values()}
        drop = tuple(name for name in head.column_names if name in apart)
        columns[_PACKED["people"]] = msgspec.structs.replace(packed, drop=drop)
    return msgspec.structs.replace(mapping, columns=columns, contact=contact)


def _timed(mapping: Mapping, head: pa.Table) -> Mapping:
    """Return the mapping with a time for its rows, where one column alone holds times."""
    relation = mapping.relation
    if relation.time in mapping.columns or relation.name in DATED_BY_IMPORT:
        return mapping
    rest = unused(mapping, head.column_names)
    times = [name for name in rest if len(styles_of(distinct(head, name))) == 1]
    if len(times) != 1:
        return mapping
    columns = {**mapping.columns, relation.time: Fill(column=times[0])}
    return msgspec.structs.replace(mapping, columns=columns)


def guess(kind: str, columns: Sequence[str], *, zone: str = "UTC") -> Mapping:
    """Return the mapping that these column names suggest; it may still lack what is required.

    Case and separators do not matter. Amounts whose column does not say minor units are taken to
    be in whole ones, times without an offset to be UTC; whoever knows better writes a mapping.
    Only the times of a roster, which is written by the clock on the wall, are taken to be in
    `zone`, and each of its rows to be of half an hour unless it says its end.
    """
    known_kind(kind)
    relation = IMPORTABLE[kind]
    known = {_plain(name): name for name in columns}
    fills = {
        target: found
        for target in fillable(relation)
        if (found := _fill(relation, target, known)) is not None
    }
    if relation is STAFFING:
        fills = _by_the_wall(fills, zone)
    packed = _PACKED.get(kind)
    if packed and packed not in fills:
        fills[packed] = Fill(pack="rest")
    ids = (relation.key[0], f"{kind[:-1]}_id", *_KEYS) if len(relation.key) == 1 else ()
    key = _first(ids, known)
    person = Person()
    if relation.personal:
        person = Person(column=_first(_PEOPLE, known), anonymous=_first(_ANONYMOUS, known))
    return Mapping(kind=kind, person=person, key=Key((key,) if key else ()), columns=fills)


def _by_the_wall(fills: dict[str, Fill], zone: str) -> dict[str, Fill]:
    """Return a roster's columns with the zone of its clock, and an end for each row."""
    times = [one for one in fills if STAFFING.column(one).kind is Kind.TIME]
    fills |= {one: msgspec.structs.replace(fills[one], zone=zone) for one in times}
    if "starts_at" in fills:
        fills.setdefault("ends_at", Fill(base="starts_at", plus_s=_HALF_HOUR_S))
    return fills


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _first(names: Sequence[str], known: dict[str, str]) -> str:
    return next((known[_plain(name)] for name in names if _plain(name) in known), "")


def _fill(relation: Relation, target: str, known: dict[str, str]) -> Fill | None:
    column = relation.column(target)
    times = _TIMES if target == relation.time else ()
    found = _first((target, *_SYNONYMS.get(target, ()), *times), known)
    if found:
        major = column.kind is Kind.MONEY and _plain(found) != _plain(target)
        return Fill(column=found, scale=100.0) if major else Fill(column=found)
    stands = _STANDS_FOR.get((relation.name, target))
    return Fill(constant=stands) if stands else None

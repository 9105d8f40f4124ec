"""Rows that say again what is known are told from rows that say something new."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from engage.collect.findings import as_mask
from engage.domain.appointments import APPOINTMENTS
from engage.domain.decisions import DECISIONS
from engage.domain.events import EVENTS
from engage.domain.exclusions import EXCLUSIONS
from engage.domain.outcomes import OUTCOMES
from engage.domain.relations import Relation
from engage.domain.transactions import TRANSACTIONS
from engage.store import rows
from engage.store.store import Tx

ONCE = (EVENTS, TRANSACTIONS, DECISIONS, OUTCOMES)
"""What happened once: told again, its rows are known, whatever they say now."""
_WORKED_OUT = frozenset({"session_id"})
_DATES = frozenset({"valid_from", "known_at"})
_NOTHING = "\x00"
_NEXT = timedelta(microseconds=1)
_NEVER = np.datetime64("9999-12-31", "us")
_BETWEEN = "\x1f"


def add(
    tx: Tx, relation: Relation, table: pa.Table, now: datetime, *, undated: datetime | None = None
) -> int:
    """Store what is new and return how many rows that was.

    `undated` is the moment of the import when the rows carry no date of their own: then a row that
    says what the newest one until then says already is known. An appointment that changed takes
    the place of what was known of it before, unless that is newer. An exclusion that ends later
    than was known goes on from now until then.
    """
    if relation is APPOINTMENTS:
        return _renew(tx, table, now)
    table = _going_on(tx, relation, table, now, undated)
    if undated is not None:
        table = table.filter(pa.array(unstated(tx, relation, table, undated)))
    elif relation is EXCLUSIONS:
        # Of two that differ in their end only, the longer one comes first and so stays.
        table = table.take(pa.array(np.argsort(_ends(table), kind="stable")[::-1]))
    return rows.add(tx, relation, table, now)


def new(
    tx: Tx, relation: Relation, table: pa.Table, now: datetime, *, undated: datetime | None = None
) -> NDArray[np.bool_]:
    """Return which rows `add` would store, looking no further than the database.

    They are in the order of the rows unless these are appointments, of which the last word counts.
    """
    if relation is APPOINTMENTS:
        table, place, renewed = _compared(tx, table)
        return as_mask(place.is_null()) | renewed
    table = _going_on(tx, relation, table, now, undated)
    fresh = ~_keys_known(tx, relation, table)
    return fresh if undated is None else fresh & unstated(tx, relation, table, undated)


def restated(tx: Tx, relation: Relation, table: pa.Table) -> NDArray[np.bool_]:
    """Return which rows say something else than the one of the same key that is stored and stays.

    It is for what happened once (`ONCE`), of which the first word counts; nothing else is known so.
    """
    if relation not in ONCE or not table.num_rows:
        return np.zeros(table.num_rows, bool)
    (key,) = relation.key
    told = rows.as_stored(relation, table)
    held = rows.of(tx, relation, key, told[key].to_pylist())
    place = pc.index_in(told[key], held[key].combine_chunks()).combine_chunks()
    said = [name for name in relation.column_names if name not in _WORKED_OUT]
    differs = np.asarray(texts(told, said) != texts(held.take(place), said), bool)
    return np.asarray(as_mask(place.is_valid()) & differs, bool)


def differing(tx: Tx, relation: Relation, table: pa.Table, now: datetime) -> int:
    """Return how many rows about people say something else than a known one of the same key.

    What was there first stays; rows of one table count as there in their order.
    """
    if len(relation.key) == 1:
        return 0
    table = _going_on(tx, relation, table, now, None)
    names = [name for name in relation.column_names if name not in relation.key]
    held = _held(tx, relation, table)
    both = pa.concat_tables([held, table.select(held.column_names).cast(held.schema)])
    first: dict[str, str] = {}
    said = zip(keys(relation, both), texts(both, names), strict=True)
    return sum(first.setdefault(key, text) != text for key, text in said)


def _going_on(
    tx: Tx, relation: Relation, table: pa.Table, now: datetime, undated: datetime | None
) -> pa.Table:
    """Return exclusions with those that end later than was known dated from now on.

    A row of the same key cannot be stored twice, and one that ends early would let somebody be
    contacted who must not be. One that ends earlier changes nothing: whoever was excluded stays so.
    """
    if relation is not EXCLUSIONS or undated is not None or table.num_rows == 0:
        return table
    held = rows.read(tx, EXCLUSIONS, person_ids=_people(table))
    known = set(keys(EXCLUSIONS, held))
    ends = pd.Series(_ends(held)).groupby(subjects(EXCLUSIONS, held)).max()
    last = ends.reindex(subjects(EXCLUSIONS, table)).to_numpy()
    again = np.array([key in known for key in keys(EXCLUSIONS, table)], bool)
    later = pa.array(again & (_ends(table) > last))
    for name in ("valid_from", "known_at"):
        place = table.schema.get_field_index(name)
        table = table.set_column(place, name, pc.if_else(later, _scalar(now), table[name]))
    return table


def _ends(exclusions: pa.Table) -> NDArray[np.datetime64]:
    ends = np.array(exclusions["valid_until"].to_numpy(), "datetime64[us]")
    ends[np.isnat(ends)] = _NEVER
    return ends


def keys(relation: Relation, table: pa.Table) -> NDArray[np.object_]:
    """Return what tells each row from others, as one text."""
    return texts(table, list(relation.key))


def _keys_known(tx: Tx, relation: Relation, table: pa.Table) -> NDArray[np.bool_]:
    if len(relation.key) == 1:
        (name,) = relation.key
        return as_mask(pc.is_in(table[name], rows.stored(tx, relation, table[name].to_pylist())))
    held = _held(tx, relation, table)
    return np.isin(keys(relation, table).astype(str), keys(relation, held).astype(str))


def subjects(relation: Relation, table: pa.Table) -> NDArray[np.object_]:
    """Return what each row is about: its key without the dates."""
    names = [name for name in relation.key if name not in _DATES]
    return texts(table, names)


def unstated(tx: Tx, relation: Relation, table: pa.Table, moment: datetime) -> NDArray[np.bool_]:
    """Return which rows say something else than the newest row about the same until a moment."""
    held = _until(_held(tx, relation, table), moment)
    held = held.sort_by([("known_at", "ascending"), (relation.time, "ascending")])
    newest = dict(zip(subjects(relation, held), _said(relation, held), strict=True))
    pairs = zip(subjects(relation, table), _said(relation, table), strict=True)
    return np.array([newest.get(about) != text for about, text in pairs], bool)


def contradicted(
    tx: Tx, relation: Relation, table: pa.Table, moment: datetime
) -> NDArray[np.bool_]:
    """Return which rows say something else than a row about the same of that very moment."""
    held = _held(tx, relation, table)
    same = held.filter(pc.equal(held["known_at"], _scalar(moment)))
    known = dict(zip(subjects(relation, same), _said(relation, same), strict=True))
    pairs = zip(subjects(relation, table), _said(relation, table), strict=True)
    return np.array([known.get(about, text) != text for about, text in pairs], bool)


def _said(relation: Relation, table: pa.Table) -> NDArray[np.object_]:
    return texts(table, [name for name in relation.column_names if name not in _DATES])


def _until(held: pa.Table, moment: datetime) -> pa.Table:
    return held.filter(pc.less_equal(held["known_at"], _scalar(moment)))


def _scalar(moment: datetime) -> pa.Scalar:
    return pa.scalar(moment, pa.timestamp("us", "UTC")).cast(pa.timestamp("us"))


def _renew(tx: Tx, table: pa.Table, now: datetime) -> int:
    table, place, renewed = _compared(tx, table)
    new = rows.add(tx, APPOINTMENTS, table.filter(place.is_null()), now)
    return new + rows.replace(tx, APPOINTMENTS, table.filter(pa.array(renewed)), now)


def _compared(tx: Tx, table: pa.Table) -> tuple[pa.Table, pa.Array, NDArray[np.bool_]]:
    """Return the last word on each appointment, where it is held, and whether it is renewed."""
    table = _last_of_each(table)
    held = rows.read(tx, APPOINTMENTS, person_ids=_people(table))
    place = pc.index_in(table["appointment_id"], held["appointment_id"].combine_chunks())
    place = place.combine_chunks()
    before = held.take(place)
    said = [name for name in APPOINTMENTS.column_names if name != "known_at"]
    differs = texts(table, said) != texts(before, said)
    newer = as_mask(pc.greater_equal(table["known_at"], before["known_at"]))
    return table, place, as_mask(place.is_valid()) & np.asarray(differs, bool) & newer


def _last_of_each(table: pa.Table) -> pa.Table:
    ordered = table.take(pc.sort_indices(table, sort_keys=[("known_at", "ascending")]))
    return last_of_each(APPOINTMENTS, ordered)


def last_of_each(relation: Relation, table: pa.Table) -> pa.Table:
    """Return the last row of each key, in the order of the rows."""
    (key,) = relation.key
    last = sorted({one: place for place, one in enumerate(table[key].to_pylist())}.values())
    return table.take(pa.array(last, pa.int64()))


def _held(tx: Tx, relation: Relation, table: pa.Table) -> pa.Table:
    """Return the stored rows among which those about the same as these are."""
    if relation.personal:
        return rows.read(tx, relation, person_ids=_people(table))
    if not table.num_rows:
        return rows.read(tx, relation, limit=0)
    first, last = (pick(table[relation.time]).as_py() for pick in (pc.min, pc.max))
    return rows.read(tx, relation, since=first, until=last + _NEXT)


def _people(table: pa.Table) -> list[str]:
    found: list[str] = pc.unique(table["person_id"]).to_pylist()
    return found


def texts(table: pa.Table, names: list[str]) -> NDArray[np.object_]:
    """Return what each row says in these columns, as one text."""
    columns = [pc.fill_null(_as_text(table[name]), _NOTHING) for name in names]
    joined = pc.binary_join_element_wise(*columns, _BETWEEN)
    return np.asarray(joined.to_numpy(), object)


def _as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.int64())
    return column.cast(pa.string())

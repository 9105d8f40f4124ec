"""Rows that say again what is known are told from rows that say something new."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from engage.domain.appointments import APPOINTMENTS
from engage.domain.relations import Relation
from engage.store import rows
from engage.store.store import Tx

_DATES = frozenset({"valid_from", "known_at"})
_NOTHING = "\x00"
_BETWEEN = "\x1f"


def add(
    tx: Tx, relation: Relation, table: pa.Table, now: datetime, *, undated: bool = False
) -> int:
    """Store what is new and return how many rows that was.

    `undated` says that the rows carry no date of their own but that of the import: then a row that
    says what the newest one says already is known. An appointment that changed takes the place of
    what was known of it before, unless that is newer.
    """
    if relation is APPOINTMENTS:
        return _renew(tx, table, now)
    return rows.add(tx, relation, unstated(tx, relation, table) if undated else table, now)


def subjects(relation: Relation, table: pa.Table) -> NDArray[np.object_]:
    """Return what each row is about: its key without the dates."""
    names = [name for name in relation.key if name not in _DATES]
    return _texts(table, names)


def unstated(tx: Tx, relation: Relation, table: pa.Table) -> pa.Table:
    """Return the rows that say something else than the newest row about the same."""
    held = rows.read(tx, relation, person_ids=_people(table))
    held = held.sort_by([("known_at", "ascending"), (relation.time, "ascending")])
    said = [name for name in relation.column_names if name not in _DATES]
    newest = dict(zip(subjects(relation, held), _texts(held, said), strict=True))
    pairs = zip(subjects(relation, table), _texts(table, said), strict=True)
    return table.filter(pa.array([newest.get(about) != text for about, text in pairs], pa.bool_()))


def _renew(tx: Tx, table: pa.Table, now: datetime) -> int:
    table = _last_of_each(table)
    held = rows.read(tx, APPOINTMENTS, person_ids=_people(table))
    place = pc.index_in(table["appointment_id"], held["appointment_id"].combine_chunks())
    place = place.combine_chunks()
    new = rows.add(tx, APPOINTMENTS, table.filter(place.is_null()), now)
    known, before = table.filter(place.is_valid()), held.take(place.drop_null())
    said = [name for name in APPOINTMENTS.column_names if name != "known_at"]
    differs = pa.array(_texts(known, said) != _texts(before, said), pa.bool_())
    newer = pc.greater_equal(known["known_at"], before["known_at"])
    return new + rows.replace(tx, APPOINTMENTS, known.filter(pc.and_(differs, newer)), now)


def _last_of_each(table: pa.Table) -> pa.Table:
    ordered = table.take(pc.sort_indices(table, sort_keys=[("known_at", "ascending")]))
    ids = ordered["appointment_id"].to_pylist()
    last = sorted({one: place for place, one in enumerate(ids)}.values())
    return ordered.take(pa.array(last, pa.int64()))


def _people(table: pa.Table) -> list[str]:
    found: list[str] = pc.unique(table["person_id"]).to_pylist()
    return found


def _texts(table: pa.Table, names: list[str]) -> NDArray[np.object_]:
    columns = [pc.fill_null(_as_text(table[name]), _NOTHING) for name in names]
    joined = pc.binary_join_element_wise(*columns, _BETWEEN)
    return np.asarray(joined.to_numpy(), object)


def _as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.int64())
    return column.cast(pa.string())

"""A chunk of a file becomes rows of a relation, column by column; bad rows are set aside."""

from __future__ import annotations

from collections.abc import Mapping as Table
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engage.collect import fill as filling
from engage.collect.aside import aside, malformed
from engage.collect.checks import DATED_BY_IMPORT, unused
from engage.collect.chunks import Chunk
from engage.collect.contacts import contacts_of
from engage.collect.findings import Findings, Mask, as_mask
from engage.collect.keys import persons, row_ids
from engage.collect.mapping import Mapping, Text, Where
from engage.collect.roster import Roster
from engage.collect.schema import TIME, arrow_schema, arrow_type
from engage.domain.appointments import APPOINTMENTS
from engage.domain.exclusions import EXCLUSIONS
from engage.domain.staffing import STAFFING
from engage.domain.values import VALUES

_MAY_LIE_AHEAD = frozenset({APPOINTMENTS.name, EXCLUSIONS.name, VALUES.name})
"""Kinds about the future: a row is known when it is imported, not when its time has come."""


@dataclass(frozen=True, slots=True)
class Converted:
    """What a chunk became: rows, what hangs on them, and what could not be read."""

    rows: pa.Table
    """In the relation's schema."""
    bad: pa.Table
    """Rows that were set aside, as `aside.SCHEMA` says."""
    left_out: int = 0
    """Rows that `[where]` does not take, and those that put nobody into an hour that never was."""
    extras: Table[str, pa.Table] = field(default_factory=dict)
    """contact_points, consents, identities (alias_id, person_id, known_at), parts (what could not
    be read of rows that were stored all the same, in the shape of `bad`)."""
    origin: Chunk | None = None
    """Where `rows` came from, row by row."""

    @property
    def rows_read(self) -> int:
        """Return how many rows the chunk had, good and bad."""
        return int(self.rows.num_rows + self.bad.num_rows) + self.left_out

    def refusing(self, mask: Mask, reason: str) -> Converted:
        """Return the same with these rows set aside for a reason found later."""
        assert self.origin is not None
        reasons = np.full(int(mask.sum()), reason, dtype=object)
        return replace(
            self,
            rows=self.rows.filter(pa.array(~mask)),
            bad=pa.concat_tables([self.bad, aside(self.origin.kept(mask), reasons)]),
            origin=self.origin.kept(~mask),
        )


def convert(
    mapping: Mapping, chunk: Chunk, *, imported_at: datetime, roster: Roster | None = None
) -> Converted:
    """Return the chunk's rows in the shape of the mapping's relation.

    The same rows give the same ids and values whatever the size of the chunks. `known_at` is the
    mapping's, else the end of an interaction, else the row's own time; what lies ahead of
    `imported_at` (an appointment, an exclusion, a value) is known from then on. `roster` is what the chunks
    before it said, when these are of a roster.
    """
    if roster is None and mapping.relation is STAFFING:
        roster = Roster(mapping)
    broken = malformed(chunk.malformed)
    taken, unclear = _conditions(mapping.where, chunk)
    unread = aside(chunk.kept(unclear.bad), unclear.reasons[unclear.bad])
    chunk = chunk.kept(taken) if roster is None else roster.marked(chunk.kept(taken))
    left_out = len(taken) - int(unclear.bad.sum()) - chunk.rows.num_rows
    findings = Findings(chunk.rows.num_rows)
    rows, identities = _rows(mapping, chunk, findings, imported_at, roster)
    good = ~findings.bad
    extras = {} if identities is None else {"identities": _joined(identities, good)}
    extras |= contacts_of(mapping, chunk, rows, good)
    bad = aside(chunk.kept(findings.bad), findings.reasons[findings.bad])
    return Converted(
        rows=rows.filter(pa.array(good)),
        bad=pa.concat_tables([broken, unread, bad]),
        left_out=left_out,
        extras=extras,
        origin=chunk.kept(good),
    )


def _conditions(conditions: tuple[Where, ...], chunk: Chunk) -> tuple[Mask, Findings]:
    findings = Findings(chunk.rows.num_rows)
    taken = np.ones(chunk.rows.num_rows, bool)
    for one in conditions:
        text = chunk.column(one.column)
        wanted = _is_one_of(text, one.among)
        if one.skip:
            known = wanted | _is_one_of(text, one.skip)
            listed = f"{one.column}: listed neither under in nor under skip"
            findings.refuse(~known, listed)
        else:
            nan = as_mask(pc.equal(pc.utf8_lower(text), "nan"))
            findings.refuse(nan & ~wanted, f"{one.column}: not a value to choose by")
        taken &= wanted
    return taken & ~findings.bad, findings


def _is_one_of(text: pa.Array, among: tuple[Text, ...]) -> Mask:
    listed = [filling.as_text(value) for value in among]
    mask = as_mask(pc.is_in(text, pa.array(listed, pa.string())))
    return mask | as_mask(text.is_null()) if "" in listed else mask


def _rows(
    mapping: Mapping,
    chunk: Chunk,
    findings: Findings,
    imported_at: datetime,
    roster: Roster | None,
) -> tuple[pa.Table, pa.Table | None]:
    relation, alias = mapping.relation, None
    columns: dict[str, pa.Array] = {}
    if relation.personal:
        columns["person_id"], alias = persons(mapping, chunk, findings)
    if roster is not None:
        columns |= roster.times(chunk, findings)
    columns |= _filled(mapping, chunk, findings, columns)
    _date(mapping, columns, chunk.rows.num_rows, imported_at)
    for column in relation.columns:
        values = columns.get(column.name)
        if column.required and values is not None:
            findings.refuse(values.is_null(), f"{column.name}: missing")
    if roster is not None:
        roster.check(columns, findings)
    columns |= row_ids(mapping, chunk, columns, findings)
    schema = arrow_schema(relation)
    empty = {
        name: pa.nulls(chunk.rows.num_rows, schema.field(name).type)
        for name in schema.names
        if name not in columns
    }
    rows = pa.table({name: {**empty, **columns}[name] for name in schema.names}, schema)
    if alias is None:
        return rows, None
    told = {"alias_id": alias, **{one: columns[one] for one in ("person_id", "known_at")}}
    return rows, pa.table(told)


def _joined(identities: pa.Table, good: Mask) -> pa.Table:
    """Return the statements that two ids are one person."""
    both = as_mask(pc.not_equal(identities["alias_id"], identities["person_id"]))
    return identities.filter(pa.array(good & both))


def _filled(
    mapping: Mapping, chunk: Chunk, findings: Findings, done: dict[str, pa.Array]
) -> dict[str, pa.Array]:
    """Return the columns that are not done yet."""
    relation, missing = mapping.relation, mapping.file.missing
    rest = unused(mapping, chunk.rows.column_names)
    columns = dict(done)
    waiting = (name for name in mapping.columns if name not in done)
    for name in sorted(waiting, key=lambda one: bool(mapping.columns[one].base)):
        one, column = mapping.columns[name], relation.column(name)
        if one.base:
            columns[name] = filling.later(column, one, columns[one.base], chunk, findings)
        else:
            columns[name] = filling.filled(column, one, chunk, findings, missing=missing, rest=rest)
    return {
        name: values.cast(arrow_type(relation.column(name).kind))
        for name, values in columns.items()
    }


def _date(mapping: Mapping, columns: dict[str, pa.Array], rows: int, imported_at: datetime) -> None:
    """Give each row the moment from which it is known, and a time to what came without one."""
    relation = mapping.relation
    now = pa.repeat(pa.scalar(imported_at, pa.timestamp("us", "UTC")).cast(TIME), rows)
    dated = DATED_BY_IMPORT.get(relation.name)
    if dated is not None and dated not in columns:
        columns[dated] = now
    if "known_at" in columns:
        return
    happened = columns[relation.time]
    if relation.name in _MAY_LIE_AHEAD:
        columns["known_at"] = pc.min_element_wise(happened, now, skip_nulls=False)
    elif "ended_at" in columns:
        columns["known_at"] = pc.max_element_wise(happened, columns["ended_at"])
    else:
        columns["known_at"] = happened

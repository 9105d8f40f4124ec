"""Rows on their way to the engine: the relation's columns, and beside them whose future they are.

Only `Rows.table` ever leaves the simulation. Beside it stand, row by row, the need that the row
springs from and the time from which a change of that need's course would undo it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engage.domain.relations import Relation
from engage.errors import DefinitionError
from engage.features.schema import arrow_schema
from engage.simulate.streams import Flags, Ints

NO_NEED = -1
"""The need of what happens anyway; it is never cancelled."""
NO_PERSON = -1
"""The person behind a bot."""
BASELINE = -1
"""The log line of what happens when nobody is approached."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of one relation with what may undo them."""

    table: pa.Table
    known: Ints
    ts: Ints
    anchor: Ints
    """The row stands when its need still takes this course at this time."""
    need: Ints
    person: Ints
    log: Ints
    """Which line of the log of answers brought it about."""
    conditional: Flags
    """It stands only when that answer decided the need."""

    @staticmethod
    def of(
        table: pa.Table,
        *,
        known: Ints,
        ts: Ints,
        person: Ints,
        need: Ints | None = None,
        anchor: Ints | None = None,
        log: Ints | None = None,
        conditional: Flags | None = None,
    ) -> Rows:
        """Return rows; without a need they always stand, without an anchor their time is it."""
        n = table.num_rows
        return Rows(
            table,
            known,
            ts,
            ts if anchor is None else anchor,
            np.full(n, NO_NEED, dtype=np.int64) if need is None else need,
            person,
            np.full(n, BASELINE, dtype=np.int64) if log is None else log,
            np.zeros(n, dtype=np.bool_) if conditional is None else conditional,
        )

    def take(self, index: Ints) -> Rows:
        """Return the rows of this index, in its order."""
        beside = {f.name: getattr(self, f.name)[index] for f in fields(self)[1:]}
        return Rows(self.table.take(pa.array(index)), **beside)

    def slice(self, low: int, high: int) -> Rows:
        """Return the rows from `low` to before `high`."""
        beside = {f.name: getattr(self, f.name)[low:high] for f in fields(self)[1:]}
        return Rows(self.table.slice(low, high - low), **beside)

    def by_known(self) -> Rows:
        """Return the rows in the order in which they become known."""
        return self.take(np.argsort(self.known, kind="stable"))


def together(parts: Sequence[Rows]) -> Rows:
    """Return all rows of one relation; their table is not copied."""
    if len(parts) == 1:
        return parts[0]
    table = pa.concat_tables([part.table for part in parts])
    names = [f.name for f in fields(Rows)[1:]]
    beside: dict[str, Any] = {
        name: np.concatenate([getattr(part, name) for part in parts]) for name in names
    }
    return Rows(table, **beside)


def arrow(relation: Relation, n: int, columns: Mapping[str, Any]) -> pa.Table:
    """Return n rows of a relation; a column that is not given is empty."""
    schema = arrow_schema(relation)
    unknown = set(columns) - set(schema.names)
    assert not unknown, f"{relation.name} has no {sorted(unknown)}"
    return table(schema, n, columns)


def table(schema: pa.Schema, n: int, columns: Mapping[str, Any]) -> pa.Table:
    """Return n rows in this schema; times are microseconds, NaN is empty."""
    return pa.table([_array(columns.get(f.name), f.type, n) for f in schema], schema=schema)


def words(choices: Sequence[str | None], codes: Ints) -> pa.Array:
    """Return the word that each code stands for."""
    return pa.array(choices, pa.string()).take(pa.array(codes))


def digits(numbers: Ints, width: int) -> pa.Array:
    """Return numbers as text with leading zeros."""
    return pc.utf8_lpad(pa.array(numbers, pa.int64()).cast(pa.string()), width, "0")


def rank(groups: Ints) -> Ints:
    """Return for each row how many rows of its group stand before it."""
    order = np.argsort(groups, kind="stable")
    ordered = groups[order]
    starts = np.searchsorted(ordered, ordered, side="left")
    ranks = np.empty(len(groups), dtype=np.int64)
    ranks[order] = np.arange(len(groups)) - starts
    return ranks


def maybe(values: pa.Array, there: Flags) -> pa.Array:
    """Return the values where they are there, and nothing elsewhere."""
    return pc.if_else(pa.array(there), values, pa.scalar(None, values.type))


def typed(rows: pa.Table, schema: pa.Schema, what: str) -> pa.Table:
    """Return rows that somebody handed over, with just the columns of this schema.

    Raises DefinitionError when one is missing.
    """
    missing = [name for name in schema.names if name not in rows.column_names]
    if missing:
        raise DefinitionError(f"{what} lack the column {missing[0]!r}; give {schema.names}")
    return rows.select(schema.names).cast(schema)


def micros_of(times: pa.ChunkedArray) -> Ints:
    """Return a column of times as microseconds since 1970."""
    return np.asarray(times.cast(pa.int64()).to_numpy(), dtype=np.int64)


def _array(values: Any, kind: pa.DataType, n: int) -> pa.Array:
    if values is None:
        return pa.nulls(n, kind)
    if isinstance(values, str):
        return pa.repeat(pa.scalar(values, kind), n)
    if isinstance(values, np.ndarray):
        if pa.types.is_timestamp(kind):
            return pa.array(values, pa.int64()).cast(kind)
        return pa.array(values, kind, from_pandas=True)
    return values.cast(kind) if values.type != kind else values

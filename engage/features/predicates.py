"""When a trigger fires or a goal is reached: yes-or-no conditions over the columns of a frame.

A condition is one SQL expression such as `calculator_views >= 1 and local_hour >= 21`. It is read by
DuckDB and held against a list of what is allowed (`engage.features.condition`); it is never put into
a query that touches the database. What cannot be known does not hold: null, a division by zero, an
overflow, a score that is not a number.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from engage.errors import DefinitionError, PredicateRefused
from engage.features import condition
from engage.features.engines.duckdb import calculate

Mask: TypeAlias = npt.NDArray[np.bool_]

_PLACE = "place of the row"


def check(expression: str, columns: Collection[str] | pa.Schema) -> None:
    """Raise PredicateRefused, with the position, unless this is a condition over these columns.

    With a schema in place of names the types must agree as well: a text is not compared with a
    number, and the whole is a yes or no.
    """
    found = condition.read(expression)
    if not isinstance(columns, pa.Schema):
        condition.check_names(found, columns)
        return
    condition.check_names(found, columns.names)
    _try_out(expression, _read_of(found, columns))


def columns_read(expression: str) -> frozenset[str]:
    """Return the names of the columns a condition reads, as it writes them."""
    return condition.read(expression).names


def evaluate(expressions: Mapping[str, str], frame: pa.Table) -> dict[str, Mask]:
    """Return for each named condition which rows of the frame it holds for, in one pass.

    Raises PredicateRefused, naming the condition, where `check` would.
    """
    for name, expression in expressions.items():
        try:
            check(expression, frame.schema)
        except PredicateRefused as error:
            raise PredicateRefused(f"{name}: {error}", error.position) from error
    if not expressions or not frame.num_rows:
        return {name: np.zeros(frame.num_rows, dtype=np.bool_) for name in expressions}
    held = ", ".join(
        f"coalesce(TRY(({text}\n)), false) AS p{number}"
        for number, text in enumerate(expressions.values())
    )
    rows = _only_read(expressions.values(), frame)
    found = calculate(f'SELECT "{_PLACE}", {held} FROM frame', frame=rows)
    order = found[_PLACE].to_numpy()
    return {name: _in_place(found[f"p{number}"], order) for number, name in enumerate(expressions)}


def _in_place(column: pa.ChunkedArray, order: npt.NDArray[np.int64]) -> Mask:
    mask = np.empty(len(order), dtype=np.bool_)
    mask[order] = column.to_numpy()
    return mask


def _only_read(expressions: Collection[str], frame: pa.Table) -> pa.Table:
    read = {name.lower() for text in expressions for name in columns_read(text)}
    names = [name for name in frame.column_names if name.lower() in read]
    place = pa.array(np.arange(frame.num_rows, dtype=np.int64))
    return pa.table({_PLACE: place, **{name: _plain(frame[name]) for name in names}})


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_dictionary(column.type):
        return column.cast(column.type.value_type)
    if pa.types.is_floating(column.type):
        return pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)
    return column


def _read_of(found: condition.Condition, schema: pa.Schema) -> pa.Schema:
    read = {name.lower() for name in found.names}
    fields = [field for field in schema if field.name.lower() in read]
    return pa.schema([pa.field(one.name, _value_type(one.type)) for one in fields])


def _value_type(held: pa.DataType) -> pa.DataType:
    return held.value_type if pa.types.is_dictionary(held) else held


@lru_cache(maxsize=4096)
def _try_out(expression: str, schema: pa.Schema) -> None:
    """Run a condition over made-up rows of these types, so that a wrong type shows when it is saved."""
    columns = {field.name: _samples(field.type) for field in schema}
    rows = pa.table({**columns, _PLACE: pa.array([0, 1, 2])})
    sql = f"SELECT typeof(({expression}\n)) AS kind, ({expression}\n) AS holds FROM frame"
    try:
        kind = calculate(sql, frame=rows)["kind"][0].as_py()
    except DefinitionError as error:
        why = str(error).split("\n")[0].removeprefix("the query cannot be run: ")
        raise PredicateRefused(
            f"{expression!r} compares or computes with values that do not go together ({why})", 1
        ) from error
    if kind != "BOOLEAN":
        raise PredicateRefused(f"{expression!r} is no condition: it gives {kind}, not yes or no", 1)


def _samples(held: pa.DataType) -> pa.Array:
    text = pa.types.is_string(held) or pa.types.is_large_string(held)
    values: list[object] = ["a word", "", None] if text else [1, 0, None]
    if pa.types.is_boolean(held):
        values = [True, False, None]
    if pa.types.is_temporal(held):
        return pa.array([1, 0, None], pa.int64()).cast(held)
    return pa.array(values).cast(held) if not text else pa.array(values, held)

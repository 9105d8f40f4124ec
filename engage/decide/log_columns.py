"""What was written down with each decision as JSON becomes columns again."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json

from engage.decide.board import Numbers
from engage.domain.actions import NONE
from engage.errors import DefinitionError

_PARTS = ("cost", "price", "annoyance")
"""Of a value, what an action takes off the stake."""
_NOTHING = "{}"


def columns(texts: pa.ChunkedArray, schema: pa.Schema) -> pa.Table:
    """Return these keys of each row's JSON object as columns, null where a row does not have one.

    Raises DefinitionError where a key holds another type than it is asked for as.
    """
    lines = pc.fill_null(texts, _NOTHING).to_pylist()
    if not lines:
        return schema.empty_table()
    options = pyarrow.json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore")
    longest = max(map(len, lines))
    reading = pyarrow.json.ReadOptions(use_threads=False, block_size=max(1 << 22, 2 * longest))
    try:
        return pyarrow.json.read_json(
            io.BytesIO("\n".join(lines).encode()), read_options=reading, parse_options=options
        ).select(schema.names)
    except pa.ArrowInvalid as error:
        raise DefinitionError(
            f"the decision log holds other types than today's: {error}"
        ) from error


def typed(texts: pa.ChunkedArray, schema: pa.Schema) -> pa.Table:
    """Return `columns` in these types; a log need not tell 3 from 3.0."""
    asked = [
        field.with_type(pa.float64()) if pa.types.is_integer(field.type) else field
        for field in schema
    ]
    return columns(texts, pa.schema(asked)).cast(schema)


def chances(texts: pa.ChunkedArray, actions: Sequence[str]) -> Numbers:
    """Return (n, k + 1) the logged propensities of these actions, none last; 0 where not allowed."""
    schema = pa.schema([(name, pa.float64()) for name in (*actions, NONE)])
    return _matrix(columns(texts, schema))


def costs(texts: pa.ChunkedArray, actions: Sequence[str]) -> Numbers:
    """Return (n, k) what each action would have taken off: cost, agents' price and annoyance.

    In minor units; 0 for an action that was not weighed.
    """
    part = pa.struct([(name, pa.float64()) for name in _PARTS])
    told = columns(texts, pa.schema([(name, part) for name in actions]))
    each = [
        _matrix(pa.table({key: pc.struct_field(told[name], key) for key in _PARTS})).sum(axis=1)
        for name in actions
    ]
    return np.stack(each, axis=1) if each else np.zeros((told.num_rows, 0))


def _matrix(table: pa.Table) -> Numbers:
    filled = [pc.fill_null(column, 0.0).to_numpy() for column in table.columns]
    return np.stack(filled, axis=1).astype(np.float64)

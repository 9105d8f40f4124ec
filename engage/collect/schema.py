"""The Arrow types of a relation, so that every file ends up as the same columns."""

from __future__ import annotations

import pyarrow as pa

from engage.domain.relations import Kind, Relation

TIME = pa.timestamp("us")

_TYPES: dict[Kind, pa.DataType] = {
    Kind.ID: pa.string(),
    Kind.TEXT: pa.string(),
    Kind.TIME: TIME,
    Kind.INTEGER: pa.int64(),
    Kind.REAL: pa.float64(),
    Kind.FLAG: pa.bool_(),
    Kind.MONEY: pa.int64(),
    Kind.JSON: pa.string(),
}


def arrow_type(kind: Kind) -> pa.DataType:
    """Return how a column of this kind is held in memory; times are UTC without a zone."""
    return _TYPES[kind]


def arrow_schema(relation: Relation) -> pa.Schema:
    """Return the relation's columns, in order, with their types."""
    return pa.schema([(column.name, arrow_type(column.kind)) for column in relation.columns])

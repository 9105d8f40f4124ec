"""The columns of each relation as Arrow types, so that every path hands over the same shapes."""

from __future__ import annotations

from functools import cache

import pyarrow as pa

from engage.domain.relations import Kind, Relation
from engage.errors import DefinitionError

TIME = pa.timestamp("us")
"""UTC without a zone."""

ARROW: dict[Kind, pa.DataType] = {
    Kind.ID: pa.string(),
    Kind.TEXT: pa.string(),
    Kind.TIME: TIME,
    Kind.INTEGER: pa.int64(),
    Kind.REAL: pa.float64(),
    Kind.FLAG: pa.bool_(),
    Kind.MONEY: pa.int64(),
    Kind.JSON: pa.string(),
}
"""What holds each kind of column; JSON is text."""

SUBJECTS = pa.schema(
    [
        pa.field("subject_id", pa.string(), nullable=False),
        pa.field("person_id", pa.string(), nullable=False),
        pa.field("as_of", TIME, nullable=False),
    ]
)
"""Who is looked at, and as of which moment."""

KEY = ("subject_id", "as_of")
"""What names one row of features: a subject may be looked at more than once."""


@cache
def arrow_schema(relation: Relation) -> pa.Schema:
    """Return the columns of a relation as Arrow fields, in order."""
    return pa.schema(
        [
            pa.field(column.name, ARROW[column.kind], nullable=not column.required)
            for column in relation.columns
        ]
    )


def empty(relation: Relation) -> pa.Table:
    """Return the relation without a row."""
    return arrow_schema(relation).empty_table()


def subjects_table(table: pa.Table) -> pa.Table:
    """Return subjects with exactly their three columns and types.

    Raises DefinitionError when a column is missing, empty or of another type, or when the same
    subject stands there twice for one moment.
    """
    missing = [name for name in SUBJECTS.names if name not in table.column_names]
    if missing:
        raise DefinitionError(f"subjects lack the column {missing[0]!r}; give {SUBJECTS.names}")
    try:
        typed = table.select(SUBJECTS.names).cast(SUBJECTS)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, ValueError) as error:
        raise DefinitionError(f"subjects do not have the types they need: {error}") from error
    if typed.group_by(list(KEY)).aggregate([]).num_rows != typed.num_rows:
        raise DefinitionError("a subject stands twice in `subjects` for the same moment")
    return typed

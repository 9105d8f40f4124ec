"""Many rows at once, as Arrow tables: in without duplicates, out without row objects.

schema(table) -> pa.Schema
insert_new(tx, name, rows) -> int              number really inserted; known keys are left alone
upsert(tx, name, rows, newer="") -> int        replaces by primary key
fetch(tx, statement) -> pa.Table
among(tx, column, values) -> condition         `column IN values`, for any number of values
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from engage.store import staging
from engage.store.store import Tx
from engage.store.tables import Time, table

SORTED_FROM = 10_000
"""Rows at once from which SQLite is given them by key: each page of the key's index is then touched
once, where hashes in any order touch it again and again."""

_ARROW: dict[type[Any], pa.DataType] = {
    Time: pa.timestamp("us"),
    sa.Boolean: pa.bool_(),
    sa.Double: pa.float64(),
    sa.BigInteger: pa.int64(),
    sa.Integer: pa.int64(),
    sa.Text: pa.string(),
}


def arrow_type(kind: sa.types.TypeEngine[Any]) -> pa.DataType:
    """Return the Arrow type of a column type."""
    for known, arrow in _ARROW.items():
        if isinstance(kind, known):
            return arrow
    raise TypeError(f"no Arrow type for {kind!r}")


def schema(of: sa.Table) -> pa.Schema:
    """Return the Arrow schema of a table."""
    return pa.schema([(column.name, arrow_type(column.type)) for column in of.columns])


def filled(rows: pa.Table, **constants: Any) -> pa.Table:
    """Return the rows with these columns added, each holding one value throughout.

    A column that is there already stays as it is.
    """
    for name, value in constants.items():
        if name not in rows.column_names:
            held = (
                pa.scalar(value, pa.timestamp("us", "UTC")) if hasattr(value, "tzinfo") else value
            )
            rows = rows.append_column(name, pa.repeat(held, rows.num_rows))
    return rows


def naive(rows: pa.Table) -> pa.Table:
    """Return the rows with every time in UTC without a zone, as `fetch` gives them."""
    zoneless = pa.timestamp("us")
    for number, field in enumerate(rows.schema):
        if pa.types.is_timestamp(field.type) and field.type != zoneless:
            column = rows.column(number).cast(zoneless, safe=False)
            rows = rows.set_column(number, field.name, column)
    return rows


def one(of: sa.Table, row: dict[str, Any]) -> pa.Table:
    """Return one row as a table; columns that are not named take the table's defaults."""
    return pa.table(
        {name: pa.array([value], arrow_type(of.columns[name].type)) for name, value in row.items()}
    )


def insert_new(tx: Tx, name: str, rows: pa.Table) -> int:
    """Insert the rows whose keys are not there yet, and return how many those were.

    Columns are matched by name and cast to the table's types; a column that is left out takes the
    table's default. Raises ValueError for a column that the table does not have.
    """
    return _insert(tx, table(name), rows, "DO NOTHING")


def upsert(tx: Tx, name: str, rows: pa.Table, *, newer: str = "") -> int:
    """Insert rows, replacing those with the same primary key, and return how many changed.

    `newer` names a column: a stored row whose value there is greater stays.
    """
    target = table(name)
    key = [column.name for column in target.primary_key.columns]
    quote = tx.dialect.identifier_preparer.quote
    rest = [one for one in rows.column_names if one not in key]
    assignments = ", ".join(f"{quote(one)} = excluded.{quote(one)}" for one in rest)
    keys = ", ".join(quote(one) for one in key)
    condition = f" WHERE excluded.{quote(newer)} >= {quote(name)}.{quote(newer)}" if newer else ""
    return _insert(
        tx, target, _last_of_each(rows, key), f"({keys}) DO UPDATE SET {assignments}{condition}"
    )


def _insert(tx: Tx, target: sa.Table, rows: pa.Table, on_conflict: str) -> int:
    if rows.num_rows == 0:
        return 0
    fitted = conform(rows, target)
    if tx.dialect.name == "postgresql":
        return staging.insert(tx, target, fitted, on_conflict)
    fitted = _by_key(fitted, target)
    quote = tx.dialect.identifier_preparer.quote
    names = ", ".join(quote(name) for name in fitted.column_names)
    places = ", ".join("?" * fitted.num_columns)
    result = tx.exec_driver_sql(
        f"INSERT INTO {quote(target.name)} ({names}) VALUES ({places}) ON CONFLICT {on_conflict}",
        list(zip(*(_for_sqlite(column) for column in fitted.columns), strict=True)),
    )
    return result.rowcount


def _by_key(rows: pa.Table, target: sa.Table) -> pa.Table:
    """Return many rows in the order of what tells them apart; of one key the first stays the first."""
    if rows.num_rows < SORTED_FROM:
        return rows
    unique = [
        [column.name for column in one.columns]
        for one in target.constraints
        if isinstance(one, sa.UniqueConstraint | sa.PrimaryKeyConstraint)
    ]
    key = next((names for names in unique if set(names) <= set(rows.column_names)), [])
    # Arrow's sort is stable.
    return rows.sort_by([(name, "ascending") for name in key]) if key else rows


def _for_sqlite(column: pa.ChunkedArray) -> list[Any]:
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.int64())
    return column.to_pylist()  # type: ignore[no-any-return]


def conform(rows: pa.Table, target: sa.Table) -> pa.Table:
    """Return the rows as the table keeps them; raises ValueError for a column it does not have."""
    unknown = [name for name in rows.column_names if name not in target.columns]
    if unknown:
        raise ValueError(f"table {target.name} has no column {', '.join(unknown)}")
    columns = {name: _fit(rows[name], target.columns[name]) for name in rows.column_names}
    return pa.table(columns)


def _fit(column: pa.ChunkedArray, held: sa.Column[Any]) -> pa.ChunkedArray:
    kind = arrow_type(held.type)
    # Both databases must keep the same: PostgreSQL has no NUL in text, SQLite no NaN.
    if pa.types.is_floating(column.type):
        column = pc.if_else(pc.is_nan(column), None, column)
    fitted = column.cast(kind, safe=not pa.types.is_timestamp(kind))
    if not pa.types.is_string(kind):
        return fitted
    text = pc.replace_substring(fitted, "\x00", "\ufffd")
    return pc.fill_null(text, "") if held.server_default is not None else text


def _last_of_each(rows: pa.Table, key: list[str]) -> pa.Table:
    # One statement may not replace the same row twice.
    numbered = rows.append_column("_row", pa.array(range(rows.num_rows), pa.int64()))
    last = numbered.group_by(key, use_threads=False).aggregate([("_row", "max")])["_row_max"]
    return rows.filter(pc.is_in(numbered["_row"], last.combine_chunks()))


def fetch(tx: Tx, statement: sa.Select[Any]) -> pa.Table:
    """Return what a query selects, with the Arrow types of its columns."""
    return _gather(tx, statement, list(statement.selected_columns))


def returned(
    tx: Tx, statement: sa.Delete | sa.Update, columns: Iterable[sa.ColumnElement[Any]]
) -> pa.Table:
    """Delete or change rows and return these columns of them."""
    listed = list(columns)
    return _gather(tx, statement.returning(*listed), listed)


def _gather(tx: Tx, statement: sa.Executable, columns: list[sa.ColumnElement[Any]]) -> pa.Table:
    with tx.execute(statement) as result:
        # The driver's own tuples, before any step per value: _arrow converts whole columns.
        rows = result.cursor.fetchall()
    schema = pa.schema([(str(one.key), arrow_type(one.type)) for one in columns])
    if not rows:
        return schema.empty_table()
    columns_of = zip(schema.types, zip(*rows, strict=True), strict=True)
    arrays = [_arrow(list(values), kind, tx) for kind, values in columns_of]
    return pa.Table.from_arrays(arrays, schema=schema)


def _arrow(values: list[Any], kind: pa.DataType, tx: Tx) -> pa.Array:
    stored_as_integer = pa.types.is_timestamp(kind) or pa.types.is_boolean(kind)
    if tx.dialect.name == "sqlite" and stored_as_integer:
        return pa.array(values, pa.int64()).cast(kind)
    return pa.array(values, kind)


def among(tx: Tx, column: sa.ColumnElement[Any], values: Iterable[str]) -> sa.ColumnElement[bool]:
    """Return the condition that a column is one of these values, in a single parameter."""
    listed = list(values)
    if tx.dialect.name == "postgresql":
        return column == sa.any_(sa.literal(listed, postgresql.ARRAY(sa.Text)))
    each = sa.func.json_each(json.dumps(listed)).table_valued("value")
    return column.in_(sa.select(each.c.value))

"""Bulk insert on PostgreSQL: COPY into a staging table, then one insert that skips duplicates."""

from __future__ import annotations

import io
from typing import Any

import pyarrow as pa
import pyarrow.csv
import sqlalchemy as sa

FEW = 500
"""Up to so many rows travel as arrays: a staging table for each live event would cost more."""


def insert(tx: sa.Connection, target: sa.Table, rows: pa.Table, on_conflict: str) -> int:
    """Insert rows whose columns have the table's types; return how many were stored."""
    quote = tx.dialect.identifier_preparer.quote
    names = ", ".join(quote(name) for name in rows.column_names)
    source, parameters = (
        _arrays(tx, target, rows) if rows.num_rows <= FEW else _copied(tx, target, rows, names)
    )
    # The driver reads % as a placeholder; no name or type of ours holds one.
    inserted = tx.exec_driver_sql(
        f"INSERT INTO {quote(target.name)} ({names}) SELECT {names} FROM {source} "
        f"ON CONFLICT {on_conflict}",
        parameters,
    )
    return inserted.rowcount


def _arrays(
    tx: sa.Connection, target: sa.Table, rows: pa.Table
) -> tuple[str, tuple[list[Any], ...]]:
    quote = tx.dialect.identifier_preparer.quote
    types = [_type(tx, target, name) for name in rows.column_names]
    places = ", ".join(f"%s::{kind}[]" for kind in types)
    names = ", ".join(quote(name) for name in rows.column_names)
    lists = tuple(column.to_pylist() for column in rows.columns)
    return f"unnest({places}) AS given ({names})", lists


def _copied(
    tx: sa.Connection, target: sa.Table, rows: pa.Table, names: str
) -> tuple[str, tuple[()]]:
    quote = tx.dialect.identifier_preparer.quote
    staging = quote(f"staging_{target.name}")
    columns = ", ".join(f"{quote(name)} {_type(tx, target, name)}" for name in rows.column_names)
    # Not IF NOT EXISTS: two calls in a transaction may bring different columns.
    tx.exec_driver_sql(f"DROP TABLE IF EXISTS {staging}")
    tx.exec_driver_sql(f"CREATE TEMP TABLE {staging} ({columns}) ON COMMIT DROP")
    cursor = tx.connection.cursor()
    try:
        with cursor.copy(f"COPY {staging} ({names}) FROM STDIN (FORMAT csv)") as copy:
            for batch in rows.to_batches(max_chunksize=50_000):
                copy.write(_csv(batch))
    finally:
        cursor.close()
    return staging, ()


def _csv(batch: pa.RecordBatch) -> memoryview:
    # Arrow writes a null as nothing and an empty text as "", which is how COPY tells them apart.
    buffer = io.BytesIO()
    options = pa.csv.WriteOptions(include_header=False)
    pa.csv.write_csv(batch, buffer, options)
    return buffer.getbuffer()


def _type(tx: sa.Connection, target: sa.Table, name: str) -> str:
    # Without COLLATE, which a cast does not take.
    compiled = target.columns[name].type.compile(tx.dialect)
    return compiled.split(" COLLATE")[0]

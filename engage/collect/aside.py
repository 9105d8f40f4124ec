"""Rows that could not be used, kept so that they can be read again once the mapping is mended."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from engage.collect import packing
from engage.collect.chunks import Chunk, Malformed, text_table

SCHEMA = pa.schema(
    [
        ("line", pa.int64()),
        ("number", pa.int64()),
        ("reason", pa.string()),
        ("raw", pa.string()),
    ]
)
"""`number` is the row's place in its file, null for a line that is no row; `raw` is the row's own
columns as JSON, or what stood on the line."""

_values = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def aside(chunk: Chunk, reasons: Sequence[str] | NDArray[np.object_]) -> pa.Table:
    """Return a chunk's rows as rows to set aside, each with its reason."""
    names = {name: chunk.column(name) for name in chunk.rows.column_names}
    raw = packing.pack(names, chunk.rows.num_rows)
    columns = [pa.array(chunk.lines), pa.array(chunk.numbers), pa.array(reasons, pa.string()), raw]
    return pa.table(columns, schema=SCHEMA)


def malformed(lines: Sequence[Malformed]) -> pa.Table:
    """Return lines that are no rows as rows to set aside."""
    listed = [{"line": one.line, "reason": one.reason, "raw": one.raw} for one in lines]
    return pa.Table.from_pylist(listed, schema=SCHEMA)


def chunk_of(rows: pa.Table) -> Chunk:
    """Return rows that were set aside as the chunk of the file that they were.

    Every value is the text that it was: a number's digits, `true` and a list are not read but
    copied. A column that held nothing in any of these rows is not there.
    """
    whole = rows.filter(rows["number"].is_valid())
    decoded = [_texts(raw) for raw in whole["raw"].to_pylist()]
    names = sorted({name for row in decoded for name in row})
    broken = rows.filter(rows["number"].is_null())
    return Chunk(
        rows=_table({name: [row.get(name) for row in decoded] for name in names}, len(decoded)),
        numbers=whole["number"].to_numpy(),
        lines=whole["line"].to_numpy(),
        malformed=tuple(
            Malformed(one["line"], one["reason"], one["raw"]) for one in broken.to_pylist()
        ),
    )


def _texts(raw: str) -> dict[str, str]:
    return {name: _text(bytes(value)) for name, value in _values(raw).items()}


def _text(value: bytes) -> str:
    return str(msgspec.json.decode(value)) if value.startswith(b'"') else value.decode()


def _table(columns: dict[str, list[str | None]], rows: int) -> pa.Table:
    if columns:
        return text_table(columns)
    # A table without columns has no length of its own.
    return pa.table({"": pa.nulls(rows, pa.string())})

"""Rows from a Parquet file, as the text that a CSV file would hold for them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from engage.collect.chunks import CHUNK_CHARS, Chunk, text_table
from engage.collect.jsonlines import as_text
from engage.errors import SourceFileError


def read(path: Path, chunk_rows: int) -> Iterator[Chunk]:
    """Return the file's rows; `lines` counts its rows from 1."""
    size = path.stat().st_size
    try:
        with pq.ParquetFile(path) as file:
            total, number = max(file.metadata.num_rows, 1), 0
            for batch in file.iter_batches(batch_size=_rows(file.metadata, chunk_rows)):
                numbers = np.arange(number, number + batch.num_rows, dtype=np.int64)
                number += batch.num_rows
                yield _chunk(batch, numbers, size * number // total)
            if not number:
                yield _chunk(_nothing(file.schema_arrow), np.arange(0), size)
    except (pa.ArrowException, OSError) as error:
        first = str(error).splitlines()[0]
        raise SourceFileError(
            f"{path}: the Parquet data breaks off or is damaged ({first}); fetch the file again"
        ) from None


def _rows(metadata: pq.FileMetaData, most: int) -> int:
    """Return how many rows a chunk may have, so that wide rows do not fill the memory."""
    groups = range(metadata.num_row_groups)
    size = sum(metadata.row_group(number).total_byte_size for number in groups)
    average = max(int(size) // max(int(metadata.num_rows), 1), 1)
    return max(min(most, CHUNK_CHARS // average), 1)


def _chunk(batch: pa.RecordBatch, numbers: np.ndarray, bytes_read: int) -> Chunk:
    columns = {
        name: _text(column) for name, column in zip(batch.schema.names, batch.columns, strict=True)
    }
    return Chunk(text_table(columns), numbers, numbers + 1, (), bytes_read)


def _nothing(schema: pa.Schema) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([], schema=schema)


def _text(column: pa.Array) -> pa.Array:
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_nested(column.type) or pa.types.is_binary(column.type):
        return pa.array([as_text(value) for value in column.to_pylist()], pa.string())
    return column.cast(pa.string())

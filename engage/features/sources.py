"""Where the rows of a relation come from: live tables in memory, or Parquet files and a live rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Archived:
    """Rows kept in Parquet files, and those that are not archived yet.

    No row is in both, so nothing counts twice. Where rows were written again (`amended`), files and
    live rows carry the column `seq`, and of the rows with the same natural key the highest counts;
    where that one is marked `gone`, the row was taken back and none does.
    """

    files: tuple[str, ...]
    hot: pa.Table
    amended: bool = False


Source: TypeAlias = pa.Table | Archived

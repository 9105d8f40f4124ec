"""The store's tables about people, as frames."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

Frames = Mapping[str, pd.DataFrame]


def rows_of(frames: Frames, name: str, *columns: str) -> pd.DataFrame:
    """Return a table's frame; where it was not handed over, an empty one with these columns."""
    return frames.get(name, pd.DataFrame({column: [] for column in columns}, dtype="object"))


def each(frame: pd.DataFrame, *columns: str) -> Iterable[tuple[Any, ...]]:
    """Yield these columns of every row as plain values."""
    return zip(*(frame[column].tolist() for column in columns), strict=True)

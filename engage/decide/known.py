"""The store's tables about people, column by column, each row with the place of its person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Flags = npt.NDArray[np.bool_]
Places = npt.NDArray[np.intp]
Moments = npt.NDArray[np.datetime64]


@dataclass(frozen=True)
class Rows:
    """Rows of one table about the people asked for."""

    table: pa.Table
    place: Places
    """Whose each row is: a position among the people."""

    def texts(self, name: str) -> list[Any]:
        """Return a column as plain values; None in each row where there is no such column."""
        if name not in self.table.column_names:
            return [None] * self.table.num_rows
        values: list[Any] = self.table[name].to_pylist()
        return values

    def objects(self, name: str) -> npt.NDArray[np.object_]:
        """Return a column of texts, missing ones empty, to compare with."""
        return np.asarray([one or "" for one in self.texts(name)] + [None], object)[:-1]

    def flags(self, name: str) -> Flags:
        """Return a column of yes and no; missing is no."""
        return np.asarray([bool(one) for one in self.texts(name)], bool)

    def times(self, name: str) -> Moments:
        """Return a column of times in microseconds, NaT where there is none."""
        if name not in self.table.column_names:
            return np.full(self.table.num_rows, "NaT", "datetime64[us]")
        times: Moments = self.table[name].to_numpy().astype("datetime64[us]")
        return times


@dataclass(frozen=True)
class Known:
    """The people who are asked about, and the store's tables with their rows."""

    people: Sequence[str]
    tables: Mapping[str, pa.Table]

    @cached_property
    def _asked(self) -> pa.Array:
        return pa.array(self.people, pa.string())

    def rows(self, name: str) -> Rows:
        """Return the rows of a table that belong to these people; none if it was not handed over."""
        table = self.tables.get(name, pa.table({"person_id": pa.array([], pa.string())}))
        owners = table["person_id"].cast(pa.string())
        place = pc.index_in(owners, value_set=self._asked)
        kept = table.filter(pc.is_valid(place))
        return Rows(kept, pc.drop_null(place).to_numpy().astype(np.intp))

    def marked(self, place: Places) -> Flags:
        """Return (n,) which people these places name."""
        marked = np.zeros(len(self.people), bool)
        marked[place] = True
        return marked

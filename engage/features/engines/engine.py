"""What feature queries run on, whichever it is."""

from __future__ import annotations

from typing import Protocol

import pyarrow as pa


class Engine(Protocol):
    """Runs one SELECT over the relations it was opened with."""

    def table(self, sql: str, /, **tables: pa.Table) -> pa.Table:
        """Return the rows of one SELECT; `tables` are there for this query under their names."""

"""The shape of an invariant: a sentence, and a query that finds whatever breaks it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text

from engage.store import Tx


@dataclass(frozen=True, slots=True)
class Invariant:
    """A sentence that must always be true, and SQL whose every row is a breach.

    The first column of a row names the thing; the rest says what is wrong with it.
    """

    sentence: str
    sql: str

    def breaches(self, tx: Tx) -> list[str]:
        """Return one line for each breach; none when the sentence holds."""
        return [" ".join(str(cell) for cell in row) for row in tx.execute(text(self.sql))]

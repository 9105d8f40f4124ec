"""The shape of an invariant: a sentence, and what finds whatever breaks it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sqlalchemy import text

from engage.app.app import App
from engage.store import Tx


@dataclass(frozen=True, slots=True)
class Invariant:
    """A sentence that must always be true, and SQL or a function of which every row is a breach.

    The first column of a row of SQL names the thing; the rest says what is wrong with it. `find`
    says the same in whole lines, where settings, the clock or files are needed as well.
    """

    sentence: str
    sql: str = ""
    find: Callable[[App, Tx], Iterable[str]] | None = None

    def breaches(self, app: App, tx: Tx) -> list[str]:
        """Return one line for each breach; none when the sentence holds."""
        if self.find is not None:
            return sorted(self.find(app, tx))
        return [" ".join(str(cell) for cell in row) for row in tx.execute(text(self.sql))]

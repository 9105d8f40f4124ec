"""What a rehearsal has decided so far, as the next decisions find it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from engage.decide.board import naive
from engage.decide.decided import Decided


@dataclass
class Diary:
    """What was decided in the rehearsal so far: nobody else ever reads it."""

    contacts: list[pa.Table] = field(default_factory=list)
    ghosts: list[pa.Table] = field(default_factory=list)
    offers: list[pa.Table] = field(default_factory=list)
    decided: set[str] = field(default_factory=set)
    """Subjects, each of which is decided once."""

    def add(self, made: Decided) -> None:
        """Write down what a turn has decided."""
        self.decided.update(made.decisions["subject_id"])
        offers = made.messages.assign(kind="message")[["person_id", "kind", "class", "expires_at"]]
        for kept, frame in (
            (self.contacts, made.contacts.drop(columns="decision_id")),
            (self.ghosts, made.ghosts.drop(columns="decision_id")),
            (self.offers, offers),
        ):
            if len(frame):
                kept.append(pa.Table.from_pandas(frame, preserve_index=False))

    def tables(self, at: datetime) -> dict[str, pa.Table]:
        """Return what the context reads of it as of a moment."""
        found = {"contacts": self.contacts, "ghosts": self.ghosts, "open_actions": self.offers}
        tables = {name: pa.concat_tables(kept) for name, kept in found.items() if kept}
        if "open_actions" in tables:
            open_yet = pc.greater(tables["open_actions"]["expires_at"], pa.scalar(naive(at)))
            tables["open_actions"] = tables["open_actions"].filter(open_yet)
        return tables

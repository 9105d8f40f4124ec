"""Rows that were read wrongly are put right when the file is read anew by a mended mapping."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyarrow as pa

from engage.app import outcomes, versions, visits
from engage.app.intake_reading import other_readings, parts
from engage.app.seen import Seen
from engage.collect.mapping import Mapping
from engage.collect.mapping_file import parse
from engage.domain.events import EVENTS
from engage.domain.goals import Goal
from engage.domain.relations import Relation
from engage.errors import WrongUse
from engage.store import Store, rows
from engage.store.imports import Import
from engage.store.store import Tx


@dataclass(frozen=True, slots=True)
class Replacing:
    """An import that takes the file's word for rows that are known."""

    goals: Sequence[Goal]
    """Whose outcomes follow what the rows say now."""

    def check(self, mapping: Mapping) -> None:
        """Raise WrongUse for rows of which every word is kept, so that nothing is to be replaced."""
        if mapping.relation not in versions.ONCE:
            kinds = ", ".join(relation.name for relation in versions.ONCE)
            raise WrongUse(
                f"--replace is for {kinds}; of {mapping.kind} each word is kept and the newest counts: "
                "import the file again without it, with a later known_at if its rows are dated"
            )

    def known(self, tx: Tx, relation: Relation, told: pa.Table, now: datetime) -> int:
        """Let stored rows say what these say of the same keys; return how many say something else.

        Of several rows of one key the last one counts. What was scored and decided by what stood
        there before stays as it was.
        """
        last = versions.last_of_each(relation, rows.as_stored(relation, told))
        last = last.filter(pa.array(versions.restated(tx, relation, last)))
        if last.num_rows:
            (key,) = relation.key
            old = rows.of(tx, relation, key, last[key].to_pylist())
            self._renew(tx, relation, old, last, now)
            outcomes.put_right(tx, self.goals, relation, last, now)
        return int(last.num_rows)

    def lost(
        self, store: Store, path: Path, mapping: Mapping, sha256: str, now: datetime, chunk: int
    ) -> int:
        """Take back what only earlier readings of this very file saw; return how many rows.

        Where rows have no key of their own, a mended mapping brings them in under other ids, and
        what the wrong one brought would stay beside them. The file is read once more by each
        mapping.
        """
        with store.read() as tx:
            earlier = other_readings(tx, mapping, sha256)
        if not earlier:
            return 0
        relation, seen = mapping.relation, Seen()
        for part in parts(path, mapping, imported_at=now, chunk_rows=chunk):
            seen.again(versions.keys(relation, part.converted.rows))
        return sum(self._lost(store, path, one, seen, now, chunk) for one in earlier)

    def _lost(
        self, store: Store, path: Path, earlier: Import, seen: Seen, now: datetime, chunk: int
    ) -> int:
        mapping = parse(earlier.mapping, earlier.kind, f"the mapping of {earlier.import_id}")
        relation, count = mapping.relation, 0
        (key,) = relation.key
        for part in parts(path, mapping, imported_at=earlier.started_at, chunk_rows=chunk):
            told = part.converted.rows
            only = told.filter(pa.array(~seen.again(versions.keys(relation, told))))
            with store.write() as tx:
                old = rows.of(tx, relation, key, only[key].to_pylist())
                if old.num_rows:
                    self._renew(tx, relation, old, old.slice(0, 0), now)
                    outcomes.take_back(tx, self.goals, relation, old, now)
                    count += old.num_rows
        return count

    def _renew(
        self, tx: Tx, relation: Relation, old: pa.Table, new: pa.Table, now: datetime
    ) -> None:
        if relation is EVENTS:
            visits.renew(tx, old, new, now)
        elif new.num_rows:
            rows.replace(tx, relation, new, now)
        else:
            rows.remove(tx, relation, old[relation.key[0]].to_pylist(), now)

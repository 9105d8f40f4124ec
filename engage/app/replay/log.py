"""The decisions that are replayed: a sample that is the same each time, read with its triggers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from engage.domain.ids import draw_column
from engage.domain.triggers import Trigger
from engage.store import Tx, decisions, triggers

_decode = msgspec.json.decode
NO_TRIGGER = "its trigger's version is not stored any more"


@dataclass(frozen=True)
class Log:
    """Stored decisions, `n` of them, with the trigger version that each came from."""

    rows: pa.Table
    of: int
    """How many there are to draw from."""
    triggers: dict[tuple[str, int], Trigger | None]
    """None for a version that is not stored any more."""

    @property
    def n(self) -> int:
        """Return how many decisions are replayed."""
        return int(self.rows.num_rows)

    def texts(self, name: str) -> list[Any]:
        """Return a column as plain values."""
        values: list[Any] = self.rows[name].to_pylist()
        return values

    @cached_property
    def ids(self) -> list[str]:
        """Return the decision ids."""
        return self.texts("decision_id")

    @cached_property
    def weighed(self) -> list[dict[str, Any]]:
        """Return what was weighed: by action, its parts and what stood against it."""
        return [_decode(one) if one else {} for one in self.texts("values")]

    @cached_property
    def artifacts(self) -> list[dict[str, str]]:
        """Return what each decision's scores and uplift came from."""
        return [_decode(one) if one else {} for one in self.texts("artifacts")]

    @cached_property
    def versions(self) -> list[tuple[str, int]]:
        """Return the name and version of each decision's trigger."""
        return list(zip(self.texts("trigger"), self.texts("trigger_version"), strict=True))

    def trigger(self, row: int) -> Trigger | None:
        """Return the trigger version of a decision; None where it is not stored any more."""
        return self.triggers[self.versions[row]]

    @property
    def without_trigger(self) -> list[int]:
        """Return the decisions whose trigger version is not stored any more."""
        return [row for row in range(self.n) if self.trigger(row) is None]

    def by_trigger(self) -> Iterator[tuple[Trigger | None, list[int]]]:
        """Yield each trigger version with the places of its decisions."""
        for version, trigger in self.triggers.items():
            yield trigger, [row for row, one in enumerate(self.versions) if one == version]


def read(tx: Tx, sample: int, trigger: str | None, seed: int) -> Log:
    """Return so many of our own decisions, chosen by a keyed hash of their ids."""
    held = decisions.read(tx, trigger=trigger, source="engage", columns=["decision_id"])
    ids: list[str] = held["decision_id"].to_pylist()
    order = np.argsort(draw_column(f"replay:{seed}".encode(), ids), kind="stable")
    chosen = [ids[one] for one in order[:sample].tolist()]
    rows = decisions.read(tx, decision_ids=chosen, columns=COLUMNS).sort_by("decision_id")
    named = zip(rows["trigger"].to_pylist(), rows["trigger_version"].to_pylist(), strict=True)
    versions = {one: triggers.version(tx, *one) for one in set(named)}
    return Log(rows, len(ids), versions)


COLUMNS = (
    "decision_id",
    "person_id",
    "subject_id",
    "trigger",
    "trigger_version",
    "decided_at",
    "qualified",
    "arm",
    "arm_global",
    "arm_trigger",
    "allowed",
    "propensities",
    "action",
    "propensity",
    "values",
    "reasons",
    "plan_version",
    "policy_version",
    "artifacts",
    "features",
    "draw",
    "stake_minor",
    "moment",
    "must_serve",
    "band",
)

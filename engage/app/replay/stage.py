"""What a replay found of one step of deciding: the same, different, or not replayed and why."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

import msgspec
import pandas as pd

STAGES = {
    "scores": "each score, from the logged features by the artifact that gave it",
    "condition": "the trigger's condition, on the logged columns, or who is let in from the band below it",
    "uplift": "what each action adds, from beliefs, a learned policy or the prior",
    "values": "stake, cost, price, annoyance and worth of each action",
    "allowed": "which actions were allowed, below price judged anew",
    "chances": "the chance of each action",
    "arms": "who was held out, by the keyed hash",
    "draw": "the number that was drawn",
    "action": "what was done, with its chance and reasons",
    "ghost": "what would have been done to the held out",
    "id": "the decision's own id",
}
"""The steps from a score to what was done, each with what is calculated again."""

_encode = msgspec.json.Encoder(order="sorted").encode


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that came out otherwise than it was stored."""

    decision_id: str
    what: str
    stored: Any
    calculated: Any


@dataclass
class Stage:
    """One step of the decisions `ids`, told by their place among them."""

    ids: list[str]
    different: dict[int, list[Difference]] = field(default_factory=lambda: defaultdict(list))
    lost: dict[int, str] = field(default_factory=dict)
    """Why a decision cannot be replayed here."""
    apart: dict[int, str] = field(default_factory=dict)
    """Why a decision has nothing of its own to be replayed here."""

    def compare(
        self, what: str, rows: Iterable[int], stored: Iterable[Any], made: Iterable[Any]
    ) -> None:
        """Hold calculated values of some decisions against the stored ones, bit for bit."""
        for row, one, other in zip(rows, stored, made, strict=True):
            if _bits(one) != _bits(other):
                found = Difference(self.ids[row], what, _plain(one), _plain(other))
                self.different[row].append(found)

    def cannot(self, rows: Iterable[int], why: str) -> None:
        """Note decisions that cannot be replayed; the first reason stays."""
        for row in rows:
            self.lost.setdefault(row, why)

    @property
    def told(self) -> dict[str, Any]:
        """Return the figures; each decision counts once, and a difference before all else."""
        lost = {row: why for row, why in self.lost.items() if row not in self.different}
        by_reason: dict[str, list[str]] = defaultdict(list)
        for row, why in sorted(lost.items()):
            by_reason[why].append(self.ids[row])
        apart = {r: w for r, w in self.apart.items() if r not in self.different and r not in lost}
        return {
            "same": len(self.ids) - len(self.different) - len(lost) - len(apart),
            "different": [
                asdict(one) for row in sorted(self.different) for one in self.different[row]
            ],
            "not_replayed": dict(sorted(by_reason.items())),
            "nothing_to_replay": dict(sorted(Counter(apart.values()).items())),
        }

    @property
    def failed(self) -> set[int]:
        """Return the decisions that differ or cannot be replayed."""
        return {*self.different, *self.lost}


def _plain(value: Any) -> Any:
    if hasattr(value, "item"):
        value = value.item()
    return None if not isinstance(value, (list, dict)) and pd.isna(value) else value


def _bits(value: Any) -> bytes:
    """Return a value in a form that is the same only for the same bits: the shortest exact text."""
    return _encode(_plain(value))

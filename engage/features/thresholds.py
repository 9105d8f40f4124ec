"""From which score on a condition holds, and the same condition with that threshold lowered.

The threshold is found in DuckDB's own parsed tree: a comparison of a score with a number among the
parts that must all hold. Whatever stands below an `or`, a `not` or a `case` is no threshold: there a
higher score need not be what makes the condition hold.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from engage.errors import PredicateRefused
from engage.features import condition

_AT_LEAST = frozenset({"COMPARE_GREATERTHANOREQUALTO", "COMPARE_GREATERTHAN"})
_AT_MOST = frozenset({"COMPARE_LESSTHANOREQUALTO", "COMPARE_LESSTHAN"})
_NUMBERS = frozenset({"INTEGER", "NUMERIC"})


@dataclass(frozen=True, slots=True)
class Threshold:
    """A score's name, the number that it must reach, and where that number stands."""

    condition: str
    score: str
    least: Decimal
    start: int
    """Of the number, in bytes of the condition; `end` is behind it."""
    end: int

    def lowered(self, by: float) -> str:
        """Return the condition with the threshold lowered, all else as it was written."""
        least = self.least - Decimal(str(by))
        text = self.condition.encode()
        return (text[: self.start] + f"{least:f}".encode() + text[self.end :]).decode()


def lowered(expression: str, scores: Collection[str], by: float) -> str:
    """Return a condition with the threshold of its score lowered by so much, in the score's unit.

    `scores` are the names of the columns that are scores. Raises PredicateRefused, saying why, where
    there is not exactly one threshold that is higher than `by`.
    """
    return threshold(expression, scores, by).lowered(by)


def threshold(expression: str, scores: Collection[str], above: float = 0) -> Threshold:
    """Return the one threshold of a condition, which is more than `above`; see `lowered`."""
    return _threshold(expression, frozenset(scores), above)


@lru_cache(maxsize=4096)
def _threshold(expression: str, scores: frozenset[str], above: float) -> Threshold:
    condition.read(expression)
    known = {name.lower(): name for name in scores}
    found = [
        one
        for part in _parts(condition.tree(expression))
        for one in _of(expression, part)
        if one.score.lower() in known
    ]
    if not found:
        told = ", ".join(sorted(scores)) or "there are none yet"
        raise PredicateRefused(
            "no score has a threshold in the condition: write `SCORE >= NUMBER`, joined to the rest "
            f"by `and`; the scores here: {told}",
            1,
        )
    if len(found) > 1:
        told = " and ".join(f"{one.score} >= {one.least}" for one in found)
        raise PredicateRefused(
            f"there are {len(found)} thresholds ({told}), and nobody can tell which is meant; keep one",
            1,
        )
    if found[0].least <= Decimal(str(above)):
        raise PredicateRefused(
            f"the threshold of {found[0].score} is {found[0].least}; write a band smaller than that, "
            "so that something lies below it",
            1,
        )
    return found[0]


def _parts(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield what must all hold."""
    if node["type"] != "CONJUNCTION_AND":
        yield node
        return
    for child in node["children"]:
        yield from _parts(child)


def _of(expression: str, node: dict[str, Any]) -> Iterator[Threshold]:
    if node["type"] in _AT_LEAST:
        column, number = node["left"], node["right"]
    elif node["type"] in _AT_MOST:
        column, number = node["right"], node["left"]
    else:
        return
    if column["class"] != "COLUMN_REF" or number["class"] != "CONSTANT":
        return
    if number["literal"]["kind"] not in _NUMBERS:
        return
    start = condition.offset(number["query_location"])
    yield Threshold(
        expression,
        column["column_names"][0],
        Decimal(number["literal"]["text"]),
        start,
        start + number["query_location_length"],
    )

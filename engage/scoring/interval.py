"""Between which amounts four in five customers like this one end up.

Conformal prediction in groups of the stated amount (Vovk, Gammerman and Shafer 2005, chapter 4.5,
Mondrian): how far rows that nothing was learned from were off tells how far new ones will be. The
miss is taken as a share of the amount (Papadopoulos et al. 2002), low and high apart, as amounts
have a long tail. Rows of one person are alike, so that each person counts once however many rows
they have (Dunn, Wasserman and Ramdas 2023).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

SHARE = 0.8
"""Of people whose amount lies between low and high."""
_EACH_SIDE = (1 + SHARE) / 2
GROUPS = 5
"""At most so many groups of equal numbers of people, in order of the stated amount."""
FEWEST_PEOPLE = 50
"""In a group, and at all; with fewer the bounds would be a few people's luck."""
SMALLEST_UNIT = 0.1
"""A miss counts in shares of the amount itself, or of this part of the mean where that is more."""


@dataclass(frozen=True, slots=True)
class Interval:
    """How far below and above the stated amount people's real ones lie, by group."""

    edges: tuple[float, ...]
    """Stated amounts at which the next group begins."""
    low: tuple[float, ...]
    high: tuple[float, ...]
    """Of each group, in shares of the stated amount."""
    unit: float
    """The least amount that shares are taken of."""
    people: tuple[int, ...]
    """How many people each group's bounds come from."""
    least: float | None = None
    """Below this no amount can lie."""

    def around(self, stated: Floats) -> tuple[Floats, Floats]:
        """Return (low, high) of these stated amounts."""
        group = np.searchsorted(self.edges, stated, side="right")
        scale = np.maximum(np.abs(stated), self.unit)
        low = stated + np.array(self.low)[group] * scale
        high = stated + np.array(self.high)[group] * scale
        if self.least is not None:
            low, high = np.maximum(low, self.least), np.maximum(high, self.least)
        return low, high

    def coverage(self, stated: Floats, actual: Floats, person: Whole) -> float:
        """Return the share of people whose amount lies within, each person counting once."""
        low, high = self.around(stated)
        inside = (actual >= low) & (actual <= high)
        return float(np.average(inside, weights=_once(person)))

    def body(self) -> dict[str, Any]:
        """Return it as an artifact's body holds it."""
        return {"share": SHARE, **asdict(self)}


def from_body(body: Mapping[str, Any] | None) -> Interval | None:
    """Return what `Interval.body` wrote down; None where a model has none."""
    if body is None:
        return None
    lists = {name: tuple(body[name]) for name in ("edges", "low", "high", "people")}
    return Interval(**lists, unit=body["unit"], least=body["least"])


def fit_interval(
    stated: Floats, actual: Floats, person: Whole, *, least: float | None = None
) -> Interval | None:
    """Return the interval of rows that nothing was learned from; None with too few people."""
    unit = SMALLEST_UNIT * float(np.abs(stated).mean()) if len(stated) else 0.0
    people = len(np.unique(person))
    if people < FEWEST_PEOPLE or unit <= 0:
        return None
    weight = _once(person)
    edges = _edges(stated, weight, min(GROUPS, people // FEWEST_PEOPLE))
    group = np.searchsorted(edges, stated, side="right")
    miss = (actual - stated) / np.maximum(np.abs(stated), unit)
    parts = [np.flatnonzero(group == one) for one in range(len(edges) + 1)]
    low = [-_bound(-miss[rows], weight[rows], _EACH_SIDE) for rows in parts]
    # Where many bring in nothing at all, nobody is below: the whole rest may lie above.
    sides = [SHARE if least == 0 and one <= -1 else _EACH_SIDE for one in low]
    high = [_bound(miss[rows], weight[rows], side) for rows, side in zip(parts, sides, strict=True)]
    counted = [len(np.unique(person[rows])) for rows in parts]
    return Interval(tuple(edges), tuple(low), tuple(high), unit, tuple(counted), least)


def _edges(stated: Floats, weight: Floats, groups: int) -> list[float]:
    """Return the amounts between groups that hold as many people each, a tie on one side."""
    order = np.argsort(stated, kind="stable")
    below = np.cumsum(weight[order])
    wanted = below[-1] * np.arange(1, groups) / groups
    found: Floats = np.unique(stated[order][np.searchsorted(below, wanted)])
    return [float(one) for one in found if one > stated.min()]


def _bound(miss: Floats, weight: Floats, share: float) -> float:
    """Return the miss that the next person does not exceed with this chance.

    The smallest with at least share x (W + 1) of the weight W, one a person, at or below it.
    Equal misses are added up in one order whatever order the rows came in.
    """
    order = np.lexsort((weight, miss))
    below = np.cumsum(weight[order])
    needed = share * (below[-1] + 1)
    place = int(np.searchsorted(below, needed - 1e-9))
    return float(miss[order][min(place, len(miss) - 1)])


def _once(person: Whole) -> Floats:
    """Return weights of rows that sum to one over those of each person."""
    _, place, number = np.unique(person, return_inverse=True, return_counts=True)
    return np.asarray(1.0 / number[place], dtype=np.float64)

"""What was tried on whom, with which chance, and what came of it: all that uplift is learned from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engage.domain.actions import NONE
from engage.domain.ids import draw_column
from engage.errors import NotTrainable

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
Flags = NDArray[np.bool_]

_SUM = 1e-6
"""Chances of one row may miss 1 by this much, as logs round them."""


@dataclass(frozen=True, slots=True)
class Trial:
    """Logged decisions, one row each, in the order of their ids; made by `trial`.

    Actions are columns; to leave somebody alone is the last one, here as in `decide.explore`.
    """

    actions: tuple[str, ...]
    """The names of the k actions, without "none"."""
    matrix: Floats
    """(n, f) features as numbers, NaN where missing."""
    categories: tuple[int, ...]
    """Which features are codes of words."""
    action: Places
    """(n,) the column of what was done."""
    outcome: Floats
    """(n,) what came of it: 1 and 0 for a goal, an amount of money, not less any cost."""
    chance: Floats
    """(n, k + 1) with which chance each could have been done; 0 where it was not allowed."""
    person: Places
    """(n,) the place of each row's person in `persons`."""
    persons: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.outcome)

    @property
    def taken(self) -> Floats:
        """Return (n,) the chance of what was done."""
        return np.asarray(self.chance[np.arange(len(self)), self.action])

    @property
    def allowed(self) -> Flags:
        """Return (n, k + 1) what could have been done."""
        return np.asarray(self.chance > 0)

    def rows(self, chosen: Places) -> Trial:
        """Return some rows, in their order, of the same people."""
        return replace(
            self,
            matrix=self.matrix[chosen],
            action=self.action[chosen],
            outcome=self.outcome[chosen],
            chance=self.chance[chosen],
            person=self.person[chosen],
        )

    def fold(self, number: int, seed: int, purpose: str) -> Places:
        """Return (n,) which of `number` parts each row is in: a keyed hash of its person.

        A division inside another needs a purpose of its own, or it would find one part empty.
        """
        drawn = np.asarray(draw_column(f"uplift:{seed}".encode(), self.persons, purpose))
        return np.asarray((drawn * number).astype(np.int64)[self.person])


def trial(
    *,
    ids: Sequence[str],
    persons: Sequence[str],
    actions: Sequence[str],
    taken: Sequence[str],
    chance: Floats,
    outcome: Floats,
    matrix: Floats,
    categories: Sequence[int] = (),
) -> Trial:
    """Return logged decisions as a trial, whatever order they came in.

    `taken` (n,) names what was done, `chance` (n, k + 1) says how likely each of `actions` and, in
    the last column, "none" was. Raises NotTrainable when nobody was left alone, when something was
    done that had no chance, or when a number is missing.
    """
    order = np.argsort(np.asarray(ids, dtype=np.str_), kind="stable")
    names = {name: column for column, name in enumerate((*actions, NONE))}
    unknown = sorted(set(taken) - set(names))
    if unknown:
        raise NotTrainable(
            f"uplift: the log holds the action {unknown[0]!r}, which is none of {', '.join(names)}; "
            f"name it among the actions or leave its rows out"
        )
    folk, place = np.unique(np.asarray(persons, dtype=np.str_), return_inverse=True)
    made = Trial(
        actions=tuple(actions),
        matrix=np.asarray(matrix, np.float64)[order],
        categories=tuple(categories),
        action=np.asarray([names[one] for one in taken], np.int64)[order],
        outcome=np.asarray(outcome, np.float64)[order],
        chance=np.asarray(chance, np.float64)[order],
        person=np.asarray(place, np.int64)[order],
        persons=tuple(folk.tolist()),
    )
    _check(made, ids)
    return made


def _check(made: Trial, ids: Sequence[str]) -> None:
    if len(set(ids)) != len(ids):
        raise NotTrainable("uplift: a decision stands in the log twice; count it once")
    if not np.isfinite(made.outcome).all():
        raise NotTrainable("uplift: an outcome is missing or infinite; leave out immature rows")
    if np.isinf(made.matrix).any():
        raise NotTrainable("uplift: a feature is infinite; missing values are NaN")
    sums = made.chance.sum(axis=1)
    if (made.chance < 0).any() or (np.abs(sums - 1) > _SUM).any():
        raise NotTrainable("uplift: chances must be 0 to 1 and sum to one in each row")
    if (made.taken <= 0).any():
        raise NotTrainable(
            "uplift: something was done that had no chance; the logged chances are not those the "
            "actions were drawn with"
        )
    for column, name in enumerate((*made.actions, NONE)):
        if not (made.action == column).any():
            raise NotTrainable(
                f"uplift: nobody had the action {name!r}, so nothing can be compared"
            )

"""Logged decisions of unequal chances become counts that can be compared."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engage.decide.beliefs import Counts
from engage.decide.board import Flags, Numbers

Places = npt.NDArray[np.int64]


def counts(
    trigger: Places, action: Places, chance: Numbers, reached: Flags, triggers: int
) -> Counts:
    """Return what each action did under each trigger, beside those it was allowed for and left alone.

    One row per decision: `trigger` (n,) below `triggers`, `action` (n,) the column of what was done,
    `chance` (n, k + 1) with which chance each could have been done, none last, 0 where it was not
    allowed. Each decision weighs 1 / chance, so that actions that were mostly done in the evening
    are compared with the same evenings left alone (Hajek 1971); the weights count as as many
    decisions as tell as much as they do (Kish 1965).
    """
    n, none = len(action), chance.shape[1] - 1
    weight = 1 / chance[np.arange(n), action]
    parts = [
        _of_one(trigger, weight, reached, mask, triggers)
        for column in range(none)
        for mask in _both(action, chance, column, none)
    ]
    tried, alone = parts[::2], parts[1::2]
    return Counts(
        reached=np.column_stack([one[0] for one in tried]),
        tried=np.column_stack([one[1] for one in tried]),
        alone_reached=np.column_stack([one[0] for one in alone]),
        alone_tried=np.column_stack([one[1] for one in alone]),
    )


def _both(action: Places, chance: Numbers, column: int, none: int) -> tuple[Flags, Flags]:
    """Return who had the action, and who had nothing, among those who might have had either."""
    either = (chance[:, column] > 0) & (chance[:, none] > 0)
    return either & (action == column), either & (action == none)


def _of_one(
    trigger: Places, weight: Numbers, reached: Flags, mask: Flags, triggers: int
) -> tuple[Numbers, Numbers]:
    """Return by trigger how many of these decisions reached the goal, and how many they count as."""
    where, own = trigger[mask], weight[mask]
    total = np.bincount(where, own, triggers)
    squares = np.bincount(where, own**2, triggers)
    hits = np.bincount(where, own * reached[mask], triggers)
    seen = total > 0
    effective = np.where(seen, total**2 / np.where(seen, squares, 1), 0.0)
    return np.asarray(effective * hits / np.where(seen, total, 1)), effective

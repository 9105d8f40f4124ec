"""Which rows a model learns from, which make it honest, and which judge it.

By time: the newest fifth judges, the newest quarter of the rest calibrates, the older rows are
learned from, with a gap of one horizon between the blocks so that no label looks into a later one.
By person: a fixed fifth of the people judges; calibration then uses scores of people their booster
did not see. Rows of one person are never on both sides of a division by person. A division by time
keeps everybody: dropping the earlier rows of those who came back later would select on the future.

When to stop growing trees, and which way of growing them, is found within the rows to learn from: by
rolling origins in a split by time, by folds of people in one by person.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engage.domain.ids import draw_column

Rows = NDArray[np.int64]
Split = Literal["time", "random"]

JUDGING_SHARE = 0.2
CALIBRATING_SHARE = 0.25
FEWEST_LEARNING = 0.4
"""A split by time that leaves less than this share to learn from is not worth its gaps."""
ORIGINS = 3
"""Of a rolling-origin check; as many folds of people."""
FEWEST_OF_A_CLASS = 10
"""Each part of a division by time needs so many of each outcome; else people are divided instead."""
FEWEST_ROWS = 50
"""A block of a split by time below this many rows can neither calibrate nor judge."""


@dataclass(frozen=True, slots=True)
class Blocks:
    """Positions of the rows in each block; `calibrate` is empty in a split by person."""

    kind: Split
    learn: Rows
    calibrate: Rows
    judge: Rows

    def among(self, rows: Rows) -> Blocks:
        """Return the blocks of a part of the rows as positions among all."""
        return Blocks(self.kind, rows[self.learn], rows[self.calibrate], rows[self.judge])


def by_time(as_of: NDArray[np.datetime64], horizon: timedelta) -> Blocks | None:
    """Return the split by time of rows with these moments, or None when the span is too short."""
    gap = np.timedelta64(horizon)
    judge_from = _newest(as_of, JUDGING_SHARE)
    before = (as_of + gap <= judge_from) & (as_of < judge_from)
    if not before.any():
        return None
    calibrate_from = _newest(as_of[before], CALIBRATING_SHARE)
    learn = (as_of + gap <= calibrate_from) & (as_of < calibrate_from)
    blocks = Blocks(
        "time",
        np.flatnonzero(learn),
        np.flatnonzero(before & (as_of >= calibrate_from)),
        np.flatnonzero(as_of >= judge_from),
    )
    enough = len(blocks.learn) >= FEWEST_LEARNING * len(as_of)
    enough &= min(len(blocks.calibrate), len(blocks.judge)) >= FEWEST_ROWS
    return blocks if enough else None


def _newest(as_of: NDArray[np.datetime64], share: float) -> np.datetime64:
    """Return the moment from which on about this share of the rows lies."""
    ordered = np.sort(as_of)
    moment: np.datetime64 = ordered[int(np.floor(len(ordered) * (1 - share)))]
    return moment


def by_person(person: Rows, draws: NDArray[np.float64]) -> Blocks:
    """Return the split by person; `draws` is one number in [0, 1) per distinct person."""
    judged = (draws < JUDGING_SHARE)[person]
    none = np.empty(0, dtype=np.int64)
    return Blocks("random", np.flatnonzero(~judged), none, np.flatnonzero(judged))


def folds(person: Rows, draws: NDArray[np.float64], number: int) -> list[tuple[Rows, Rows]]:
    """Return `number` divisions of the rows into (learn, check), each person on one side."""
    fold = np.minimum((draws * number).astype(np.int64), number - 1)[person]
    pairs = [(np.flatnonzero(fold != one), np.flatnonzero(fold == one)) for one in range(number)]
    return [(learn, check) for learn, check in pairs if len(learn) and len(check)]


def rolling(
    as_of: NDArray[np.datetime64], person: Rows, draws: NDArray[np.float64], horizon: timedelta
) -> list[tuple[Rows, Rows]]:
    """Return pairs of older rows to learn from and newer ones to check, each person on one side.

    The newer half of the rows is cut into `ORIGINS` blocks. Each block is checked by what was known
    when it began: rows that are a horizon older, of other people (Tashman 2000, rolling origin).
    """
    edges = [_newest(as_of, share) for share in np.linspace(0.5, 0.0, ORIGINS, endpoint=False)]
    fold = np.minimum((draws * ORIGINS).astype(np.int64), ORIGINS - 1)[person]
    gap, pairs = np.timedelta64(horizon), []
    for place, begins in enumerate(edges):
        block = as_of >= begins
        if place + 1 < ORIGINS:
            block &= as_of < edges[place + 1]
        known = (as_of + gap <= begins) & (as_of < begins)
        pairs += [
            (np.flatnonzero(known & (fold != one)), np.flatnonzero(block & (fold == one)))
            for one in range(ORIGINS)
        ]
    return pairs


def person_draws(persons: list[str], seed: int, purpose: str) -> NDArray[np.float64]:
    """Return the number in [0, 1) that each person always draws for this purpose and seed."""
    return np.array(draw_column(f"scoring:{seed}".encode(), persons, purpose), dtype=np.float64)

"""A bank of one size with some of its troubles on, for the tests of each."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa

from engage.simulate.nastiness import Nastiness
from engage.simulate.world import World

Path = Mapping[str, pa.Table]
"""What a bank nobody approaches has told in the end, by relation."""
PEOPLE, SEED = 1_000, 11
DAY_OF_OUTAGE = pd.Timestamp("2026-03-04")
GAP = pd.Timestamp("2026-03-06 08:00"), pd.Timestamp("2026-03-06 14:00")


def bank(*names: str, people: int = PEOPLE) -> World:
    """Return a bank with just these troubles."""
    return World(people, SEED, nastiness=Nastiness.only(*names))


def share_within(found: int, of: int, expected: float) -> bool:
    """Return whether a share lies within four standard errors of what is expected."""
    return abs(found / of - expected) < 4 * float(np.sqrt(expected * (1 - expected) / of))


def alike(one: pd.DataFrame, other: pd.DataFrame) -> None:
    """Fail unless both hold the same rows in the same order."""
    pd.testing.assert_frame_equal(one.reset_index(drop=True), other.reset_index(drop=True))

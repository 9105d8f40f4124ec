"""What was wrong with which row, so that a bad row is set aside and the good ones go on."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


@dataclass(slots=True)
class Findings:
    """The first fault found in each row of a chunk; an empty reason means none."""

    rows: int
    reasons: NDArray[np.object_] = field(init=False)

    def __post_init__(self) -> None:
        self.reasons = np.full(self.rows, "", dtype=object)

    def refuse(self, wrong: Mask | pa.Array, reason: str) -> None:
        """Set the marked rows aside, unless something was found in them before."""
        mask = wrong if isinstance(wrong, np.ndarray) else as_mask(wrong)
        self.reasons[mask & (self.reasons == "")] = reason

    @property
    def bad(self) -> Mask:
        """Return which rows are set aside."""
        return np.asarray(self.reasons != "", bool)


def as_mask(flags: pa.Array | pa.ChunkedArray) -> Mask:
    """Return Arrow flags as a NumPy mask; null is false."""
    return np.asarray(flags.fill_null(False).to_numpy(zero_copy_only=False), bool)

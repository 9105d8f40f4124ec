"""What was wrong with which row, so that a bad row is set aside and the good ones go on."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Mask = NDArray[np.bool_]

_LONGEST_SHOWN = 40
"""Characters of a value that a reason shows; the whole of it stands with the row."""
_SHOWN = re.compile(r": '[^\n]*?'(?=; |$)")


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

    def refuse_shown(self, wrong: Mask, reason: str, text: pa.Array) -> None:
        """Set the marked rows aside as `refuse` does, each with the value that was wrong in it."""
        rows = np.flatnonzero(wrong & (self.reasons == ""))
        values = text.take(pa.array(rows)).to_pylist()
        self.reasons[rows] = [f"{reason}: '{_shortened(value)}'" for value in values]

    @property
    def bad(self) -> Mask:
        """Return which rows are set aside."""
        return np.asarray(self.reasons != "", bool)


def _shortened(value: str) -> str:
    plain = " ".join(value.split())
    return plain if len(plain) <= _LONGEST_SHOWN else f"{plain[: _LONGEST_SHOWN - 1]}…"


def without_value(reason: str) -> str:
    """Return a reason without the value that it shows, to count rows with the same fault."""
    return _SHOWN.sub("", reason)


def as_mask(flags: pa.Array | pa.ChunkedArray) -> Mask:
    """Return Arrow flags as a NumPy mask; null is false."""
    return np.asarray(flags.fill_null(False).to_numpy(zero_copy_only=False), bool)

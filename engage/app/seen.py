"""What was read before is known again, in eight bytes each, whatever the length of a file."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray


class Seen:
    """The texts that passed so far, each as a 64-bit hash.

    Of ten million texts two are mistaken for each other once in 370,000 files.
    """

    def __init__(self) -> None:
        self._runs: list[NDArray[np.uint64]] = []

    def again(self, texts: NDArray[np.object_]) -> NDArray[np.bool_]:
        """Return which of these passed before, here or in an earlier call, and remember them."""
        codes = pd.util.hash_array(texts, categorize=False)
        before = np.array(pd.Series(codes).duplicated(), bool)
        for run in self._runs:
            place = np.searchsorted(run, codes)
            before |= run[np.minimum(place, len(run) - 1)] == codes
        self._keep(np.sort(codes[~before]))
        return before

    def _keep(self, run: NDArray[np.uint64]) -> None:
        # Runs at least double in length from the last to the first, so there are few of them.
        while self._runs and len(self._runs[-1]) < 2 * len(run):
            run = np.sort(np.concatenate([self._runs.pop(), run]), kind="stable")
        if len(run):
            self._runs.append(run)

"""Which subjects a trigger's condition holds for."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from engage.domain.triggers import Trigger
from engage.features.predicates import evaluate


def fire(frame: pa.Table, triggers: Iterable[Trigger]) -> dict[str, npt.NDArray[np.bool_]]:
    """Return for each trigger, by name, the rows of the frame that its condition holds for.

    All conditions run as one SELECT; where a value is not known the condition does not hold.
    Raises PredicateRefused, naming the trigger, for a condition that is not allowed.
    """
    return evaluate({trigger.name: trigger.when for trigger in triggers}, frame)

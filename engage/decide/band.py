"""Some of those just below a trigger's threshold are let in by chance, to learn whether it is right.

A threshold can be tuned both ways only where something is known on both of its sides. Whoever comes in
from the band is measured by themselves: the trigger's own effect is that on those for whom its
condition holds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from engage.domain.ids import draw_column
from engage.domain.triggers import Trigger
from engage.features.predicates import evaluate
from engage.features.thresholds import lowered

Flags = npt.NDArray[np.bool_]


def below(
    frame: pa.Table, triggers: Iterable[Trigger], scores: Collection[str]
) -> dict[str, Flags]:
    """Return for each trigger with a band the rows whose score lies in it, all else being true.

    In the band is who the condition holds for with its threshold lowered, and not as it is. `scores`:
    the names of the frame's columns that are scores. Raises PredicateRefused where a condition has no
    threshold.
    """
    banded = [one for one in triggers if one.band > 0]
    asked = {f"{one.name} with its band": lowered(one.when, scores, one.band) for one in banded}
    held = evaluate({**asked, **{one.name: one.when for one in banded}}, frame)
    return {one.name: held[f"{one.name} with its band"] & ~held[one.name] for one in banded}


def let_in(trigger: Trigger, subjects: Sequence[str], secret: bytes) -> Flags:
    """Return which of these subjects, all of them in the band, the draw lets in.

    With the chance `exploration`. A subject's draw is always the same, HMAC(secret, subject, trigger),
    so that whoever is looked at more often is not let in more often.
    """
    drawn = np.asarray(draw_column(secret, subjects, trigger.name, "band"), np.float64)
    chosen: Flags = drawn < trigger.exploration
    return chosen


def explored(
    frame: pa.Table, triggers: Iterable[Trigger], scores: Collection[str], secret: bytes
) -> dict[str, Flags]:
    """Return for each trigger with a band the rows that are let in from it."""
    known = {one.name: one for one in triggers}
    found = {}
    for name, mask in below(frame, known.values(), scores).items():
        rows = np.flatnonzero(mask)
        subjects = frame["subject_id"].take(pa.array(rows)).to_pylist()
        found[name] = np.zeros(frame.num_rows, bool)
        found[name][rows] = let_in(known[name], subjects, secret)
    return found

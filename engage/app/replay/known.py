"""What was known of each subject becomes the frame again that its scores were made from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from engage.app.app import App
from engage.app.frames import columns
from engage.app.replay.artifacts import Artifacts
from engage.app.replay.log import Log
from engage.decide.log_columns import typed
from engage.domain.scores import Subject
from engage.features.build import ARROW


@dataclass(frozen=True)
class Frame:
    """The logged columns of the decisions on one kind of subject."""

    places: npt.NDArray[np.intp]
    """Which decisions of the log, in ascending order."""
    table: pa.Table

    def of(self, rows: Sequence[int]) -> pa.Table:
        """Return the columns of these decisions of the log, in this order."""
        return self.table.take(pa.array(np.searchsorted(self.places, rows), pa.int64()))


def frames(app: App, log: Log, artifacts: Artifacts) -> dict[Subject, Frame]:
    """Return the frame of each kind of subject that was decided about.

    Types are those of today's models' features, and of those in the artifacts of then.
    """
    found = {}
    kinds = [one and one.subject for one in map(log.trigger, range(log.n))]
    for subject in Subject:
        places = np.flatnonzero([one is subject for one in kinds])
        if len(places):
            asked = {field.name: field.type for field in columns(app, subject)}
            for feature in artifacts.features(log.artifacts[row] for row in places.tolist()):
                asked.setdefault(feature.name, ARROW[feature.type])
            texts = log.rows["features"].take(pa.array(places))
            found[subject] = Frame(places, typed(texts, pa.schema(asked.items())))
    return found

"""What an artifact keeps of its training so that it can be watched and described afterwards."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from engage.domain.scores import Subject
from engage.scoring.by_minute import by_minute
from engage.scoring.definition import Model
from engage.scoring.population import person_codes, reference
from engage.scoring.predict import Predictor
from engage.scoring.prepare import TrainingSet
from engage.scoring.segments import by_feature
from engage.scoring.splits import Rows


def watched(
    model: Model,
    data: TrainingSet,
    predictor: Predictor,
    *,
    judged: Rows,
    learned: Rows,
    stands: NDArray[np.bool_],
) -> dict[str, Any]:
    """Return the parts of a body with which drift is found and quality is told apart.

    `reference` for drift; `segments`, figures by part of the people; `by_minute`, by the age of visits.

    `judged` and `learned`: positions in the training set; `stands`: which of its rows are counted.
    Rows whose outcome is not known yet count for the reference: they are the newest people there
    are.
    """
    unseen = np.ones(data.frame.num_rows, dtype=bool)
    unseen[learned] = False
    counted = np.flatnonzero(stands)
    frame = data.frame.take(pa.array(counted))
    scores = np.full(data.frame.num_rows, np.nan)
    scores[counted] = predictor.score(frame)
    # Everybody has a row a month there: a person counts once, as last seen.
    newest_only = model.subject is Subject.PERSON
    actual = np.asarray(data.label, dtype=np.float64)[judged]
    rows = data.frame.take(pa.array(judged))
    found: dict[str, Any] = {
        "reference": reference(
            model.features, frame, scores[counted], unseen[counted], newest_only=newest_only
        ),
        "segments": by_feature(model.features, model.objective, rows, actual, scores[judged]),
    }
    if data.minutes is not None:
        found["by_minute"] = by_minute(
            model.objective, data.minutes[judged], actual, scores[judged], person_codes(rows)
        )
    return found

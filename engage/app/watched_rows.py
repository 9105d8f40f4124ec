"""The rows that a look at a model in use is about: those scored lately, and those matured since."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from engage.app.app import App
from engage.app.engines import over_history
from engage.app.training import labels_of
from engage.domain.scores import Objective, Subject
from engage.features.build import build
from engage.features.engines.duckdb import DuckEngine
from engage.features.labels import labels
from engage.features.moments import training_subjects
from engage.scoring.definition import Model
from engage.scoring.honesty import label_delay
from engage.scoring.looked import ScoredRows
from engage.scoring.population import newest_of_each, person_codes
from engage.scoring.predict import Predictor

_WEEK = timedelta(days=7)
_MONTH = timedelta(days=31)
_PARTS = (0.125, 0.25, 0.5, 0.75, 1.0)
"""Of the horizon, at which it is asked how many outcomes show already."""


def lately(app: App, model: Model, predictor: Predictor, now: datetime) -> ScoredRows:
    """Return what was scored in the newest whole weeks, as many as hold people enough.

    A model of people is trained on the first of each month: there it is the newest month, so that
    days of a month are compared with the same days.
    """
    settings = app.settings.drift
    spans = [weeks * _WEEK for weeks in range(settings.weeks, settings.most_weeks + 1)]
    if model.subject is Subject.PERSON:
        spans = [_MONTH]
    with over_history(app) as duck:
        found = _moments(app, duck, model, now, now)
        for span in spans or [settings.weeks * _WEEK]:
            found = _moments(app, duck, model, now - span, now)
            if len(found["person_id"].unique()) >= settings.min_people:
                break
        if model.subject is Subject.PERSON:
            last = newest_of_each(found["as_of"].to_numpy(), person_codes(found))
            found = found.filter(pa.array(last))
        frame = _built(duck, model, found)
    return ScoredRows(frame, predictor.score(frame))


def matured(
    app: App, model: Model, predictor: Predictor, now: datetime, *, after: datetime
) -> ScoredRows:
    """Return the newest rows whose outcome is known and that are later than `after`.

    As far back as `drift.matured_weeks`; the artifact saw none of them in training.
    """
    until = now - model.horizon
    since = max(after, until - app.settings.drift.matured_weeks * _WEEK)
    with over_history(app) as duck:
        if since >= until:
            empty = _built(duck, model, _moments(app, duck, model, now, now))
            return ScoredRows(empty, predictor.score(empty), np.empty(0))
        found = _moments(app, duck, model, since, until)
        frame = _built(duck, model, found)
        fair = labels_of(app, duck, model, found, model.horizon)
    label = _floats(fair["label"])
    known = np.flatnonzero(np.isfinite(label))
    frame = frame.take(pa.array(known))
    return ScoredRows(frame, predictor.score(frame), label[known])


def outcome_delay(app: App, model: Model, now: datetime) -> Mapping[str, Any]:
    """Return how long outcomes take to show, by asking with parts of the horizon."""
    until = now - model.horizon
    since = until - app.settings.drift.matured_weeks * _WEEK
    with over_history(app) as duck:
        found = _moments(app, duck, model, since, until)
        each = [_so_far(duck, model, found, model.horizon * part) for part in _PARTS]
    known = np.isfinite(each[-1])
    amounts = model.objective is Objective.AMOUNT
    totals = [float(np.nansum(np.abs(one[known]) if amounts else one[known])) for one in each]
    return label_delay(_PARTS, model.horizon / timedelta(hours=1), totals)


def _moments(
    app: App, duck: DuckEngine, model: Model, since: datetime, until: datetime
) -> pa.Table:
    return training_subjects(
        duck,
        model.subject,
        query=model.subjects,
        seed=app.settings.scoring.seed,
        since=since,
        until=until,
        most=app.settings.drift.max_rows,
        name=model.file,
    )


def _built(duck: DuckEngine, model: Model, found: pa.Table) -> pa.Table:
    return build(
        duck, model.query, model.features, found, barred=model.barred, name=model.query_file
    )


def _so_far(
    duck: DuckEngine, model: Model, found: pa.Table, horizon: timedelta
) -> np.typing.NDArray[np.float64]:
    return _floats(labels(duck, model.label, found, horizon, name=model.file)["label"])


def _floats(column: pa.ChunkedArray) -> np.typing.NDArray[np.float64]:
    return np.asarray(column.to_numpy(), dtype=np.float64)

"""Scores are given again: from the logged features, by the very artifact that gave them then."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
import pyarrow as pa

from engage.app.app import App
from engage.app.replay.artifacts import Artifacts, scoring
from engage.app.replay.known import Frame
from engage.app.replay.log import NO_TRIGGER, Log
from engage.app.replay.stage import Stage
from engage.domain.scores import Subject
from engage.errors import ArtifactRefused
from engage.store import Tx, scores

NO_SCORES = "no model scored it"
GONE = "the score of the person is not kept any more"


def replayed(
    app: App, tx: Tx, log: Log, frames: Mapping[Subject, Frame], artifacts: Artifacts
) -> Stage:
    """Return what became of every score that a decision was made from.

    A person's score that joined the frame of a visit or a contact is held against the one that was
    kept that night, as the person's features are not logged with the visit's decision.
    """
    stage = Stage(log.ids)
    seen: set[int] = set()
    for subject, frame in frames.items():
        for model, artifact_id, rows in _used(log, frame):
            if subject is not Subject.PERSON and _of_people(app, model):
                _kept(tx, log, frame, model, artifact_id, rows, stage)
            else:
                _again(frame, model, artifacts, artifact_id, rows, stage)
            seen.update(rows)
        stage.apart.update(dict.fromkeys(set(frame.places.tolist()) - seen, NO_SCORES))
    stage.cannot(log.without_trigger, NO_TRIGGER)
    return stage


def _used(log: Log, frame: Frame) -> Iterator[tuple[str, str, list[int]]]:
    """Yield each model and artifact with the decisions that it scored."""
    rows: dict[tuple[str, str], list[int]] = defaultdict(list)
    for row in frame.places.tolist():
        for one in scoring(log.artifacts[row]):
            rows[one].append(row)
    yield from ((*one, places) for one, places in sorted(rows.items()))


def _of_people(app: App, model: str) -> bool:
    return model in app.models and app.models[model].subject is Subject.PERSON


def _again(
    frame: Frame, model: str, artifacts: Artifacts, artifact_id: str, rows: list[int], stage: Stage
) -> None:
    predictor = artifacts.predictor(artifact_id)
    if isinstance(predictor, str):
        stage.cannot(rows, predictor)
        return
    mine = frame.of(rows)
    try:
        made = predictor.score(mine)
    except ArtifactRefused as refused:
        stage.cannot(rows, str(refused))
        return
    stage.compare(model, rows, _column(mine, model), made)


def _column(frame: pa.Table, name: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    if name not in frame.column_names:
        return np.full(frame.num_rows, np.nan)
    return np.asarray(frame[name].to_numpy(), np.float64)


def _kept(
    tx: Tx, log: Log, frame: Frame, model: str, artifact_id: str, rows: list[int], stage: Stage
) -> None:
    """Hold the person's logged score against the newest that this artifact gave by then."""
    people, decided = log.texts("person_id"), log.texts("decided_at")
    asked = pd.DataFrame(
        {
            "row": rows,
            "person_id": [people[row] for row in rows],
            "as_of": pd.Series([decided[row] for row in rows]).astype("datetime64[us]"),
            "stored": _column(frame.of(rows), model),
        }
    )
    names = sorted(set(asked["person_id"]))
    held = scores.of_people(tx, names, model, artifact_id).to_pandas()
    newest = pd.merge_asof(
        asked.sort_values("as_of"), held.sort_values("as_of"), on="as_of", by="person_id"
    )
    lost = newest["score"].isna() & newest["stored"].notna()
    stage.cannot(newest.loc[lost, "row"].tolist(), GONE)
    there = newest[~lost]
    stage.compare(model, there["row"].tolist(), there["stored"], there["score"])

"""Scores are kept with the artifact that gave them, so that a person's scores join every frame."""

from __future__ import annotations

import pyarrow as pa

from engage.app.app import App
from engage.app.frames import Scored, models_of
from engage.domain.scores import Subject
from engage.store import scores


def keep_scores(app: App, scored: Scored, subject: Subject) -> None:
    """Store each model's scores of these subjects, newest first in force."""
    parts = [_rows(scored, name) for name in models_of(app, subject) if name in scored.artifacts]
    if parts:
        with app.store.write() as tx:
            scores.keep(tx, pa.concat_tables(parts))


def _rows(scored: Scored, model: str) -> pa.Table:
    frame = scored.frame
    return pa.table(
        {
            "subject_id": frame["subject_id"],
            "person_id": frame["person_id"],
            "model": pa.array([model] * frame.num_rows, pa.string()),
            "as_of": frame["as_of"],
            "artifact_id": pa.array([scored.artifacts[model]] * frame.num_rows, pa.string()),
            "score": frame[model],
        }
    )

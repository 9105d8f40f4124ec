"""Subjects become one row each of features and scores, live or from history, by the same code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from engage.app.app import App
from engage.app.champions import Champion, champions
from engage.domain.scores import Objective, Subject
from engage.features.build import build
from engage.features.definition import Feature
from engage.features.engines.warm import opened
from engage.features.frame import (
    columns_of,
    drop_of,
    features_of,
    merge,
    with_drops,
    with_person_scores,
    with_scores,
)
from engage.features.plain import plain
from engage.features.sources import Source
from engage.scoring.definition import Model
from engage.store import scores as kept
from engage.store import worth

VALUE = "customer_value"
"""The score that says what a customer is worth."""
IMPORTED = "imported"
"""Stands where an artifact is named, when the company's own values are used instead."""


@dataclass(frozen=True)
class Scored:
    """A frame of subjects with their features and scores, and what scored them."""

    frame: pa.Table
    artifacts: Mapping[str, str]
    """The artifact behind each score, by the model's name."""


def models_of(app: App, subject: Subject) -> dict[str, Model]:
    """Return the models that score this kind of subject, in name order."""
    return {name: m for name, m in sorted(app.models.items()) if m.subject is subject}


def columns(app: App, subject: Subject) -> pa.Schema:
    """Return the columns, with types, that a trigger over this kind of subject may name."""
    return columns_of(_parts(app, subject), _scored(app, subject))


def scores_of(app: App, subject: Subject) -> frozenset[str]:
    """Return the names of the columns that are scores, of the subject and of the person behind it."""
    return frozenset(_scored(app, subject))


def logged_features(app: App, subject: Subject) -> tuple[Feature, ...]:
    """Return the columns that a decision's log holds of its subject, as features to learn from.

    Whole numbers are learned from as numbers: a log need not tell 3 from 3.0.
    """
    known = features_of(_parts(app, subject)).values()
    own = [replace(one, type="number") if one.type == "integer" else one for one in known]
    scores = [Feature(name, "number", f"{name}: {{value}}") for name in _scored(app, subject)]
    return tuple(sorted([*own, *scores], key=lambda one: one.name))


def _parts(app: App, subject: Subject) -> dict[str, Sequence[Feature]]:
    parts: dict[str, Sequence[Feature]] = {
        name: model.features for name, model in models_of(app, subject).items()
    }
    own_frame = plain(subject)
    if own_frame is not None:
        parts["its own frame"] = own_frame.features
    if subject is Subject.SESSION:
        parts["the drops of its scores"] = [drop_of(name) for name in models_of(app, subject)]
    return parts


def _scored(app: App, subject: Subject) -> dict[str, Objective]:
    people = {} if subject is Subject.PERSON else models_of(app, Subject.PERSON)
    return {name: m.objective for name, m in [*models_of(app, subject).items(), *people.items()]}


def score_subjects(
    app: App, subject: Subject, subjects: pa.Table, relations: Mapping[str, Source]
) -> Scored:
    """Return features and scores of these subjects (subject_id, person_id, as_of).

    A model that has no champion yet gives a column of nulls, which no condition matches.
    """
    in_use, models = champions(app), models_of(app, subject)
    frames, parts = _built(app, subject, subjects, relations, models)
    frame = merge(frames, parts)
    own = {name: _scores(in_use.get(name), frames[name]) for name in models}
    frame = with_scores(frame, own)
    used = {name: in_use[name].artifact_id for name in models if name in in_use}
    if subject is Subject.SESSION:
        frame = _with_drops(app, frame, used)
    if subject is not Subject.PERSON:
        frame, of_people = _with_person_scores(app, frame)
        used |= of_people
    return Scored(frame, used)


def _built(
    app: App,
    subject: Subject,
    subjects: pa.Table,
    relations: Mapping[str, Source],
    models: Mapping[str, Model],
) -> tuple[dict[str, pa.Table], dict[str, Sequence[Feature]]]:
    engine = app.settings.engine
    queries: dict[str, tuple[str, Sequence[Feature], Sequence[str], str]] = {
        name: (model.query, model.features, model.barred, model.query_file)
        for name, model in models.items()
    }
    own_frame = plain(subject)
    if own_frame is not None:
        queries["its own frame"] = (own_frame.query, own_frame.features, (), "its own frame")
    with opened(
        relations,
        threads=engine.threads,
        memory_mb=engine.memory_mb,
        folder=str(app.history.folder),
    ) as duck:
        frames = {
            name: build(duck, text, features, subjects, barred=barred, name=place)
            for name, (text, features, barred, place) in queries.items()
        }
    return frames, {name: features for name, (_, features, _, _) in queries.items()}


def _scores(champion: Champion | None, part: pa.Table) -> npt.NDArray[np.float64]:
    if champion is None:
        return np.full(part.num_rows, np.nan)
    return champion.predictor.score(part)


def _with_drops(app: App, frame: pa.Table, used: Mapping[str, str]) -> pa.Table:
    """Join how far each visit's scores lie below the highest that the same artifacts gave it.

    Scores of another artifact are left out: a new champion that is more careful is no change of
    heart.
    """
    ids, artifacts = frame["subject_id"].to_pylist(), list(used.values())
    now = pc.min(frame["as_of"]).as_py() or app.now()
    with app.store.read() as tx:
        highest = kept.highest(tx, ids, artifacts, now)
    return with_drops(frame, highest, list(models_of(app, Subject.SESSION)))


def _with_person_scores(app: App, frame: pa.Table) -> tuple[pa.Table, dict[str, str]]:
    """Join the newest scores of the people behind the subjects, and say what gave them."""
    models = list(models_of(app, Subject.PERSON))
    ids: list[Any] = frame["person_id"].unique().to_pylist()
    with app.store.read() as tx:
        newest = kept.latest(tx, ids, models)
        if app.settings.value.source == "imported" and VALUE in models:
            newest = _by_own_reckoning(newest, worth.last(tx, ids, app.now(), _currency(app)))
    used = {row["model"]: row["artifact_id"] for row in newest.to_pylist()}
    return with_person_scores(frame, newest, models), used


def _by_own_reckoning(newest: pa.Table, told: pa.Table) -> pa.Table:
    """Return the scores with the company's own values in the place of the model's."""
    n = told.num_rows
    own = {
        "person_id": told["person_id"],
        "model": pa.array([VALUE] * n, pa.string()),
        "artifact_id": pa.array([IMPORTED] * n, pa.string()),
        "score": told["value_minor"].cast(pa.float64()),
    }
    others = newest.filter(pc.not_equal(newest["model"], VALUE)).select(list(own))
    return pa.concat_tables([others, pa.table(own)])


def _currency(app: App) -> str:
    return app.settings.project.currency

"""Each model learns from history, is judged, and replaces the champion only if it earns it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from engage.app.app import App
from engage.app.champions import serving
from engage.app.engines import over_history
from engage.app.left_alone import chances_alone
from engage.domain.ids import Prefix, derive
from engage.domain.runs import JobReport
from engage.domain.scores import Subject
from engage.errors import ArtifactRefused, NotTrainable
from engage.features.ages import minutes_into_visits
from engage.features.build import build
from engage.features.engines.duckdb import DuckEngine
from engage.features.labels import labels, leavings
from engage.features.left_alone import is_about_the_left_alone, standing_for_all
from engage.features.moments import OF_A_VISIT, training_subjects
from engage.scoring.artifact import write
from engage.scoring.definition import Model
from engage.scoring.evaluate import measure
from engage.scoring.gates import judge
from engage.scoring.prepare import Moments
from engage.scoring.train import Trained, TrainingSet, train
from engage.store import artifacts


@dataclass(frozen=True, slots=True)
class Outcome:
    """How training one model went."""

    model: str
    artifact_id: str
    promoted: bool
    failures: tuple[str, ...]
    metrics: Mapping[str, Any]
    refused: str = ""
    """Why there was nothing to train, if so."""

    def verdict(self) -> str:
        """Return in words what became of it."""
        if self.refused:
            return f"not trained: {self.refused}"
        if self.promoted:
            return "promoted"
        waits = "waits for a person to promote it"
        return f"kept beside the champion: {'; '.join(self.failures) or waits}"


def train_models(app: App) -> JobReport:
    """Train every model of the project on the history there is."""
    outcomes = [train_model(app, model) for _, model in sorted(app.models.items())]
    skipped = {f"{one.model} {one.verdict()}": 1 for one in outcomes if not one.promoted}
    return JobReport(len(outcomes), sum(one.promoted for one in outcomes), skipped)


def train_model(app: App, model: Model, *, by: str = "train_models") -> Outcome:
    """Train one model; what cannot be trained, or is no better, leaves the champion in place."""
    now = app.now()
    settings = app.settings.scoring
    model = _with_floor(model, settings.min_rows)
    try:
        data = training_set(app, model, now)
        trained = train(
            model,
            data,
            now=now,
            seed=settings.seed,
            threads=settings.threads,
            trials=settings.trials,
        )
    except (NotTrainable, ArtifactRefused) as error:
        why = str(error).removeprefix(f"model {model.name}: ")
        return Outcome(model.name, "", False, (), {}, refused=why)
    return _register(app, model, data, trained, by)


def _with_floor(model: Model, min_rows: int) -> Model:
    """Return the model with gates that ask for at least so many rows."""
    gates = replace(model.gates, min_rows=max(model.gates.min_rows, min_rows))
    return replace(model, gates=gates)


def training_set(app: App, model: Model, now: datetime) -> TrainingSet:
    """Return the model's features as of each training moment, with the label that followed."""
    settings = app.settings
    with over_history(app) as duck:
        moments = training_subjects(
            duck,
            model.subject,
            query=model.subjects,
            seed=settings.scoring.seed,
            until=now,
            most=settings.scoring.max_rows,
            of_a_visit=OF_A_VISIT,
            name=model.file,
        )
        frame = build(
            duck, model.query, model.features, moments, barred=model.barred, name=model.query_file
        )
        labelled = labels_of(app, duck, model, moments, model.horizon)
        visits = model.subject is Subject.SESSION
        minutes = minutes_into_visits(duck, moments) if visits else None
        left = _left(duck, model, moments)
    label = labelled["label"].to_numpy().astype(np.float64)
    return TrainingSet(frame, label, minutes=minutes, left=left)


def _left(duck: DuckEngine, model: Model, moments: pa.Table) -> Moments | None:
    """Return when each moment's person left, for a model with a contract."""
    if model.contract is None:
        return None
    query, barred = model.contract.left, model.barred
    found = leavings(duck, query, moments, model.horizon, barred=barred, name=model.file)
    moment: Moments = found["left_at"].to_numpy()
    return moment


def labels_of(
    app: App, duck: DuckEngine, model: Model, moments: pa.Table, horizon: timedelta
) -> pa.Table:
    """Return what became of these moments; of people we might have approached, a fair sample."""
    found = labels(duck, model.label, moments, horizon, name=model.file)
    if not is_about_the_left_alone(model.label):
        return found
    seed = app.settings.scoring.seed
    return standing_for_all(duck, found, chances_alone(app), horizon, seed=seed)


def _register(app: App, model: Model, data: TrainingSet, trained: Trained, by: str) -> Outcome:
    artifact = trained.artifact
    path = write(app.artifacts_folder, artifact, app.artifact_key)
    artifact_id = derive(Prefix.ARTIFACT, model.name, artifact.sha256)
    with app.store.read() as tx:
        champion = artifacts.champion(tx, model.name)
    before = _champions_figures(app, model, data, trained, champion)
    failures = judge(model, trained.metrics, before)
    against = None if champion is None else {"artifact": champion.artifact_id, "metrics": before}
    with app.store.write() as tx:
        promoted = not failures and (app.settings.scoring.promote == "auto" or champion is None)
        artifacts.add(
            tx,
            artifacts.Record(
                artifact_id=artifact_id,
                model=model.name,
                created_at=app.now(),
                folder=str(path.relative_to(app.folder)),
                sha256=artifact.sha256,
                state="challenger",
                body={**artifact.body, "failures": list(failures), "against": against},
            ),
        )
        if promoted:
            artifacts.promote(tx, artifact_id, by=by, at=app.now())
    return Outcome(model.name, artifact_id, promoted, failures, trained.metrics)


def _champions_figures(
    app: App,
    model: Model,
    data: TrainingSet,
    trained: Trained,
    champion: artifacts.Record | None,
) -> Mapping[str, float | None] | None:
    """Return how the model in use does on the very rows that judged the new one."""
    if champion is None:
        return None
    in_use = serving(app, champion)
    try:
        return None if in_use is None else measure(model, in_use.predictor, data, trained.judged)
    except ArtifactRefused:
        return None  # it was trained for other columns than the model has now

"""What people of long ago really brought in, beside what a model of an amount said of them then."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from engage.app.app import App
from engage.app.champions import load
from engage.app.engines import over_history
from engage.errors import ArtifactRefused
from engage.features.build import build
from engage.features.labels import labels
from engage.features.moments import training_subjects
from engage.measure import surrogacy
from engage.measure.stand_in import WINDOWS_D, as_dict, figure
from engage.measure.surrogacy import FEWEST, Verdict
from engage.scoring.definition import Model
from engage.scoring.predict import Predictor
from engage.store import artifacts
from engage.store.artifacts import Record

_APPROACHED = """
SELECT s.subject_id, s.as_of, a.subject_id IS NOT NULL AS label
FROM subjects AS s
LEFT JOIN approached AS a ON a.subject_id = s.subject_id AND a.as_of = s.as_of
"""


def cohorts(app: App, model: Model) -> Iterator[dict[str, Any]]:
    """Yield for a year and for half of one what was predicted, what came in, and what that says.

    The people of the first of a month, valued as of then by the artifact that values snapshots, at
    a moment it did not learn from; only those left alone since, whom it speaks of.
    """
    with app.store.read() as tx:
        frozen = artifacts.first_in_use(tx, model.name)
    for days in WINDOWS_D:
        then = _month(app.now() - timedelta(days=days))
        if frozen is None or then <= (learned := _learned_until(frozen)):
            since = (
                "" if frozen is None else f" after {learned:%Y-%m-%d}, the last it learned from,"
            )
            yield _early(days, then, 0, f"no month{since} lies {days} days back")
        else:
            yield _cohort(app, model, frozen, then, days)


def _month(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def _learned_until(frozen: Record) -> datetime:
    spans = frozen.body["window"].values()
    ends = [datetime.fromisoformat(one["to"]) for one in spans if one["rows"]]
    return max(ends).replace(tzinfo=UTC)


def _cohort(app: App, model: Model, frozen: Record, then: datetime, days: int) -> dict[str, Any]:
    try:
        predictor = load(app, frozen.artifact_id, frozen.folder, frozen.sha256).predictor
    except ArtifactRefused as error:
        return _early(days, then, 0, str(error))
    said, came = _said_and_came(app, model, predictor, then, timedelta(days=days))
    if len(said) < FEWEST:
        return _early(days, then, len(said), f"{FEWEST} people who were left alone are needed")
    predicted = said * (timedelta(days=days) / model.horizon)
    found, apart = surrogacy.relation(came, predicted), surrogacy.level(came, predicted)
    told = surrogacy.verdict(found, apart, surrogacy.OF_THE_MARGIN * abs(float(came.mean())))
    return {
        **_early(days, then, found.people, ""),
        "verdict": str(told),
        "predicted": float(predicted.mean()),
        "realised": float(came.mean()),
        "apart": figure(apart),
        **as_dict(found),
    }


def _said_and_came(
    app: App, model: Model, predictor: Predictor, then: datetime, span: timedelta
) -> tuple[surrogacy.Floats, surrogacy.Floats]:
    """Return what was predicted for each of these people, and what they brought in over the span."""
    settings = app.settings
    with over_history(app) as duck:
        people = training_subjects(
            duck,
            model.subject,
            query=model.subjects,
            seed=settings.scoring.seed,
            since=then,
            until=then + timedelta(days=1),
            most=settings.drift.max_rows,
            name=model.file,
        )
        frame = build(
            duck, model.query, model.features, people, barred=model.barred, name=model.query_file
        )
        came = _label(labels(duck, model.label, people, span, name=model.file))
        ours = _label(labels(duck, _APPROACHED, people, span))
    used = np.isfinite(came) & (ours == 0)
    return predictor.score(frame)[used], came[used]


def _label(found: pa.Table) -> surrogacy.Floats:
    return np.asarray(found["label"].to_numpy(), np.float64)


def _early(days: int, then: datetime, people: int, why: str) -> dict[str, Any]:
    return {
        "window": f"{days} d",
        "valued_at": then,
        "people": people,
        "verdict": str(Verdict.TOO_EARLY),
        "why": why,
    }


def in_words(cohort: dict[str, Any]) -> str:
    """Return what a cohort says, in one line."""
    about = f"{cohort['window']} from {cohort['valued_at']:%Y-%m-%d} on: {cohort['verdict']}"
    if "slope" not in cohort:
        return f"{about}; {cohort['why']}"
    slope, rank = cohort["slope"], cohort["rank_correlation"]["estimate"]
    ranked = "not known" if rank is None else f"{rank:.2f}"
    return (
        f"{about}; {cohort['people']:,} people, predicted {cohort['predicted']:,.0f} and realised "
        f"{cohort['realised']:,.0f} on average, slope {slope['estimate']:.2f} "
        f"({slope['low']:.2f} to {slope['high']:.2f}), rank correlation {ranked}"
    )

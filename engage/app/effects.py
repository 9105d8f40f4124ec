"""What the outreach changed, by the protocol: the treated against the held out."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from engage.app.app import App
from engage.app.champions import load
from engage.app.engines import over_history
from engage.app.frames import VALUE
from engage.app.qualified import qualified
from engage.domain.events import EVENTS
from engage.domain.interactions import INTERACTIONS
from engage.domain.outcomes import OUTCOMES
from engage.domain.runs import JobReport
from engage.domain.scores import Subject
from engage.domain.transactions import TRANSACTIONS
from engage.features.build import build as build_features
from engage.features.engines.duckdb import DuckEngine
from engage.features.schema import SUBJECTS
from engage.measure import clv, logged
from engage.measure.report import Watched, build, moments
from engage.store import artifacts, decisions, effects, triggers, values, worth

_CAMPAIGN_HORIZON = timedelta(days=14)
_LIVES = (EVENTS.name, INTERACTIONS.name, TRANSACTIONS.name)
"""Relations in which people who stay customers go on appearing."""
_NEWEST = " UNION ALL ".join(
    f"SELECT max(known_at) AS newest FROM {name} WHERE known_at <= (SELECT as_of FROM subjects)"  # noqa: S608 - names of ours
    for name in _LIVES
)


def measure_effect(app: App) -> JobReport:
    """Measure every trigger and store what was found, with the snapshots of customer value."""
    found = measure(app)
    told = sum(trigger["effect"]["estimate"] is not None for trigger in found["triggers"])
    return JobReport(seen=len(found["triggers"]), done=told)


def measure(app: App) -> dict[str, Any]:
    """Return the report, having stored each trigger's part of it."""
    found = build_report(app)
    with app.store.write() as tx:
        for trigger in found["triggers"]:
            effects.add(tx, trigger["name"], trigger, app.now())
    return found


def build_report(app: App) -> dict[str, Any]:
    """Return the report in the shape of `engage report --json`.

    What people did is known until the newest row about it: nobody fell silent where the data end.
    """
    now, rows, campaigns = app.now(), qualified(app), _campaigns(app)
    watched = [*_watched(app), *(Watched(name, "", 0.0) for name in campaigns)]
    with over_history(app) as duck:
        known = _newest(duck, now)
        logs = {name: _logged(app, duck, name) for name in campaigns}
        asked = moments(duck, rows, now, known) if rows.num_rows else None
        valued = None if asked is None else _valued(app, duck, asked)
        return build(
            duck,
            rows,
            watched,
            now=now,
            known=known,
            held_out_global=app.settings.assignment.holdout_global,
            valued=valued,
            span=_span(app),
            refused=_refused(app),
            actions=logs,
            currency=app.settings.project.currency,
        )


def _newest(duck: DuckEngine, now: datetime) -> datetime:
    """Return when the newest row of what people do was learned, of those known by now."""
    asked = pa.table({"subject_id": [""], "person_id": [""], "as_of": [now]}, schema=SUBJECTS)
    found: datetime | None = pc.max(duck.table(_NEWEST, subjects=asked)["newest"]).as_py()
    return now if found is None else found.replace(tzinfo=UTC)


def _watched(app: App) -> list[Watched]:
    with app.store.read() as tx:
        current = triggers.current(tx)
    return [Watched(one.name, one.goal, one.holdout, one.aa) for one in current]


def _campaigns(app: App) -> list[str]:
    """Return the campaigns of others that were imported, with the chances they were drawn with."""
    with app.store.read() as tx:
        imported = decisions.read(tx, source="import")
    known = imported.filter(pc.is_valid(imported["propensity"]))
    return sorted(pc.unique(known["trigger"]).to_pylist())


def _logged(app: App, duck: DuckEngine, campaign: str) -> list[dict[str, Any]]:
    goals = sorted(pc.unique(app.history.table(OUTCOMES.name)["goal"]).to_pylist())
    return logged.campaign(duck, campaign, goals, horizon=_CAMPAIGN_HORIZON, now=app.now())


def _valued(app: App, duck: DuckEngine, asked: pa.Table) -> clv.Valued | None:
    """Return what these people were worth: by the company's own reckoning, or by a model's."""
    if app.settings.value.source != "imported":
        return _by_model(app, duck, asked)
    people = pc.unique(asked["person_id"]).to_pylist()
    with app.store.read() as tx:
        told = worth.told(tx, people, app.now(), app.settings.project.currency)
    return clv.Imported(told)


def _span(app: App) -> timedelta:
    """Return how far ahead a value looks; imported ones are taken to look as far as the model's."""
    model = app.models.get(VALUE)
    return clv.SPAN if model is None else model.horizon


def _by_model(app: App, duck: DuckEngine, asked: pa.Table) -> pa.Table | None:
    """Return what these people were worth at these moments, all by one frozen artifact."""
    with app.store.read() as tx:
        frozen = artifacts.first_in_use(tx, VALUE)
    model = app.models.get(VALUE)
    if frozen is None or model is None or model.subject is not Subject.PERSON:
        return None
    predictor = load(app, frozen.artifact_id, frozen.folder, frozen.sha256).predictor
    frame = build_features(
        duck, model.query, model.features, asked, barred=model.barred, name=model.query_file
    )
    minor = pc.round(pa.array(predictor.score(frame), pa.float64())).cast(pa.int64())
    valued = pa.table(
        {
            "person_id": frame["person_id"],
            "as_of": frame["as_of"],
            "artifact_id": pa.array([frozen.artifact_id] * frame.num_rows, pa.string()),
            "value_minor": minor,
            "purpose": pa.array(["effect"] * frame.num_rows, pa.string()),
        }
    )
    with app.store.write() as tx:
        values.add(tx, valued)
    return valued.drop_columns(["purpose"])


def _refused(app: App) -> dict[str, Counter[str]]:
    """Return how many people each reason stood against, by trigger."""
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    with app.store.read() as tx:
        found = decisions.refusals(tx).to_pylist()
    people = {(r["trigger"], reason, r["person_id"]) for r in found for reason in _listed(r)}
    for trigger, reason, _ in people:
        counted[trigger][reason] += 1
    return dict(counted)


def _listed(row: dict[str, Any]) -> list[str]:
    return list(json.loads(row["reasons"]))

"""Who gains by which action: learned of a trigger with enough decisions, and kept like any model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import lightgbm as lgb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engage.app.app import App
from engage.app.decision_log import Logged
from engage.app.frames import logged_features
from engage.decide.log_columns import columns, costs
from engage.domain.ids import Prefix, derive
from engage.domain.triggers import Trigger
from engage.errors import DefinitionError, NotTrainable
from engage.features.build import ARROW
from engage.scoring.artifact import Artifact, write
from engage.scoring.columns import Encoder, learn_categories
from engage.scoring.uplift.chosen import Money, learn_policy
from engage.scoring.uplift.packed import MODEL, Asked, joined, packed
from engage.scoring.uplift.trees import Fit
from engage.scoring.uplift.trial import Trial, trial
from engage.store import artifacts

FEWEST = 50
"""Decisions in which an action was done, before anything is learned about who gains by it."""
OF_THE_LOG = ("features", "values", "stake_minor", "decided_at")
"""Columns of the log that this needs."""


@dataclass(frozen=True, slots=True)
class Material:
    """What a policy is learned from."""

    trial: Trial
    money: Money
    asked: Asked
    window: tuple[datetime, datetime]


def learn_policies(app: App, logs: Mapping[Trigger, Logged], by: str) -> dict[str, str]:
    """Learn a policy for each trigger and keep them as one artifact; return what became of each.

    It is put in use at once unless `[scoring] promote` says that a person does that. A policy that no
    longer proves its worth goes with the next artifact.
    """
    texts, bodies, said = _each(app, logs, app.settings.scoring.seed)
    with app.store.read() as tx:
        known = artifacts.champion(tx, MODEL)
    if bodies or (known is not None and known.body["policies"]):
        _keep(app, texts, bodies, by)
    return said


def assess(app: App, logs: Mapping[Trigger, Logged], *, seed: int) -> dict[str, Any]:
    """Return by trigger what a policy is worth that is learned with this seed, or why there is none."""
    _, bodies, said = _each(app, logs, seed)
    return {name: bodies.get(name, {}) | {"verdict": words} for name, words in said.items()}


def _each(
    app: App, logs: Mapping[Trigger, Logged], seed: int
) -> tuple[list[str], dict[str, Any], dict[str, str]]:
    texts: list[str] = []
    bodies: dict[str, Any] = {}
    said: dict[str, str] = {}
    for trigger, log in sorted(logs.items(), key=lambda one: one[0].name):
        try:
            found = material(app, trigger, log)
        except (NotTrainable, DefinitionError) as error:
            said[trigger.name] = str(error)
            continue
        own, bodies[trigger.name] = _learned(app, found, seed)
        texts += own
        said[trigger.name] = verdict(bodies[trigger.name])
    return texts, bodies, said


def verdict(body: Mapping[str, Any]) -> str:
    """Return in words whether a policy may leave the best single action."""
    if body["threshold"] is None:
        return f"no proof yet that anybody gains more by another action than {body['single']}"
    return f"{body['learner']}-learner leaves {body['single']} for {100 * body['deviates']:.0f} %"


def material(app: App, trigger: Trigger, log: Logged) -> Material:
    """Return a trigger's matured decisions as a trial; raises NotTrainable where they are too few."""
    every = tuple(sorted(app.actions))
    names, usable, chance = _usable(every, log)
    ids = np.asarray(log.rows["decision_id"].to_pylist(), np.str_)
    kept = usable[np.argsort(ids[usable], kind="stable")]  # the order of a trial
    rows = log.rows.take(pa.array(kept))
    features = logged_features(app, trigger.subject)
    schema = pa.schema([(one.name, ARROW[one.type]) for one in features])
    frame = columns(rows["features"], schema)
    categories = learn_categories(frame, features)
    made = trial(
        ids=rows["decision_id"].to_pylist(),
        persons=rows["person_id"].to_pylist(),
        actions=names,
        taken=rows["action"].to_pylist(),
        chance=chance[kept],
        outcome=log.reached[kept].astype(np.float64),
        matrix=Encoder(features, categories, model=MODEL).encode(frame).matrix,
        categories=tuple(i for i, one in enumerate(features) if one.type == "category"),
    )
    money = Money(
        np.asarray(rows["stake_minor"].to_numpy(), np.float64), costs(rows["values"], names)
    )
    window = pc.min_max(rows["decided_at"]).as_py()
    return Material(made, money, Asked(features, categories), (window["min"], window["max"]))


def _usable(
    every: Sequence[str], log: Logged
) -> tuple[tuple[str, ...], np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return the actions that were done often enough, the rows of those and none, and their chances.

    Given that no other action was done, the chances of the rest keep their proportions.
    """
    done = np.bincount(log.action, minlength=len(every) + 1)
    often = np.flatnonzero(done[:-1] >= FEWEST)
    if not len(often) or done[-1] < FEWEST:
        raise NotTrainable(f"no action was done, or none, in {FEWEST} matured decisions")
    keep = np.append(often, len(every))
    kept = np.flatnonzero(np.isin(log.action, keep) & (log.chance[:, -1] > 0))
    chance = log.chance[:, keep]
    return tuple(every[i] for i in often.tolist()), kept, chance / chance.sum(axis=1, keepdims=True)


def _learned(app: App, found: Material, seed: int) -> tuple[list[str], dict[str, Any]]:
    settings = app.settings
    fit = Fit(found.trial.categories, seed, settings.scoring.threads)
    policy = learn_policy(found.trial, found.money, fit, settings.uplift.learners)
    texts, body = packed(policy, found.trial, found.asked)
    _, body["lengths"] = joined(texts)
    body["rows"] = len(found.trial)
    body["people"] = len(found.trial.persons)
    body["from"], body["to"] = (one.isoformat() for one in found.window)
    return texts, body


def _keep(app: App, texts: list[str], bodies: dict[str, Any], by: str) -> None:
    text, _ = joined(texts)
    spans = [body for body in bodies.values() if body["rows"]]
    window = {
        "rows": sum(body["rows"] for body in spans),
        **(
            {"from": min(b["from"] for b in spans), "to": max(b["to"] for b in spans)}
            if spans
            else {}
        ),
    }
    body = {
        "objective": "uplift",
        "policies": bodies,
        "window": {"learned": window},
        "rows": window["rows"],
        "metrics": {},
        "seed": app.settings.scoring.seed,
        "trained_at": app.now().astimezone(UTC).isoformat(),
        "versions": {"lightgbm": lgb.__version__, "numpy": np.__version__},
    }
    artifact = Artifact(MODEL, text, body)
    path = write(app.artifacts_folder, artifact, app.artifact_key)
    artifact_id = derive(Prefix.ARTIFACT, MODEL, artifact.sha256)
    record = artifacts.Record(
        artifact_id=artifact_id,
        model=MODEL,
        created_at=app.now(),
        folder=str(path.relative_to(app.folder)),
        sha256=artifact.sha256,
        body=body,
    )
    with app.store.write() as tx:
        artifacts.add(tx, record)
        if app.settings.scoring.promote == "auto":
            artifacts.promote(tx, artifact_id, by=by, at=app.now())

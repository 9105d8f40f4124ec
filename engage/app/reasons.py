"""Why a score was what it was, from the features that were logged with the decision."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from engage.app.app import App
from engage.app.champions import load
from engage.domain.scores import Subject
from engage.features.build import ARROW
from engage.features.frame import drop_of
from engage.scoring.definition import Model
from engage.scoring.reasons import reasons
from engage.store import Tx, artifacts

TOP = 3


def score_reasons(app: App, tx: Tx, decision: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return each score behind a decision with its top reasons in words, and a visit's drop.

    Read from the logged features and the very artifact that scored, so it is the same for ever.
    """
    used: Mapping[str, str] = decision["artifacts"] or {}
    logged: Mapping[str, Any] = decision["features"] or {}
    told = {}
    for name, artifact_id in sorted(used.items()):
        record, model = artifacts.get(tx, artifact_id), app.models.get(name)
        if record is None or model is None or logged.get(name) is None:
            continue
        if model.subject is Subject.PERSON and decision["subject_id"] != decision["person_id"]:
            continue  # the person's score joined the frame; its features are not logged here
        champion = load(app, artifact_id, record.folder, record.sha256)
        row = _row(model, logged)
        sentences = reasons(champion.predictor, row, model.features, top=TOP)[0]
        told[name] = {"score": logged[name], "reasons": list(sentences)}
        if (drop := logged.get(drop_of(name).name)) is not None:
            told[name]["drop"] = drop
    return told


def _row(model: Model, logged: Mapping[str, Any]) -> pa.Table:
    columns = {
        one.name: pa.array([logged.get(one.name)], ARROW[one.type], from_pandas=True)
        for one in model.features
    }
    return pa.table(columns)

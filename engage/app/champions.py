"""The trained model that is in use for each score, read once and kept at hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from engage.app.app import App
from engage.scoring.artifact import read
from engage.scoring.predict import Predictor
from engage.store import artifacts


@dataclass(frozen=True, slots=True)
class Champion:
    """A model's artifact in use, ready to score."""

    artifact_id: str
    predictor: Predictor


def champions(app: App) -> Mapping[str, Champion]:
    """Return the champion of each model that has one, by the model's name."""
    with app.store.read() as tx:
        records = artifacts.champions(tx)
    return {
        record.model: load(app, record.artifact_id, record.folder, record.sha256)
        for record in records
        if record.model in app.models
    }


def load(app: App, artifact_id: str, folder: str, sha256: str) -> Champion:
    """Return an artifact ready to score; refused when its file was altered."""
    return Champion(artifact_id, _predictor(app.folder / folder, sha256))


@lru_cache(maxsize=32)
def _predictor(folder: Path, sha256: str) -> Predictor:
    return Predictor(read(folder, sha256))

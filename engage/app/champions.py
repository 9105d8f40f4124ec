"""The trained model that is in use for each score, read once and kept at hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from engage.app.app import App
from engage.errors import ArtifactRefused
from engage.logs import get_logger
from engage.scoring.artifact import read
from engage.scoring.predict import Predictor
from engage.store import artifacts

Read = TypeVar("Read")

_log = get_logger("champions")
_told: set[tuple[Path, str]] = set()
"""Refused artifacts that this process has named in the log; once each is enough."""


@dataclass(frozen=True, slots=True)
class Champion:
    """A model's artifact in use, ready to score."""

    artifact_id: str
    predictor: Predictor


def champions(app: App) -> Mapping[str, Champion]:
    """Return what serves each model that has been put in use, by the model's name.

    Where the files of the one in charge are refused, the one before it serves until somebody has
    mended that; a model without any that can be trusted gives no scores.
    """
    with app.store.read() as tx:
        in_charge = artifacts.champions(tx)
    found = {one.model: serving(app, one) for one in in_charge if one.model in app.models}
    return {name: one for name, one in found.items() if one is not None}


def serving(app: App, champion: artifacts.Record) -> Champion | None:
    """Return what serves in this champion's name: itself or the newest before it that is sound."""
    found = sound(
        app, champion, lambda one: load(app, one.artifact_id, one.folder, one.sha256).predictor
    )
    return None if found is None else Champion(*found)


def sound(
    app: App, champion: artifacts.Record, read_files: Callable[[artifacts.Record], Read]
) -> tuple[str, Read] | None:
    """Return what was read of the champion, or of the newest before it whose files are not refused.

    With the id of the one that was read; None where none of them can be trusted.
    """
    try:
        return champion.artifact_id, read_files(champion)
    except ArtifactRefused as refused:
        _tell_once(app, champion, refused)
    with app.store.read() as tx:
        before = artifacts.predecessors(tx, champion)
    for record in before:
        try:
            return record.artifact_id, read_files(record)
        except ArtifactRefused as refused:
            _tell_once(app, record, refused)
    return None


def _tell_once(app: App, record: artifacts.Record, refused: ArtifactRefused) -> None:
    if (key := (app.folder, record.artifact_id)) not in _told:
        _told.add(key)
        _log.error("artifact refused", model=record.model, why=str(refused))


def load(app: App, artifact_id: str, folder: str, sha256: str) -> Champion:
    """Return an artifact ready to score; refused when its files were altered or are not ours."""
    return Champion(artifact_id, _predictor(app.folder / folder, sha256, app.artifact_key))


@lru_cache(maxsize=32)
def _predictor(folder: Path, sha256: str, key: bytes) -> Predictor:
    return Predictor(read(folder, sha256, key))

"""The trained models that decisions name, read from their files anew and checked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar

from engage.app.app import App
from engage.app.frames import IMPORTED
from engage.app.lifts import BELIEFS, read_policies
from engage.errors import ArtifactRefused
from engage.features.definition import Feature
from engage.scoring.artifact import read
from engage.scoring.predict import Predictor
from engage.scoring.uplift.packed import MODEL, Promise
from engage.store import Tx, artifacts

_Read = TypeVar("_Read")
_NO_MODELS = frozenset({BELIEFS, MODEL})
"""Named among a decision's artifacts, but no score comes from them."""


class Artifacts:
    """Each artifact is read once; one that is gone or was altered gives the words that say so."""

    def __init__(self, app: App, tx: Tx) -> None:
        self._app, self._tx = app, tx
        self._predictors: dict[str, Predictor | str] = {}
        self._policies: dict[str, Mapping[str, Promise] | str] = {}

    def predictor(self, artifact_id: str) -> Predictor | str:
        """Return what scores by this artifact."""
        if artifact_id not in self._predictors:
            self._predictors[artifact_id] = self._checked(artifact_id, self._predictor)
        return self._predictors[artifact_id]

    def policies(self, artifact_id: str) -> Mapping[str, Promise] | str:
        """Return the learned policies of this artifact, by trigger."""
        if artifact_id not in self._policies:
            self._policies[artifact_id] = self._checked(artifact_id, self._promises)
        return self._policies[artifact_id]

    def features(self, used: Iterable[Mapping[str, str]]) -> Iterator[Feature]:
        """Yield the features of all models that can be read among these."""
        for artifact_id in sorted({one for named in used for _, one in scoring(named)}):
            found = self.predictor(artifact_id)
            if isinstance(found, Predictor):
                yield from found.features

    def _checked(
        self, artifact_id: str, reader: Callable[[artifacts.Record], _Read]
    ) -> _Read | str:
        record = artifacts.get(self._tx, artifact_id)
        if record is None:
            return f"artifact {artifact_id} is not in the store any more"
        try:
            return reader(record)
        except ArtifactRefused as refused:
            return str(refused)

    def _predictor(self, record: artifacts.Record) -> Predictor:
        folder = self._app.folder / record.folder
        return Predictor(read(folder, record.sha256, self._app.artifact_key))

    def _promises(self, record: artifacts.Record) -> Mapping[str, Promise]:
        threads = self._app.settings.scoring.threads
        folder = self._app.folder / record.folder
        return read_policies(folder, record.sha256, self._app.artifact_key, threads)


def scoring(used: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield each score among what a decision names, with the artifact that gave it."""
    for name, artifact_id in used.items():
        if name not in _NO_MODELS and artifact_id != IMPORTED:
            yield name, artifact_id

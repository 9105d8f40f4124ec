"""The engine that asks the whole history, archived and live, within the limits of the settings."""

from __future__ import annotations

from collections.abc import Mapping

from engage.app.app import App
from engage.features.engines.duckdb import DuckEngine
from engage.features.sources import Archived


def over_history(app: App, relations: Mapping[str, Archived] | None = None) -> DuckEngine:
    """Open the history, or these relations of it, for queries; use it in a `with` block.

    What does not fit into `[engine] memory_mb` waits in the history's folder `spill`.
    """
    return DuckEngine(
        app.history.relations() if relations is None else relations,
        threads=app.settings.engine.threads,
        memory_mb=app.settings.engine.memory_mb,
        folder=str(app.history.folder),
    )

"""Where each model in use came from: trained on what, how good, promoted by whom."""

from __future__ import annotations

from typing import Any

from engage.app.app import App
from engage.errors import WrongUse
from engage.store import artifacts


def lineage(app: App) -> list[dict[str, Any]]:
    """Return one row for each model of the project, with its champion's figures if it has one."""
    with app.store.read() as tx:
        champions = {record.model: record for record in artifacts.champions(tx)}
    return [_row(app, name, champions.get(name)) for name in sorted(app.models)]


def _row(app: App, name: str, champion: artifacts.Record | None) -> dict[str, Any]:
    row: dict[str, Any] = {
        "name": name,
        "sentence": app.models[name].sentence,
        "state": "untrained",
    }
    if champion is None:
        return row
    metrics = champion.body["metrics"]
    figure = next(k for k in ("roc_auc", "ngini") if k in metrics)
    return row | {
        "state": "champion",
        "artifact": champion.artifact_id,
        "rows": champion.body["rows"],
        "window": champion.body["window"],
        "metrics": metrics,
        "quality": f"{figure} {metrics[figure]:.3f}" if metrics[figure] is not None else None,
        "promoted_by": champion.promoted_by,
        "promoted_at": champion.promoted_at,
    }


def champion_body(app: App, name: str) -> dict[str, Any]:
    """Return everything that is recorded of a model's champion."""
    with app.store.read() as tx:
        champion = artifacts.champion(tx, name)
    if champion is None:
        raise WrongUse(f"{name} has not been trained yet; see engage models train {name}")
    return {"artifact": champion.artifact_id, "sha256": champion.sha256, **champion.body}


def promote(app: App, artifact_id: str) -> str:
    """Put an artifact in charge of its model and return what was done in words."""
    with app.store.write() as tx:
        record = artifacts.get(tx, artifact_id)
        if record is None:
            raise WrongUse(f"there is no artifact {artifact_id!r}; see engage models list --json")
        artifacts.promote(tx, artifact_id, by="command line", at=app.now())
    return f"{artifact_id} is now in charge of {record.model}"

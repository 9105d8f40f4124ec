"""Where each model in use came from: trained on what, how good, promoted by whom, and why not."""

from __future__ import annotations

from typing import Any

from engage.app.app import App
from engage.errors import WrongUse
from engage.scoring.artifact import read
from engage.scoring.definition import Model
from engage.store import Tx, artifacts, watches

_TOLD_APART = ("reference", "segments")
"""Parts of a body that are for programs and other commands; too long to show here."""
HISTORY = 10
"""As many artifacts of a model as are shown."""


def lineage(app: App) -> list[dict[str, Any]]:
    """Return one row for each model of the project: its champion, and what waits beside it."""
    with app.store.read() as tx:
        looks = watches.latest(tx)
        return [_row(app, tx, name, looks.get(name)) for name in sorted(app.models)]


def _row(app: App, tx: Tx, name: str, look: watches.Watch | None) -> dict[str, Any]:
    row: dict[str, Any] = {
        "name": name,
        "sentence": app.models[name].sentence,
        "state": "untrained",
    }
    champion = artifacts.champion(tx, name)
    newest = artifacts.newest_challenger(tx, name)
    if newest and (champion is None or newest.created_at > champion.created_at):
        row["challenger"] = {"artifact": newest.artifact_id, "why_not": why_not(newest)}
    if champion is None:
        return row
    watched = look is not None and look.artifact_id == champion.artifact_id
    return row | {
        "state": "champion",
        "artifact": champion.artifact_id,
        "rows": champion.body["rows"],
        "window": champion.body["window"],
        "metrics": champion.body["metrics"],
        "quality": quality_in_words(champion),
        "promoted_by": champion.promoted_by,
        "promoted_at": champion.promoted_at,
        "watch": look.state if look and watched else None,
    }


def quality_in_words(record: artifacts.Record) -> str | None:
    """Return the figure that says how well an artifact ranks; None where it cannot be known."""
    metrics = record.body["metrics"]
    figure = next((one for one in ("roc_auc", "ngini") if metrics.get(one) is not None), None)
    return None if figure is None else f"{figure} {metrics[figure]:.3f}"


def why_not(record: artifacts.Record) -> str:
    """Return in words why an artifact is not in use."""
    if record.state == artifacts.RETIRED:
        return "another took its place"
    failures = record.body.get("failures") or []
    return "; ".join(failures) or f"waits for engage models promote {record.artifact_id}"


def shown(app: App, model: Model) -> dict[str, Any]:
    """Return everything that is recorded of a model's champion, what came before, and its watch."""
    with app.store.read() as tx:
        champion = artifacts.champion(tx, model.name)
        known = artifacts.read(tx, model.name, most=HISTORY)
        looks = watches.read(tx, model.name, most=1)
    if champion is None:
        raise WrongUse(
            f"{model.name} has not been trained yet; see engage models train {model.name}"
        )
    body = {name: part for name, part in champion.body.items() if name not in _TOLD_APART}
    return {
        "artifact": champion.artifact_id,
        "sha256": champion.sha256,
        "promoted_by": champion.promoted_by,
        "promoted_at": champion.promoted_at,
        "watch": _look(looks[0]) if looks else None,
        "history": [_step(one) for one in known],
        **body,
    }


def _look(look: watches.Watch) -> dict[str, Any]:
    return {
        "watched_at": look.watched_at,
        "artifact": look.artifact_id,
        "state": look.state,
        **look.body,
    }


def _step(record: artifacts.Record) -> dict[str, Any]:
    in_use = record.state == artifacts.CHAMPION
    spans = [one for one in record.body["window"].values() if "from" in one]
    return {
        "artifact": record.artifact_id,
        "trained_at": record.created_at,
        "state": record.state,
        "rows": record.body["rows"],
        "from": min(one["from"] for one in spans),
        "to": max(one["to"] for one in spans),
        "quality": quality_in_words(record),
        "promoted_by": record.promoted_by,
        "promoted_at": record.promoted_at,
        "why_not": None if in_use else why_not(record),
    }


def promote(app: App, artifact_id: str, *, by: str, anyway: bool = False) -> str:
    """Put an artifact in charge of its model and return what was done in words.

    One that its gates refused is put in charge only when asked `anyway`; one whose files are not
    those that were written, never.
    """
    with app.store.write() as tx:
        record = artifacts.get(tx, artifact_id)
        if record is None:
            raise WrongUse(f"there is no artifact {artifact_id!r}; see engage models list --json")
        read(app.folder / record.folder, record.sha256, app.artifact_key)
        failures = record.body.get("failures") or []
        if failures and not anyway:
            raise WrongUse(
                f"{artifact_id} was refused when it was trained: {'; '.join(failures)}; "
                f"add --anyway to put it in charge all the same"
            )
        artifacts.promote(tx, artifact_id, by=by, at=app.now())
    return f"{artifact_id} is now in charge of {record.model}"


def roll_back(app: App, model: str, *, by: str, to: str = "") -> str:
    """Put what was in charge of a model before back in charge and return what was done in words."""
    with app.store.write() as tx:
        champion = artifacts.champion(tx, model)
        before = artifacts.predecessors(tx, champion) if champion else []
        chosen = next((one for one in before if to in ("", one.artifact_id)), None)
        if champion is None or chosen is None:
            raise WrongUse(
                f"{model} has no {to or 'model'} to go back to: only what was in charge "
                f"before can be; see engage models show {model}"
            )
        read(app.folder / chosen.folder, chosen.sha256, app.artifact_key)
        artifacts.rollback(tx, model, by=by, at=app.now(), to=chosen.artifact_id)
    return f"{chosen.artifact_id} is in charge of {model} again, {champion.artifact_id} retired"

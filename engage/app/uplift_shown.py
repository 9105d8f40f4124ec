"""What is believed and learned of each action, for people to look at."""

from __future__ import annotations

from typing import Any

from engage.app.app import App
from engage.app.uplift import enough, logs_of, whom_it_was_tried_on
from engage.app.uplift_policies import assess, verdict
from engage.scoring.uplift.packed import MODEL
from engage.store import artifacts, beliefs

SENTENCE = "What each action adds to the chance of the goal, and who gains by which."


def believed(app: App) -> list[dict[str, Any]]:
    """Return one row for each trigger and action of the batch in force; empty before the first."""
    with app.store.read() as tx:
        found = beliefs.latest(tx, app.now())
    if found is None:
        return []
    batch, body = found
    rows = []
    for trigger, told in sorted(body["triggers"].items()):
        for action, one in told.get("actions", {}).items():
            share = one["reached"] / one["tried"] if one["tried"] else None
            alone = one["alone_reached"] / one["alone_tried"] if one["alone_tried"] else None
            row = {"trigger": trigger, "action": action, "batch": batch, **one}
            rows.append(row | {"share": share, "share_alone": alone})
    return rows


def uplift(app: App) -> dict[str, Any]:
    """Return everything that is known of `action_uplift`: beliefs, policies, and their artifact."""
    with app.store.read() as tx:
        champion = artifacts.champion(tx, MODEL)
        waiting = artifacts.newest_challenger(tx, MODEL)
    told: dict[str, Any] = {"name": MODEL, "sentence": SENTENCE, "believed": believed(app)}
    if waiting and (champion is None or waiting.created_at > champion.created_at):
        told["challenger"] = waiting.artifact_id
    if champion is None:
        return told | {"policies": []}
    policies = champion.body["policies"].items()
    return told | {
        "artifact": champion.artifact_id,
        "promoted_by": champion.promoted_by,
        "promoted_at": champion.promoted_at,
        "policies": [
            {"trigger": name, **body, "verdict": verdict(body)} for name, body in policies
        ],
    }


def evaluate_uplift(app: App, *, seed: int) -> dict[str, Any]:
    """Return, by trigger, what a policy learned from the log is worth, without keeping anything."""
    found = whom_it_was_tried_on(app)
    return assess(app, enough(app, found, logs_of(app, found)), seed=seed)

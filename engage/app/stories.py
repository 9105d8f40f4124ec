"""A few decisions told as stories: somebody who was helped, somebody left alone, somebody refused."""

from __future__ import annotations

from engage.app.app import App
from engage.app.explaining import explain
from engage.store import decisions, outbox


def stories(app: App, most: int = 3) -> dict[str, list[str]]:
    """Return the stories of up to `most` people, lines by what `explain` is to be asked about."""
    with app.store.read() as tx:
        found = decisions.read(tx, source="engage").to_pylist()
        refused = decisions.refusals(tx).to_pylist()
        messages = {row["decision_id"]: row for row in outbox.read(tx).to_pylist()}
    accepted = [
        row["decision_id"]
        for row in found
        if messages.get(row["decision_id"], {}).get("note") in ("chat_now", "call_now", "slot")
    ]
    sent = [r["decision_id"] for r in found if r["decision_id"] in messages and r["arm_trigger"]]
    held = [r["decision_id"] for r in found if r["arm"] == "held_out"]
    decided = {row["subject_id"] for row in found}
    turned_away = [r["subject_id"] for r in refused if r["subject_id"] not in decided]
    chosen = [next(iter(ids), "") for ids in (accepted or sent, held, turned_away)]
    return {one: explain(app, one).lines for one in chosen[:most] if one}

"""Messages enter the outbox with the budget and the slot they need, or not at all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from engage.app.app import App
from engage.app.rules import budget_of, day_budgets
from engage.app.writing import written
from engage.deliver import booking
from engage.domain.actions import ON_PAGE
from engage.store import Tx, ledger, outbox


def send(app: App, tx: Tx, messages: pa.Table, contacts: pa.Table) -> int:
    """Reserve the budget for each message and put it in the outbox; return how many are there.

    A message whose budget or slot went to somebody else meanwhile is kept as suppressed: the
    decision stands with its propensity, and the person did not get what was drawn for them.
    """
    if not messages.num_rows:
        return 0
    granted = ledger.reserve(tx, contacts, budget_of(app.settings), day_budgets(app.settings))
    allowed = set(contacts["decision_id"].to_numpy(zero_copy_only=False)[granted])
    rows = messages.to_pylist()
    mask = np.array([row["decision_id"] in allowed and _slot(app, tx, row) for row in rows])
    text = written(app, tx, messages)
    there = int(outbox.add(tx, text.filter(pa.array(mask)), app.now()).sum())
    outbox.add_lost(tx, text.filter(pa.array(~mask)), app.now())
    return there


def _slot(app: App, tx: Tx, row: Mapping[str, Any]) -> bool:
    """Hold a place for a call at a promised time; whatever needs none has what it needs."""
    listed = json.loads(row["details"]).get("slot_ids", "")
    if not listed or row["channel"] in ON_PAGE:
        return True
    made = booking.promise(
        tx,
        decision_id=row["decision_id"],
        person_id=row["person_id"],
        slot_ids=listed.split(","),
        now=app.now(),
    )
    return made is not None

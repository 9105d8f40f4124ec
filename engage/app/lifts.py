"""What is believed of each action, brought to the candidates that are about to be decided."""

from __future__ import annotations

import pandas as pd

from engage.app.app import App
from engage.decide.board import LIFT
from engage.store import beliefs

BELIEFS = "beliefs"
"""Among a decision's artifacts: the batch that its uplift came from."""


def believed(app: App) -> tuple[str, dict[str, dict[str, float]]]:
    """Return the batch in force and, by trigger, what each action adds; empty before the first.

    An action that is not in it keeps the lift that the settings believe in.
    """
    with app.store.read() as tx:
        found = beliefs.latest(tx, app.now())
    if found is None:
        return "", {}
    batch, body = found
    return batch, {
        trigger: {name: one["lift"] for name, one in told["actions"].items()}
        for trigger, told in body["triggers"].items()
        if "actions" in told
    }


def with_lifts(rows: pd.DataFrame, lifts: dict[str, float]) -> pd.DataFrame:
    """Return a trigger's candidates with what each action adds for them."""
    return rows.assign(**{f"{LIFT}{action}": lift for action, lift in lifts.items()})

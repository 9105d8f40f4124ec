"""Nothing hangs half-way: no message, no run of a job, no call-back waits for somebody gone."""

from __future__ import annotations

from datetime import timedelta

from engage.app.app import App
from engage.invariants.invariant import Invariant
from engage.store import Tx
from engage.store.stuck import stuck

PATIENCE = timedelta(hours=1), timedelta(days=1)
"""By then every job that tidies up has come round; what others must answer may take the longer."""


def _breaches(app: App, tx: Tx) -> list[str]:
    soon, later = (app.now() - patience for patience in PATIENCE)
    return stuck(tx, soon, later)


INVARIANT = Invariant(sentence="Nothing hangs half-way.", find=_breaches)

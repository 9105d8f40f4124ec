"""The files of the history are there, whole, and end where the database says they do."""

from __future__ import annotations

from engage.app.app import App
from engage.invariants.invariant import Invariant
from engage.store import Tx
from engage.store.agreement import disagreements


def _breaches(app: App, tx: Tx) -> list[str]:
    return disagreements(tx, app.history.folder)


INVARIANT = Invariant(sentence="History and database agree.", find=_breaches)

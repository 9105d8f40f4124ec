"""Messages leave the building, once, and stop at once when somebody says so."""

from __future__ import annotations

import os
import socket
from collections import Counter
from datetime import datetime

from engage.app.app import App
from engage.deliver import killswitch, reports
from engage.deliver.recheck import Standing
from engage.deliver.reconcile import reconcile_unknown
from engage.deliver.send import deliver_due
from engage.domain.runs import JobReport
from engage.store import Store, audit


def deliver_messages(app: App) -> JobReport:
    """Send what is due, look up what is in doubt, and let expire what comes too late."""
    doubts = reconcile_unknown(
        app.store, app.channels, clock=app.clock, settings=app.settings.delivery
    )
    with app.store.write() as tx:
        reports.join_parked(tx, app.now())
    sent = deliver_due(
        app.store,
        app.channels,
        clock=app.clock,
        worker=worker_name(),
        recheck=Standing(app.rules, app.actions, app.suppression_key),
        settings=app.settings.delivery,
        draw_key=app.draw_key,
        suppression_key=app.suppression_key,
    )
    skipped = Counter(doubts.skipped) + Counter(sent.skipped)
    return JobReport(doubts.seen + sent.seen, doubts.done + sent.done, dict(skipped), sent.note)


def worker_name() -> str:
    """Return the name under which this process claims messages."""
    return f"{socket.gethostname()}:{os.getpid()}"


def set_killswitch(store: Store, now: datetime, *, on: bool, who: str = "command line") -> None:
    """Stop everything outbound, or let it flow again; written down either way.

    It asks for the database alone, so that it works where settings or files are broken.
    """
    with store.write() as tx:
        if on:
            killswitch.stop(tx, who, now)
        else:
            killswitch.resume(tx)
        audit.add(tx, who=who, verb="stopped" if on else "resumed", what="all outbound", at=now)

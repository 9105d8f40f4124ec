"""What is old enough is forgotten."""

from __future__ import annotations

from engage.app.app import App
from engage.domain.runs import JobReport
from engage.store import retention


def purge_expired(app: App) -> JobReport:
    """Remove scores, refusals, what was weighed, and job runs past their time."""
    with app.store.write() as tx:
        removed = retention.purge(tx, app.now())
    total = sum(removed.values())
    return JobReport(seen=total, done=total)

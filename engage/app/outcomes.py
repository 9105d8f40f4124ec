"""What people did since the last look becomes the goals they reached."""

from __future__ import annotations

from collections import defaultdict

import pyarrow.compute as pc

from engage.app.app import App
from engage.domain.catalog import QUERYABLE
from engage.domain.goals import Goal
from engage.domain.outcomes import OUTCOMES
from engage.domain.runs import JobReport
from engage.measure.goals import reached
from engage.store import marks, rows

_BATCH = 100_000


def record_outcomes(app: App) -> JobReport:
    """Find the goals reached in each relation's new rows, each counted once."""
    by_relation: dict[str, list[Goal]] = defaultdict(list)
    for _, goal in sorted(app.goals.items()):
        by_relation[goal.relation].append(goal)
    reports = [_look(app, name, goals) for name, goals in sorted(by_relation.items())]
    return JobReport(sum(r.seen for r in reports), sum(r.done for r in reports))


def _look(app: App, relation: str, goals: list[Goal]) -> JobReport:
    mark = f"record_outcomes:{relation}"
    seen = done = 0
    while True:
        with app.store.write() as tx:
            after = int(marks.get(tx, mark) or 0)
            fresh = rows.read(tx, QUERYABLE[relation], after_seq=after, limit=_BATCH, with_seq=True)
            if not fresh.num_rows:
                return JobReport(seen, done)
            found = reached(goals, QUERYABLE[relation], fresh.drop_columns(["seq"]))
            done += rows.add(tx, OUTCOMES, found, app.now())
            marks.set(tx, mark, str(pc.max(fresh["seq"]).as_py()))
        seen += fresh.num_rows

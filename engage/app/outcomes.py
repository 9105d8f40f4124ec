"""What people did since the last look becomes the goals they reached."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from engage.app.app import App
from engage.app.corrections import last_words
from engage.app.versions import texts
from engage.domain.catalog import QUERYABLE
from engage.domain.goals import Goal
from engage.domain.interactions import CORRECTIONS, INTERACTIONS
from engage.domain.outcomes import OUTCOMES
from engage.domain.relations import Relation
from engage.domain.runs import JobReport
from engage.measure.goals import outcome_ids, reached
from engage.store import Tx, marks, rows

_BATCH = 100_000
_SAID = ["outcome_id", "person_id", "goal", "ts", "value_minor"]


def record_outcomes(app: App) -> JobReport:
    """Find the goals reached in each relation's new rows, each counted once.

    Where the record of a contact was corrected, its goals are those of the last word: an outcome
    that was none is taken back.
    """
    by_relation: dict[str, list[Goal]] = defaultdict(list)
    for _, goal in sorted(app.goals.items()):
        by_relation[goal.relation].append(goal)
    reports = [_look(app, name, goals) for name, goals in sorted(by_relation.items())]
    if INTERACTIONS.name in by_relation:
        reports.append(_look_again(app, by_relation[INTERACTIONS.name]))
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


def _look_again(app: App, goals: list[Goal]) -> JobReport:
    """Put right what was found in contacts whose record was corrected since."""
    mark = f"record_outcomes:{CORRECTIONS.name}"
    seen = done = 0
    while True:
        with app.store.write() as tx:
            after = int(marks.get(tx, mark) or 0)
            fresh = rows.read(tx, CORRECTIONS, after_seq=after, limit=_BATCH, with_seq=True)
            if not fresh.num_rows:
                return JobReport(seen, done)
            ids = sorted(pc.unique(fresh["interaction_id"]).to_pylist())
            done += put_right(tx, goals, INTERACTIONS, last_words(tx, ids), app.now())
            marks.set(tx, mark, str(pc.max(fresh["seq"]).as_py()))
        seen += fresh.num_rows


def put_right(
    tx: Tx, goals: Sequence[Goal], relation: Relation, told: pa.Table, now: datetime
) -> int:
    """Let the outcomes of these rows be those of what they say now; return how many changed."""
    found = reached(goals, relation, told)
    held = rows.of(tx, OUTCOMES, "outcome_id", outcome_ids(goals, relation, told))
    gone = sorted(set(held["outcome_id"].to_pylist()) - set(found["outcome_id"].to_pylist()))
    known = pa.array(texts(held, _SAID), pa.string())
    new = found.filter(pc.invert(pc.is_in(pa.array(texts(found, _SAID), pa.string()), known)))
    return rows.remove(tx, OUTCOMES, gone, now) + rows.replace(tx, OUTCOMES, new, now)


def take_back(
    tx: Tx, goals: Sequence[Goal], relation: Relation, old: pa.Table, now: datetime
) -> int:
    """Take back the outcomes of rows that are no more; return how many."""
    held = rows.of(tx, OUTCOMES, "outcome_id", outcome_ids(goals, relation, old))
    return rows.remove(tx, OUTCOMES, held["outcome_id"].to_pylist(), now)

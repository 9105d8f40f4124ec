"""Contacts that just ended: whether the matter was solved, and whether to call back."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from engage.app.app import App
from engage.app.deciding import decide
from engage.app.frames import score_subjects
from engage.app.scores import keep_scores
from engage.app.sessions import lookback
from engage.app.subjects import as_of_now
from engage.app.triggers import live
from engage.domain.interactions import INTERACTIONS
from engage.domain.runs import JobReport
from engage.domain.scores import Subject
from engage.store import arrivals, people
from engage.store import live as live_rows

_PLACE = "contacts_read"
_BATCH = 20_000


def score_interactions(app: App) -> JobReport:
    """Score the contacts that became known since the last run, and decide whom to call back."""
    now = app.now()
    if not live(app, Subject.INTERACTION):
        return JobReport(note="no live trigger watches contacts")
    with app.store.read() as tx:
        before = arrivals.place(tx, _PLACE)
        fresh, after = arrivals.fresh(tx, INTERACTIONS, before, now, limit=_BATCH)
    report = _decide(app, _ended(fresh), now) if fresh.num_rows else JobReport()
    if fresh.num_rows or after.seq > before.seq:
        with app.store.write() as tx:
            arrivals.keep(tx, _PLACE, after)
    return report


def _decide(app: App, ended: pa.Table, now: datetime) -> JobReport:
    with app.store.read() as tx:
        canonical = people.canonical(tx, pc.unique(ended["person_id"]).to_pylist())
        subjects = as_of_now(ended, "interaction_id", canonical, now)
        ids = sorted(pc.unique(subjects["person_id"]).to_pylist())
        relations = live_rows.relations(tx, ids, now - lookback(app, Subject.INTERACTION))
    scored = score_subjects(app, Subject.INTERACTION, subjects, relations)
    keep_scores(app, scored, Subject.INTERACTION)
    moments = pa.table(
        {
            "subject_id": ended["interaction_id"],
            "moment": pc.coalesce(ended["ended_at"], ended["ts"]),
        }
    )
    return decide(app, Subject.INTERACTION, scored, moments)


def _ended(fresh: pa.Table) -> pa.Table:
    """Return the contacts with a customer in them; what the engine began is not followed up."""
    by_engine = pc.equal(fresh["initiated_by"], "engine")
    return fresh.filter(pc.invert(by_engine))

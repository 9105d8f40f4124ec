"""Visitors on the page now: score them again whenever they do something, or fall silent."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pyarrow as pa
import pyarrow.compute as pc

from engage.app import incidents
from engage.app.app import App
from engage.app.deciding import decide
from engage.app.frames import models_of, score_subjects
from engage.app.scores import keep_scores
from engage.app.subjects import as_of_now
from engage.app.triggers import live
from engage.domain.runs import JobReport
from engage.domain.scores import Subject
from engage.domain.sessions import SILENCE
from engage.store import live as live_rows
from engage.store import people, sessions

_LOOKBACK = timedelta(days=30)


def score_sessions(app: App) -> JobReport:
    """Score the visits that are still alive and decide what to offer, if anything."""
    now = app.now()
    if not live(app, Subject.SESSION):
        return JobReport(note="no live trigger watches sessions")
    with app.store.read() as tx:
        alive = sessions.alive(tx, now - SILENCE, now)
        if not alive.num_rows:
            return JobReport()
        canonical = people.canonical(tx, _ids(alive))
        subjects = as_of_now(alive, "session_id", canonical, now)
        relations = live_rows.relations(tx, _ids(subjects), now - lookback(app, Subject.SESSION))
    scored = score_subjects(app, Subject.SESSION, subjects, relations)
    keep_scores(app, scored, Subject.SESSION)
    note = incidents.watch(app, scored)
    moments = pa.table({"subject_id": alive["session_id"], "moment": alive["last_at"]})
    report = decide(app, Subject.SESSION, scored, moments)
    return replace(report, note=note) if note else report


def lookback(app: App, subject: Subject) -> timedelta:
    """Return how far back the features of this kind of subject look."""
    return max((m.lookback for m in models_of(app, subject).values()), default=_LOOKBACK)


def _ids(table: pa.Table) -> list[str]:
    return sorted(pc.unique(table["person_id"]).to_pylist())

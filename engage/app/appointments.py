"""Appointments that come up: the customer asked for them, so the reminder is theirs."""

from __future__ import annotations

from datetime import timedelta

import pyarrow as pa
import pyarrow.compute as pc

from engage.app.app import App
from engage.app.deciding import decide
from engage.app.frames import score_subjects
from engage.app.subjects import as_of_now
from engage.app.triggers import live
from engage.domain.appointments import APPOINTMENTS
from engage.domain.runs import JobReport
from engage.domain.scores import Subject
from engage.store import Tx, decisions, people, rows
from engage.store import live as live_rows

_AHEAD = timedelta(days=3)


def remind_appointments(app: App) -> JobReport:
    """Look at the appointments of the next days and decide which reminders are due."""
    now = app.now()
    if not live(app, Subject.APPOINTMENT):
        return JobReport(note="no live trigger watches appointments")
    with app.store.read() as tx:
        ahead = _undecided(tx, rows.read(tx, APPOINTMENTS, since=now, until=now + _AHEAD))
        if not ahead.num_rows:
            return JobReport()
        canonical = people.canonical(tx, pc.unique(ahead["person_id"]).to_pylist())
        subjects = as_of_now(ahead, "appointment_id", canonical, now)
        ids = sorted(pc.unique(subjects["person_id"]).to_pylist())
        relations = live_rows.relations(tx, ids, now - _AHEAD)
    scored = score_subjects(app, Subject.APPOINTMENT, subjects, relations)
    moments = pa.table({"subject_id": ahead["appointment_id"], "moment": ahead["starts_at"]})
    return decide(app, Subject.APPOINTMENT, scored, moments)


def _undecided(tx: Tx, ahead: pa.Table) -> pa.Table:
    """Leave out what was decided since we last heard of it; a new time is decided anew."""
    decided = decisions.last_decided(tx, ahead["appointment_id"].to_pylist())
    fresh = [
        row["appointment_id"] not in decided or decided[row["appointment_id"]] < row["known_at"]
        for row in ahead.select(["appointment_id", "known_at"]).to_pylist()
    ]
    return ahead.filter(pa.array(fresh, pa.bool_()))

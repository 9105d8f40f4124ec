"""One ranked list of people to follow up, from the web and the contact centre alike."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
import pyarrow as pa

from engage.app import auditing
from engage.app.app import App
from engage.app.planning import planned
from engage.decide.rank import rank
from engage.domain.actions import ChannelName
from engage.domain.ids import Prefix, derive
from engage.domain.messages import MessageState
from engage.domain.runs import JobReport
from engage.store import Tx, cases, decisions, outbox

_WINDOW = timedelta(days=7)
_WAITING = (MessageState.DUE, MessageState.SENT, MessageState.DELIVERED)
_DAY = timedelta(days=1)


def build_recovery_list(app: App) -> JobReport:
    """Open a case for everybody who was promised a call, ranked, as many as minutes are free.

    Of the contacts that are no case, a random share is drawn for the audit.
    """
    with app.store.write() as tx:
        report = _listed(app, tx)
        audited = auditing.draw(app, tx)
    note = f"{audited} other contacts drawn for the audit" if audited else ""
    return replace(report, note=note)


def _listed(app: App, tx: Tx) -> JobReport:
    now = app.now()
    waiting = _waiting(app, tx, now)
    if waiting.empty:
        return JobReport()
    listed = rank(waiting, _free_minutes(app, tx, now), now)
    rows = _cases(listed)
    opened = cases.open_new(tx, rows)
    cases.rank(tx, rows)
    skipped = {"no free minutes": len(waiting) - len(listed)} if len(listed) < len(waiting) else {}
    return JobReport(len(waiting), opened, skipped)


def _waiting(app: App, tx: Tx, now: datetime) -> pd.DataFrame:
    """Return the treated who were decided a call and have not been written off."""
    promised = {n for n, a in app.actions.items() if a.channel == ChannelName.CALLBACK}
    until = now + timedelta.resolution  # excluded; what is decided at this very moment counts
    found = decisions.read(tx, source="engage", since=now - _WINDOW, until=until).to_pylist()
    calls = {row["decision_id"]: row for row in found if row["action"] in promised}
    messages = outbox.read(tx, states=_WAITING, person_ids=[r["person_id"] for r in calls.values()])
    rows = [
        _row(calls[m["decision_id"]], m, app.actions[m["action"]].agent_minutes)
        for m in messages.to_pylist()
        if m["decision_id"] in calls
    ]
    return pd.DataFrame(rows)


def _row(decision: dict[str, Any], message: dict[str, Any], minutes: float) -> dict[str, Any]:
    features = json.loads(decision["features"] or "{}")
    values = json.loads(decision["values"] or "{}")
    return {
        "decision_id": decision["decision_id"],
        "subject_id": decision["subject_id"],
        "person_id": decision["person_id"],
        "trigger": decision["trigger"],
        "opened_at": decision["decided_at"],
        "due_at": message["expires_at"],
        "severity": float(features.get("interaction_unresolved") or 0.0),
        "value_minor": float(values.get(decision["action"], {}).get("total", 0.0)),
        "agent_minutes": float(values.get(decision["action"], {}).get("minutes", minutes)),
    }


def _free_minutes(app: App, tx: Tx, now: datetime) -> float:
    """Return the agent minutes that the plan leaves free in the coming day."""
    queues = {a.queue for a in app.actions.values() if a.channel == ChannelName.CALLBACK}
    _, made = planned(tx, now)
    start, free = now.replace(tzinfo=None), made.free
    soon = (free["starts_at"] >= start) & (free["starts_at"] < start + _DAY)
    return float(free.loc[soon & free["queue"].isin(queues), "free_min"].sum())


def _cases(listed: pd.DataFrame) -> pa.Table:
    frame = listed.assign(
        case_id=[derive(Prefix.CASE, one) for one in listed["decision_id"]],
        reasons=[json.dumps(reasons) for reasons in listed["reasons"]],
    )
    columns = ["case_id", "person_id", "subject_id", "trigger", "decision_id", "opened_at"]
    wanted = frame[[*columns, "due_at", "rank_value", "reasons"]]
    return pa.Table.from_pandas(wanted, preserve_index=False)

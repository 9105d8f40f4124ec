"""What is forgotten after a while, so that the database holds no more than it needs.

purge(tx, now) -> dict[str, int]      rows removed, by table
"""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from engage.domain.runs import RunState
from engage.store.store import Tx
from engage.store.tables.decisions import refusal_counts, refusals, weighed
from engage.store.tables.models import beliefs, scores
from engage.store.tables.outbox import replies
from engage.store.tables.running import job_runs
from engage.store.tables.work import contact_audits

KEPT = {
    "job_runs": timedelta(days=90),
    "idle_job_runs": timedelta(days=1),
    "scores": timedelta(days=180),
    "refusals": timedelta(days=400),
    "beliefs": timedelta(days=400),
    "contact_audits": timedelta(days=400),
    "weighed": timedelta(days=14),
    "replies": timedelta(days=5 * 366),
}
"""How long; what customers wrote is kept as long as consents are, as proof of what they asked. Runs that found nothing to do are kept for a day only, the last of each job always."""


def purge(tx: Tx, now: datetime) -> dict[str, int]:
    """Remove what is older than its time; returns how many rows of each table went."""
    old_refusals = sa.select(refusals.c.run_id).where(refusals.c.at < now - KEPT["refusals"])
    idle = job_runs.c.report.like('%"done": 0%') & (job_runs.c.state == RunState.DONE)
    statements = {
        "refusal_counts": sa.delete(refusal_counts).where(
            refusal_counts.c.run_id.in_(old_refusals)
        ),
        "refusals": sa.delete(refusals).where(refusals.c.at < now - KEPT["refusals"]),
        "scores": sa.delete(scores).where(scores.c.as_of < now - KEPT["scores"]),
        "beliefs": sa.delete(beliefs).where(
            beliefs.c.learned_at < now - KEPT["beliefs"],
            beliefs.c.learned_at < sa.select(sa.func.max(beliefs.c.learned_at)).scalar_subquery(),
        ),
        "contact_audits": sa.delete(contact_audits).where(
            contact_audits.c.drawn_at < now - KEPT["contact_audits"]
        ),
        "replies": sa.delete(replies).where(replies.c.received_at < now - KEPT["replies"]),
        "weighed": sa.delete(weighed).where(weighed.c.at < now - KEPT["weighed"]),
        "job_runs": sa.delete(job_runs).where(
            (job_runs.c.due < now - KEPT["job_runs"])
            | (idle & (job_runs.c.due < now - KEPT["idle_job_runs"])),
            _ran_later(),
        ),
    }
    return {name: tx.execute(statement).rowcount for name, statement in statements.items()}


def _ran_later() -> sa.ColumnElement[bool]:
    """Return the condition that the job ran again since.

    The last run stays, or the job would run a second time for the due time it was for.
    """
    later = job_runs.alias("later")
    return sa.exists().where(later.c.job == job_runs.c.job, later.c.due > job_runs.c.due)

"""Scores: every one is kept with the artifact that gave it, and the newest is at hand.

keep(tx, rows) -> int        subject_id, model, as_of, person_id, artifact_id, score, reasons
latest(tx, person_ids=None, models=None, *, subject_ids=None) -> pa.Table
subjects(tx) -> int                 how many were ever scored
highest(tx, subject_ids, artifact_ids, before) -> pa.Table    subject_id, model, score
of_people(tx, person_ids, model, artifact_id) -> pa.Table     person_id, as_of, score
read(tx, model, *, since=None, until=None) -> pa.Table
share(tx, model, least, since, until) -> float | None     of its scores are so high
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pyarrow as pa
import sqlalchemy as sa

from engage.store import bulk
from engage.store.store import Tx
from engage.store.tables.models import latest_scores, scores


def keep(tx: Tx, rows: pa.Table) -> int:
    """Store scores; return how many were new. A subject's newest score of a model is in force."""
    new = bulk.insert_new(tx, "scores", rows)
    bulk.upsert(tx, "latest_scores", rows, newer="as_of")
    return new


def subjects(tx: Tx) -> int:
    """Return how many subjects have a score of any model."""
    query = sa.select(sa.func.count(sa.distinct(latest_scores.c.subject_id)))
    return int(tx.execute(query).scalar_one())


def latest(
    tx: Tx,
    person_ids: Sequence[str] | None = None,
    models: Sequence[str] | None = None,
    *,
    subject_ids: Sequence[str] | None = None,
) -> pa.Table:
    """Return the newest score of each subject and model, for these people, subjects or all."""
    held = latest_scores
    query = sa.select(held)
    for column, wanted in (
        (held.c.person_id, person_ids),
        (held.c.model, models),
        (held.c.subject_id, subject_ids),
    ):
        if wanted is not None:
            query = query.where(bulk.among(tx, column, wanted))
    return bulk.fetch(tx, query.order_by(held.c.subject_id, held.c.model))


def highest(
    tx: Tx, subject_ids: Sequence[str], artifact_ids: Sequence[str], before: datetime
) -> pa.Table:
    """Return the highest score that each of these artifacts kept of each subject before a moment.

    Only artifacts named here count, since two models of one name may differ on the same subject.
    """
    query = sa.select(
        scores.c.subject_id, scores.c.model, sa.func.max(scores.c.score).label("score")
    )
    query = query.where(
        bulk.among(tx, scores.c.subject_id, subject_ids),
        bulk.among(tx, scores.c.artifact_id, artifact_ids),
        scores.c.as_of < before,
    )
    return bulk.fetch(tx, query.group_by(scores.c.subject_id, scores.c.model))


def of_people(tx: Tx, person_ids: Sequence[str], model: str, artifact_id: str) -> pa.Table:
    """Return every score that an artifact gave these people, the oldest first."""
    held = scores
    query = sa.select(held.c.person_id, held.c.as_of, held.c.score).where(
        bulk.among(tx, held.c.person_id, person_ids),
        held.c.model == model,
        held.c.artifact_id == artifact_id,
    )
    return bulk.fetch(tx, query.order_by(held.c.as_of, held.c.person_id))


def read(
    tx: Tx, model: str, *, since: datetime | None = None, until: datetime | None = None
) -> pa.Table:
    """Return every kept score of a model, the oldest first; `until` is excluded."""
    query = sa.select(scores).where(scores.c.model == model)
    if since is not None:
        query = query.where(scores.c.as_of >= since)
    if until is not None:
        query = query.where(scores.c.as_of < until)
    return bulk.fetch(tx, query.order_by(scores.c.as_of, scores.c.subject_id))


def share(tx: Tx, model: str, least: float, since: datetime, until: datetime) -> float | None:
    """Return which share of a model's scores of a time is at least so high; None without any."""
    high = sa.func.sum(sa.case((scores.c.score >= least, 1), else_=0))
    query = sa.select(high, sa.func.count()).where(
        scores.c.model == model, scores.c.as_of >= since, scores.c.as_of < until
    )
    found, n = tx.execute(query).one()
    return int(found) / n if n else None

"""Trained models: which there are, which is in use, and who put it there.

add(tx, record) -> bool                           False when it is known already
get(tx, artifact_id) -> Record | None
champion(tx, model) -> Record | None, champions(tx) -> list[Record]
newest_challenger(tx, model) -> Record | None
read(tx, model=None, *, most=None) -> list[Record]   the newest first
promote(tx, artifact_id, *, by, at) -> None       its predecessor retires
predecessors(tx, champion) -> list[Record]        those in use before it, the newest first
first_in_use(tx, model) -> Record | None          the one that values snapshots, so that none mix
rollback(tx, model, *, by, at, to="") -> Record | None   back to the predecessor
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engage.store import approvals, bulk
from engage.store.store import Tx
from engage.store.tables.models import artifacts

CHALLENGER, CHAMPION, RETIRED = "challenger", "champion", "retired"


@dataclass(frozen=True, slots=True)
class Record:
    """What the store knows of a trained model; the model itself is a folder of files."""

    artifact_id: str
    model: str
    created_at: datetime
    folder: str
    sha256: str
    state: str = CHALLENGER
    body: Mapping[str, Any] = field(default_factory=dict)
    promoted_by: str | None = None
    promoted_at: datetime | None = None


def add(tx: Tx, record: Record) -> bool:
    """Store what is known of a new model; False when it is there already."""
    row = {
        "artifact_id": record.artifact_id,
        "model": record.model,
        "created_at": record.created_at,
        "folder": record.folder,
        "sha256": record.sha256,
        "state": record.state,
        "body": json.dumps(record.body, sort_keys=True),
    }
    return bulk.insert_new(tx, "artifacts", bulk.one(artifacts, row)) == 1


def get(tx: Tx, artifact_id: str) -> Record | None:
    """Return one model by its id; None when there is none."""
    return next(iter(_read(tx, artifacts.c.artifact_id == artifact_id)), None)


def champion(tx: Tx, model: str) -> Record | None:
    """Return the model in use under this name; None before the first."""
    in_use = sa.and_(artifacts.c.model == model, artifacts.c.state == CHAMPION)
    return next(iter(_read(tx, in_use)), None)


def champions(tx: Tx) -> list[Record]:
    """Return every model in use, by name."""
    return sorted(_read(tx, artifacts.c.state == CHAMPION), key=lambda one: one.model)


def newest_challenger(tx: Tx, model: str) -> Record | None:
    """Return the newest of this name that was never in use; None when there is none."""
    waiting = sa.and_(artifacts.c.model == model, artifacts.c.state == CHALLENGER)
    return next(iter(_read(tx, waiting, most=1)), None)


def read(tx: Tx, model: str | None = None, *, most: int | None = None) -> list[Record]:
    """Return every model of this name, or all of them, the newest first; at most so many."""
    return _read(tx, sa.true() if model is None else artifacts.c.model == model, most=most)


def promote(tx: Tx, artifact_id: str, *, by: str, at: datetime) -> None:
    """Put a model in use; the one before retires. Raises KeyError for an unknown id."""
    record = get(tx, artifact_id)
    if record is None:
        raise KeyError(artifact_id)
    _put_in_use(tx, record, by, at, verb="promote")


def first_in_use(tx: Tx, model: str) -> Record | None:
    """Return the first artifact of a model that was ever in use; None before there was one."""
    return next((one for one in reversed(read(tx, model)) if one.promoted_at is not None), None)


def predecessors(tx: Tx, champion: Record) -> list[Record]:
    """Return those that were in use under this name and are older than it, the newest first.

    Older by when they were trained: going back twice goes further back, never forward again.
    """
    return [
        one
        for one in read(tx, champion.model)
        if one.promoted_at is not None and _age(one) < _age(champion)
    ]


def _age(record: Record) -> tuple[datetime, str]:
    return record.created_at, record.artifact_id


def rollback(tx: Tx, model: str, *, by: str, at: datetime, to: str = "") -> Record | None:
    """Put the model's predecessor back in use and return it; None when there is none.

    `to`: the artifact id of an earlier predecessor, where the last one is not wanted.
    """
    in_use = champion(tx, model)
    known = predecessors(tx, in_use) if in_use else []
    before = next((one for one in known if to in ("", one.artifact_id)), None)
    if before is not None:
        _put_in_use(tx, before, by, at, verb="rollback")
    return before


def _put_in_use(tx: Tx, record: Record, by: str, at: datetime, *, verb: str) -> None:
    if record.state == CHAMPION:
        return
    in_use = sa.and_(artifacts.c.model == record.model, artifacts.c.state == CHAMPION)
    tx.execute(sa.update(artifacts).where(in_use).values(state=RETIRED))
    tx.execute(
        sa.update(artifacts)
        .where(artifacts.c.artifact_id == record.artifact_id)
        .values(state=CHAMPION, promoted_by=by, promoted_at=at)
    )
    approvals.add(
        tx, kind="artifact", name=record.model, version=record.artifact_id, verb=verb, by=by, at=at
    )


def _read(tx: Tx, condition: sa.ColumnElement[bool], *, most: int | None = None) -> list[Record]:
    ordered = artifacts.c.created_at.desc(), artifacts.c.artifact_id
    query = sa.select(artifacts).where(condition).order_by(*ordered).limit(most)
    found = tx.execute(query).mappings()
    return [Record(**{**row, "body": json.loads(row["body"] or "{}")}) for row in found]

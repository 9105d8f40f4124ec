"""Cases: one ranked list of people to follow up, from the web and the contact centre alike.

open_new(tx, rows) -> int          case_id, person_id, subject_id, trigger, decision_id, opened_at,
                                   due_at, rank_value, reasons
rank(tx, rows) -> int              case_id, rank_value (and due_at): the list is ordered anew
listed(tx, limit=None) -> pa.Table the best first
get(tx, case_id) -> dict | None
take(tx, case_id, owner) -> bool   from open to working
attempt(tx, case_id, result, at, note="") -> int     the attempt's number
close(tx, case_id, disposition, at) -> bool
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from engage.domain.cases import CaseState
from engage.store import bulk
from engage.store.store import Tx
from engage.store.tables.work import case_attempts, cases


def open_new(tx: Tx, rows: pa.Table) -> int:
    """Open cases; one that is there already, open or closed, stays as it is."""
    return bulk.insert_new(tx, "cases", bulk.filled(rows, state=str(CaseState.OPEN)))


def rank(tx: Tx, rows: pa.Table) -> int:
    """Give cases that are not closed a new place on the list; return how many."""
    dated = "due_at" in rows.column_names
    ranked = 0
    for row in rows.to_pylist():
        changes = {"rank_value": row["rank_value"]} | ({"due_at": row["due_at"]} if dated else {})
        ranked += tx.execute(
            sa.update(cases)
            .where(cases.c.case_id == row["case_id"], cases.c.state != CaseState.CLOSED)
            .values(**changes)
        ).rowcount
    return ranked


def listed(tx: Tx, limit: int | None = None) -> pa.Table:
    """Return the cases that are not closed, the most valuable first."""
    order = cases.c.rank_value.desc().nulls_last(), cases.c.due_at, cases.c.case_id
    query = sa.select(cases).where(cases.c.state != CaseState.CLOSED)
    return bulk.fetch(tx, query.order_by(*order).limit(limit))


def get(tx: Tx, case_id: str) -> dict[str, Any] | None:
    """Return one case; None when there is none."""
    query = sa.select(cases).where(cases.c.case_id == case_id)
    found = tx.execute(query).mappings().one_or_none()
    return None if found is None else dict(found)


def take(tx: Tx, case_id: str, owner: str) -> bool:
    """Give an open case to an agent; False when somebody has it already."""
    result = tx.execute(
        sa.update(cases)
        .where(cases.c.case_id == case_id, cases.c.state == CaseState.OPEN)
        .values(state=CaseState.WORKING, owner=owner)
    )
    return result.rowcount == 1


def attempt(tx: Tx, case_id: str, result: str, at: datetime, note: str = "") -> int:
    """Write down one try to reach the person; return its number."""
    # Changing the case first holds it, so that two tries at once get two numbers.
    tx.execute(sa.update(cases).where(cases.c.case_id == case_id).values(case_id=case_id))
    made = sa.select(sa.func.count()).where(case_attempts.c.case_id == case_id)
    number = tx.execute(made).scalar_one() + 1
    tx.execute(
        sa.insert(case_attempts).values(
            case_id=case_id, number=number, at=at, result=result, note=note
        )
    )
    return int(number)


def close(tx: Tx, case_id: str, disposition: str, at: datetime) -> bool:
    """End a case with how it ended; False when it is closed already."""
    result = tx.execute(
        sa.update(cases)
        .where(cases.c.case_id == case_id, cases.c.state != CaseState.CLOSED)
        .values(state=CaseState.CLOSED, disposition=disposition, closed_at=at)
    )
    return result.rowcount == 1

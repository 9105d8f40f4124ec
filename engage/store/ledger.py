"""The contact budget: what each person was sent or, held out, would have been sent.

Cap(limit, window, channel="", per_subject=False)
reserve(tx, rows, caps, budgets=()) -> np.ndarray[bool]      exact under concurrency
settle(tx, decision_ids, before, after)          called by the outbox
decline(tx, decision_id, rest_until)
add_ghosts(tx, rows) -> int
contacts(tx, person_ids, since) -> pa.Table, ghosts(tx, person_ids, since) -> pa.Table
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import sqlalchemy as sa

from engage.domain.actions import ContactClass
from engage.domain.messages import MessageState
from engage.store import bulk
from engage.store.lock import lock_people
from engage.store.messages_a_day import DayBudget, spend
from engage.store.store import Tx
from engage.store.tables.decisions import contact_ledger, ghost_ledger

RESERVED, USED, RETURNED = "reserved", "used", "returned"

_USED = {MessageState.SENT, MessageState.DELIVERED, MessageState.UNKNOWN}
_RETURNED = {MessageState.EXPIRED, MessageState.CANCELLED, MessageState.SUPPRESSED}


@dataclass(frozen=True, slots=True)
class Cap:
    """At most `limit` contacts of a person in any such window, on one channel or on all."""

    limit: int
    window: timedelta
    channel: str = ""
    per_subject: bool = False
    """Counted for the same subject only, for example once in a visit."""


def reserve(
    tx: Tx, rows: pa.Table, caps: Sequence[Cap], budgets: Sequence[DayBudget] = ()
) -> npt.NDArray[np.bool_]:
    """Reserve the budget for these contacts; return for each whether there was any left.

    `rows`: decision_id, person_id, subject_id, channel, class, at. Contacts that the customer
    `requested` are written down and neither counted nor refused. A contact at a later time than
    the row's own counts too: the stricter of the two readings of a rolling window. `budgets` are those
    that everybody shares; who has no budget of their own takes none of them.
    """
    if rows.num_rows == 0:
        return np.zeros(0, dtype=bool)
    people = sorted(set(rows["person_id"].to_pylist()))
    lock_people(tx, people)
    widest = max((cap.window for cap in caps), default=timedelta(0))
    wanted = bulk.naive(rows).to_pylist()
    earliest: datetime = min(row["at"] for row in wanted)
    spent = _spent(contacts(tx, people, earliest - widest).to_pylist())
    mask = np.array([_take(spent, row, caps) for row in wanted], dtype=bool)
    known = _known(tx, wanted) if budgets else frozenset()
    able = [
        number
        for number, row in enumerate(wanted)
        if mask[number] and row["decision_id"] not in known
    ]
    mask[able] = spend(tx, [wanted[number] for number in able], budgets)
    kept = bulk.filled(rows.filter(pa.array(mask)), state=RESERVED)
    bulk.insert_new(tx, "contact_ledger", kept)
    return mask


def _known(tx: Tx, rows: list[dict[str, Any]]) -> frozenset[str]:
    """Return those of these decisions whose contact is written down already."""
    mine = bulk.among(tx, contact_ledger.c.decision_id, [row["decision_id"] for row in rows])
    return frozenset(tx.execute(sa.select(contact_ledger.c.decision_id).where(mine)).scalars())


def _spent(held: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    spent: dict[str, list[dict[str, Any]]] = {}
    for row in held:
        if row["state"] != RETURNED and row["class"] != ContactClass.REQUESTED:
            spent.setdefault(row["person_id"], []).append(row)
    return spent


def _take(spent: dict[str, list[dict[str, Any]]], row: dict[str, Any], caps: Sequence[Cap]) -> bool:
    if row["class"] == ContactClass.REQUESTED:
        return True
    held = spent.setdefault(row["person_id"], [])
    if any(one["decision_id"] == row["decision_id"] for one in held):
        return True
    if any(_count(held, row, cap) >= cap.limit for cap in caps if _binds(cap, row)):
        return False
    held.append(row)
    return True


def _binds(cap: Cap, row: dict[str, Any]) -> bool:
    return cap.channel in {"", row["channel"]}


def _count(held: list[dict[str, Any]], row: dict[str, Any], cap: Cap) -> int:
    since = row["at"] - cap.window
    return sum(
        1
        for one in held
        if one["at"] > since
        and _binds(cap, one)
        and (not cap.per_subject or one.get("subject_id") == row.get("subject_id"))
    )


def settle(tx: Tx, decision_ids: Sequence[str], before: MessageState, after: MessageState) -> None:
    """Write down that reserved contacts happened, or give back those that did not."""
    refused_at_once = before is MessageState.SENDING and after is MessageState.FAILED
    if after in _USED:
        state = USED
    elif after in _RETURNED or refused_at_once:
        state = RETURNED
    else:
        return
    tx.execute(
        sa.update(contact_ledger)
        .where(bulk.among(tx, contact_ledger.c.decision_id, decision_ids))
        .values(state=state)
    )


def decline(tx: Tx, decision_id: str, rest_until: datetime) -> None:
    """Write down that the person said no, so that they are left in peace until then."""
    tx.execute(
        sa.update(contact_ledger)
        .where(contact_ledger.c.decision_id == decision_id)
        .values(rest_until=rest_until)
    )


def add_ghosts(tx: Tx, rows: pa.Table) -> int:
    """Store what the held-out would have been sent, so that they go on qualifying as others do.

    `rows`: decision_id, person_id, trigger, subject_id, action, channel, class, at, agent_minutes,
    cost_minor.
    """
    return bulk.insert_new(tx, "ghost_ledger", rows)


def contacts(tx: Tx, person_ids: Sequence[str] | None, since: datetime | None = None) -> pa.Table:
    """Return contacts of these people after a moment, the oldest first."""
    return _read(tx, contact_ledger, person_ids, since)


def ghosts(tx: Tx, person_ids: Sequence[str] | None, since: datetime | None = None) -> pa.Table:
    """Return what these held-out people would have been sent after a moment, the oldest first."""
    return _read(tx, ghost_ledger, person_ids, since)


def _read(
    tx: Tx, held: sa.Table, person_ids: Sequence[str] | None, since: datetime | None
) -> pa.Table:
    query = sa.select(held)
    if person_ids is not None:
        query = query.where(bulk.among(tx, held.c.person_id, person_ids))
    if since is not None:
        query = query.where(held.c.at > since)
    return bulk.fetch(tx, query.order_by(held.c.at, held.c.decision_id))

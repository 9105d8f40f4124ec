"""How many messages may still leave on a day: a budget that everybody shares.

DayBudget(channel, limit, zone)
left(tx, budget, now, days=2) -> list[tuple[datetime, int]]    when each day ends, and what it has left
spend(tx, rows, budgets) -> np.ndarray[bool]                   which of these contacts there is budget for
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from engage.clock import as_utc
from engage.domain.actions import ContactClass
from engage.store.lock import lock_budget
from engage.store.store import Tx
from engage.store.tables.decisions import contact_ledger

_RETURNED = "returned"


@dataclass(frozen=True, slots=True)
class DayBudget:
    """At most `limit` messages of a channel in a civil day; what was requested is outside it."""

    channel: str
    limit: int
    zone: ZoneInfo

    def day(self, at: datetime) -> date:
        """Return the civil day that a moment belongs to."""
        return as_utc(at).astimezone(self.zone).date()

    def bounds(self, day: date) -> tuple[datetime, datetime]:
        """Return when a day begins and when the next one does, in UTC."""
        first, last = (
            datetime.combine(one, time(), self.zone).astimezone(UTC)
            for one in (day, day + timedelta(days=1))
        )
        return first, last

    def binds(self, row: Mapping[str, Any]) -> bool:
        """Return whether a contact takes of it."""
        return bool(row["channel"] == self.channel and row["class"] != ContactClass.REQUESTED)


def left(tx: Tx, budget: DayBudget, now: datetime, days: int = 2) -> list[tuple[datetime, int]]:
    """Return when each day ends, from today on, and how many messages it has left."""
    today = budget.day(now)
    return [
        (budget.bounds(day)[1], max(0, budget.limit - _used(tx, budget, day)))
        for day in (today + timedelta(days=number) for number in range(days))
    ]


def spend(tx: Tx, rows: Sequence[Mapping[str, Any]], budgets: Sequence[DayBudget]) -> list[bool]:
    """Return for each contact, in turn, whether its day has budget left; exact under concurrency.

    `rows`: decision_id, channel, class, at. The budget is held until the commit, so that nobody else spends
    what is counted here. A contact that is written down already has had its place.
    """
    granted = [True] * len(rows)
    for budget in budgets:
        mine = [number for number, row in enumerate(rows) if budget.binds(row)]
        if not mine:
            continue
        lock_budget(tx, budget.channel)
        used: dict[date, int] = {}
        for number in mine:
            day = budget.day(rows[number]["at"])
            used.setdefault(day, _used(tx, budget, day))
            granted[number] = used[day] < budget.limit
            used[day] += granted[number]
    return granted


def _used(tx: Tx, budget: DayBudget, day: date) -> int:
    since, until = budget.bounds(day)
    query = sa.select(sa.func.count()).where(
        contact_ledger.c.channel == budget.channel,
        contact_ledger.c.at >= since,
        contact_ledger.c.at < until,
        contact_ledger.c["class"] != ContactClass.REQUESTED,
        contact_ledger.c.state != _RETURNED,
    )
    return int(tx.execute(query).scalar_one())

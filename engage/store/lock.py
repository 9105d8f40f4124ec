"""One transaction at a time for each person: what is read about them stays true until the commit.

lock_people(tx, person_ids)
lock_budget(tx, channel)
"""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from engage.store.store import Tx

_NAMESPACE = 0x656E6761
_BUDGETS = 0x656E6762
_SHELVES = 1024
"""People share this many locks: PostgreSQL has room for some thousands in all, and a night's work
takes in more people than that."""


def lock_people(tx: Tx, person_ids: Iterable[str]) -> None:
    """Wait until no other transaction holds these people, then hold them until the commit.

    SQLite has one writer at a time, so there is nothing to do.
    """
    if tx.dialect.name != "postgresql":
        return
    given = sa.literal(sorted(set(person_ids)), sa.ARRAY(sa.Text))
    listed = sa.func.unnest(given).table_valued("person_id").render_derived()
    shelf = sa.func.hashtext(listed.c.person_id).op("&")(_SHELVES - 1)
    # Always in the same order, so that two transactions never wait for each other.
    ordered = sa.select(shelf.label("shelf")).distinct().order_by("shelf").subquery()
    tx.execute(sa.select(sa.func.pg_advisory_xact_lock(_NAMESPACE, ordered.c.shelf))).all()


def lock_budget(tx: Tx, channel: str) -> None:
    """Wait until no other transaction spends of a channel's budget, then hold it until the commit.

    Taken after the people, and never the other way round, so that two transactions never wait for each other.
    """
    if tx.dialect.name == "postgresql":
        tx.execute(sa.select(sa.func.pg_advisory_xact_lock(_BUDGETS, sa.func.hashtext(channel))))

"""Who may use the console, and as what.

add(tx, name, role, at) -> bool
roles(tx) -> dict[str, str]      role by name
remove(tx, name) -> bool
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from engage.store import bulk
from engage.store.store import Tx
from engage.store.tables.governance import users


def add(tx: Tx, name: str, role: str, at: datetime) -> bool:
    """Add somebody; False when the name is taken."""
    row = {"name": name, "role": role, "created_at": at}
    return bulk.insert_new(tx, "users", bulk.one(users, row)) == 1


def roles(tx: Tx) -> dict[str, str]:
    """Return everybody's role, by name."""
    return {row.name: row.role for row in tx.execute(sa.select(users).order_by(users.c.name))}


def remove(tx: Tx, name: str) -> bool:
    """Remove somebody; False when there was nobody of this name."""
    return tx.execute(sa.delete(users).where(users.c.name == name)).rowcount == 1

"""What decisions obeyed besides trigger, person and plan: the settings of then, every version once.

known(tx, policy_version) -> bool
keep(tx, policy_version, body, at) -> bool           False when this version is there already
bodies(tx) -> dict[str, str]                         every version with its body, as JSON
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from engage.store import bulk
from engage.store.store import Tx
from engage.store.tables.decisions import policies


def known(tx: Tx, policy_version: str) -> bool:
    """Return whether this version is stored."""
    query = sa.select(policies.c.policy_version).where(policies.c.policy_version == policy_version)
    return tx.execute(query).first() is not None


def keep(tx: Tx, policy_version: str, body: str, at: datetime) -> bool:
    """Store a version the first time it is used; False when it is there already."""
    row = {"policy_version": policy_version, "first_used_at": at, "body": body}
    return bulk.insert_new(tx, "policies", bulk.one(policies, row)) == 1


def bodies(tx: Tx) -> dict[str, str]:
    """Return the body of every version that was ever used, as JSON."""
    found = tx.execute(sa.select(policies.c.policy_version, policies.c.body))
    return {row.policy_version: row.body for row in found}

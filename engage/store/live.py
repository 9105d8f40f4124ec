"""The recent past of a few people, handed to the feature queries as Arrow tables.

relations(tx, person_ids, since) -> dict[str, pa.Table]
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pyarrow as pa
import sqlalchemy as sa

from engage.domain.appointments import APPOINTMENTS
from engage.domain.catalog import QUERYABLE
from engage.domain.people import LINKS, PEOPLE
from engage.store import bulk, identities, rows
from engage.store.store import Tx
from engage.store.tables.relations import links

_WHOLE = frozenset({PEOPLE.name, APPOINTMENTS.name})
"""What was true, or agreed, long ago may hold today."""


def relations(
    tx: Tx, person_ids: Sequence[str], since: datetime | None = None
) -> dict[str, pa.Table]:
    """Return every relation's rows of these people and of all their identities, and the links.

    `since` bounds each relation's own time; people and appointments come whole.
    """
    ids = identities.everyone(tx, person_ids)
    found = {
        name: rows.read(tx, relation, person_ids=ids, since=None if name in _WHOLE else since)
        for name, relation in QUERYABLE.items()
    }
    return found | {LINKS.name: _links(tx, ids)}


def _links(tx: Tx, ids: Sequence[str]) -> pa.Table:
    wanted = [links.c[name] for name in LINKS.column_names]
    query = sa.select(*wanted).where(
        sa.or_(bulk.among(tx, links.c.person_id, ids), bulk.among(tx, links.c.canonical_id, ids)),
        sa.not_(links.c.gone),
    )
    return bulk.fetch(tx, query.order_by(links.c.seq))

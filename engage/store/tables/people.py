"""How people may be reached, and what they said about it."""

from __future__ import annotations

import sqlalchemy as sa

from engage.store.tables.base import flag, metadata, moment, real, words

contact_points = sa.Table(
    "contact_points",
    metadata,
    words("person_id", key=True),
    words("kind", key=True),
    words("value", key=True),
    moment("known_at"),
    sa.Index(None, "kind", "value"),
)

consents = sa.Table(
    "consents",
    metadata,
    words("person_id", key=True),
    words("purpose", key=True),
    moment("at", key=True),
    flag("granted"),
    words("source", empty=True),
    words("text_version", empty=True),
)

suppressions = sa.Table(
    "suppressions",
    metadata,
    words("scope", key=True),
    words("key_hash", key=True),
    words("reason"),
    moment("at"),
    words("source", empty=True),
)

assignments = sa.Table(
    "assignments",
    metadata,
    words("person_id", key=True),
    words("scope", key=True),
    words("arm"),
    words("epoch"),
    real("share"),
    moment("assigned_at"),
    flag("merged_flag", no=True),
)

"""Who may do what, and who did: triggers with their approvals, users, the audit log."""

from __future__ import annotations

import sqlalchemy as sa

from engage.store.tables.base import json, metadata, moment, seq, whole, words

triggers = sa.Table(
    "triggers",
    metadata,
    words("name", key=True),
    whole("version", key=True),
    json("body", null=False),
    words("state"),
    words("by"),
    words("approved_by", empty=True),
    moment("created_at"),
    moment("approved_at", null=True),
)

approvals = sa.Table(
    "approvals",
    metadata,
    words("approval_id", key=True),
    words("kind"),
    words("name"),
    words("version"),
    words("verb"),
    words("by"),
    moment("at"),
    sa.Index(None, "kind", "name"),
)

users = sa.Table("users", metadata, words("name", key=True), words("role"), moment("created_at"))

audit_entries = sa.Table(
    "audit_entries",
    metadata,
    seq("entry_id"),
    moment("at"),
    words("who"),
    words("verb"),
    words("what"),
    json("details"),
    sa.Index(None, "at"),
    sqlite_autoincrement=True,
)

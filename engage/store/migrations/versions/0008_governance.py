"""Triggers, approvals, users, the audit log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engage.store.migrations.types import SEQ, TIME, WORDS

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "triggers",
        sa.Column("name", WORDS, nullable=False),
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", WORDS, nullable=False),
        sa.Column("by", WORDS, nullable=False),
        sa.Column("approved_by", WORDS, server_default="", nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("approved_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("name", "version", name=op.f("pk_triggers")),
    )
    op.create_table(
        "approvals",
        sa.Column("approval_id", WORDS, nullable=False),
        sa.Column("kind", WORDS, nullable=False),
        sa.Column("name", WORDS, nullable=False),
        sa.Column("version", WORDS, nullable=False),
        sa.Column("verb", WORDS, nullable=False),
        sa.Column("by", WORDS, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("approval_id", name=op.f("pk_approvals")),
    )
    op.create_index(op.f("ix_approvals_kind_name"), "approvals", ["kind", "name"], unique=False)
    op.create_table(
        "users",
        sa.Column("name", WORDS, nullable=False),
        sa.Column("role", WORDS, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_users")),
    )
    op.create_table(
        "audit_entries",
        sa.Column("entry_id", SEQ, sa.Identity(always=False), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("who", WORDS, nullable=False),
        sa.Column("verb", WORDS, nullable=False),
        sa.Column("what", WORDS, nullable=False),
        sa.Column("details", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_audit_entries")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_audit_entries_at"), "audit_entries", ["at"], unique=False)

"""Messages on their way out."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engage.store.migrations.types import TIME, WORDS

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "messages",
        sa.Column("message_id", WORDS, nullable=False),
        sa.Column("decision_id", WORDS, nullable=False),
        sa.Column("person_id", WORDS, nullable=False),
        sa.Column("channel", WORDS, nullable=False),
        sa.Column("action", WORDS, nullable=False),
        sa.Column("class", WORDS, nullable=False),
        sa.Column("destination", WORDS, server_default="", nullable=False),
        sa.Column("body", WORDS, server_default="", nullable=False),
        sa.Column("reference", WORDS, server_default="", nullable=False),
        sa.Column("details", sa.Text(), nullable=True),
        sa.Column("state", WORDS, nullable=False),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column(
            "attempts",
            sa.BigInteger(),
            server_default=sa.text("0"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column(
            "lapses",
            sa.BigInteger(),
            server_default=sa.text("0"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("claimed_by", WORDS, nullable=True),
        sa.Column("lease_until", TIME, nullable=True),
        sa.Column(
            "fence",
            sa.BigInteger(),
            server_default=sa.text("0"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("provider_id", WORDS, nullable=True),
        sa.Column("note", WORDS, server_default="", nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_messages")),
        sa.UniqueConstraint("decision_id", name=op.f("uq_messages_decision_id")),
    )
    op.create_index(op.f("ix_messages_person_id"), "messages", ["person_id"], unique=False)
    op.create_index(op.f("ix_messages_provider_id"), "messages", ["provider_id"], unique=False)
    op.create_index(op.f("ix_messages_reference"), "messages", ["reference"], unique=False)
    op.create_index(
        op.f("ix_messages_state_channel_due_at"),
        "messages",
        ["state", "channel", "due_at"],
        unique=False,
    )
    op.create_index(
        "uq_messages_open",
        "messages",
        ["person_id"],
        unique=True,
        sqlite_where=sa.text(
            "state IN ('claimed', 'due', 'sending', 'unknown') AND class != 'requested'"
        ),
        postgresql_where=sa.text(
            "state IN ('claimed', 'due', 'sending', 'unknown') AND class != 'requested'"
        ),
    )
    op.create_table(
        "message_attempts",
        sa.Column("message_id", WORDS, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("ended_at", TIME, nullable=True),
        sa.Column("result", WORDS, nullable=True),
        sa.Column("code", WORDS, server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.message_id"], name=op.f("fk_message_attempts_message_id")
        ),
        sa.PrimaryKeyConstraint("message_id", "number", name=op.f("pk_message_attempts")),
    )
    op.create_table(
        "receipts",
        sa.Column("receipt_id", WORDS, nullable=False),
        sa.Column("message_id", WORDS, nullable=True),
        sa.Column("provider_id", WORDS, nullable=False),
        sa.Column("status", WORDS, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("raw", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("receipt_id", name=op.f("pk_receipts")),
    )
    op.create_index(op.f("ix_receipts_message_id"), "receipts", ["message_id"], unique=False)
    op.create_index(op.f("ix_receipts_provider_id"), "receipts", ["provider_id"], unique=False)

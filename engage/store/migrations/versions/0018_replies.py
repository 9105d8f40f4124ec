"""What customers write back, each message once, with what it was taken to mean."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engage.store.migrations.types import TIME, WORDS

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "replies",
        sa.Column("reply_id", WORDS, nullable=False),
        sa.Column("provider_id", WORDS, nullable=False),
        sa.Column("channel", WORDS, nullable=False),
        sa.Column("sender", WORDS, nullable=False),
        sa.Column("recipient", WORDS, server_default="", nullable=False),
        sa.Column("body", WORDS, server_default="", nullable=False),
        sa.Column("raw", sa.Text(), nullable=True),
        sa.Column("received_at", TIME, nullable=False),
        sa.Column("stored_at", TIME, nullable=False),
        sa.Column("meaning", WORDS, nullable=False),
        sa.Column("digit", sa.BigInteger(), nullable=True),
        sa.Column("rule", WORDS, server_default="", nullable=False),
        sa.Column("message_id", WORDS, nullable=True),
        sa.Column("answered", WORDS, server_default="", nullable=False),
        sa.Column("state", WORDS, nullable=False),
        sa.Column("verdict", WORDS, nullable=True),
        sa.Column("judged_by", WORDS, nullable=True),
        sa.Column("judged_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("reply_id", name=op.f("pk_replies")),
        sa.UniqueConstraint("channel", "provider_id", name=op.f("uq_replies_channel_provider_id")),
    )
    op.create_index(op.f("ix_replies_sender_received_at"), "replies", ["sender", "received_at"])
    op.create_index(op.f("ix_replies_state_received_at"), "replies", ["state", "received_at"])

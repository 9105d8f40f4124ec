"""Who works in which queue when, as rosters say."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engage.store.migrations.types import SEQ, TIME, WORDS

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "staffing",
        sa.Column("seq", SEQ, sa.Identity(always=False), nullable=False),
        sa.Column("queue", WORDS, nullable=False),
        sa.Column("starts_at", TIME, nullable=False),
        sa.Column("ends_at", TIME, nullable=False),
        sa.Column("agents", sa.Double(), nullable=False),
        sa.Column("again_at", TIME, nullable=True),
        sa.Column("known_at", TIME, nullable=False),
        sa.Column("gone", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("stored_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_staffing")),
        sa.UniqueConstraint(
            "queue",
            "starts_at",
            "known_at",
            name=op.f("uq_staffing_queue_starts_at_known_at"),
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_staffing_starts_at"), "staffing", ["starts_at"], unique=False)

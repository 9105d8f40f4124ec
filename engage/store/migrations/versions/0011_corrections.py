"""What the records of contacts said later."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engage.store.migrations.types import SEQ, TIME, WORDS

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "corrections",
        sa.Column("seq", SEQ, sa.Identity(always=False), nullable=False),
        sa.Column("interaction_id", WORDS, nullable=False),
        sa.Column("person_id", WORDS, nullable=False),
        sa.Column("ts", TIME, nullable=False),
        sa.Column("ended_at", TIME, nullable=True),
        sa.Column("known_at", TIME, nullable=False),
        sa.Column("channel", WORDS, nullable=False),
        sa.Column("direction", WORDS, nullable=True),
        sa.Column("initiated_by", WORDS, nullable=False),
        sa.Column("topic", WORDS, nullable=True),
        sa.Column("queue", WORDS, nullable=True),
        sa.Column("wait_s", sa.Double(), nullable=True),
        sa.Column("talk_s", sa.Double(), nullable=True),
        sa.Column("wrap_s", sa.Double(), nullable=True),
        sa.Column("transfers", sa.BigInteger(), nullable=True),
        sa.Column("abandoned", sa.Boolean(), nullable=True),
        sa.Column("disposition", WORDS, nullable=True),
        sa.Column("resolved", WORDS, nullable=True),
        sa.Column("handled_by", WORDS, nullable=True),
        sa.Column("thread_id", WORDS, nullable=True),
        sa.Column("survey_score", sa.Double(), nullable=True),
        sa.Column("corrected_at", TIME, nullable=False),
        sa.Column("gone", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("stored_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_corrections")),
        sa.UniqueConstraint(
            "interaction_id", "known_at", name=op.f("uq_corrections_interaction_id_known_at")
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_corrections_person_id_ts"), "corrections", ["person_id", "ts"], unique=False
    )
    op.create_index(op.f("ix_corrections_ts"), "corrections", ["ts"], unique=False)

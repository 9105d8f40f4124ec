"""What customers are worth by the company's own reckoning."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engage.store.migrations.types import SEQ, TIME, WORDS

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "values",
        sa.Column("seq", SEQ, sa.Identity(always=False), nullable=False),
        sa.Column("person_id", WORDS, nullable=False),
        sa.Column("valid_from", TIME, nullable=False),
        sa.Column("known_at", TIME, nullable=False),
        sa.Column("value_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", WORDS, nullable=True),
        sa.Column("source", WORDS, nullable=True),
        sa.Column("gone", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("stored_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_values")),
        sa.UniqueConstraint(
            "person_id",
            "valid_from",
            "known_at",
            name=op.f("uq_values_person_id_valid_from_known_at"),
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_values_person_id_valid_from"), "values", ["person_id", "valid_from"], unique=False
    )
    op.create_index(op.f("ix_values_valid_from"), "values", ["valid_from"], unique=False)

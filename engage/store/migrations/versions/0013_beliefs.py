"""What was believed of each action, day by day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engage.store.migrations.types import TIME, WORDS

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "beliefs",
        sa.Column("beliefs_id", WORDS, nullable=False),
        sa.Column("learned_at", TIME, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("beliefs_id", name=op.f("pk_beliefs")),
    )
    op.create_index(op.f("ix_beliefs_learned_at"), "beliefs", ["learned_at"])

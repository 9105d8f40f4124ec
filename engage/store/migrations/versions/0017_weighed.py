"""What was weighed when deciding, by which the plan prices agents' minutes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engage.store.migrations.types import TIME, WORDS

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "weighed",
        sa.Column("weighed_id", WORDS, nullable=False),
        sa.Column("trigger", WORDS, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("weight", sa.Double(), nullable=False),
        sa.Column("options", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("weighed_id", name=op.f("pk_weighed")),
    )
    op.create_index(op.f("ix_weighed_at"), "weighed", ["at"])

"""How the models in use were found to do, night by night."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engage.store.migrations.types import TIME, WORDS

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "model_watches",
        sa.Column("model", WORDS, nullable=False),
        sa.Column("watched_at", TIME, nullable=False),
        sa.Column("artifact_id", WORDS, nullable=False),
        sa.Column("state", WORDS, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("model", "watched_at", name=op.f("pk_model_watches")),
    )

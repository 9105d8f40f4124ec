"""What a decision obeyed, kept by version, and two facts that it was made from."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engage.store.migrations.types import TIME, WORDS

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table and add the columns; decisions of before have neither."""
    op.create_table(
        "policies",
        sa.Column("policy_version", WORDS, nullable=False),
        sa.Column("first_used_at", TIME, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("policy_version", name=op.f("pk_policies")),
    )
    op.add_column("decisions", sa.Column("moment", TIME, nullable=True))
    op.add_column("decisions", sa.Column("must_serve", sa.Boolean(), nullable=True))

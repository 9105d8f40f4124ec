"""With which chance a decision's subject was let in from the band below the threshold."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; empty for whom the condition held, as for all decisions of before."""
    op.add_column("decisions", sa.Column("band", sa.Double(), nullable=True))

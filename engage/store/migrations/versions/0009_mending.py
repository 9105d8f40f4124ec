"""What a row that was set aside needs to be read again: its place, its import's mapping."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engage.store.migrations.types import WORDS

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    for name in ("mapping", "columns"):
        op.add_column("imports", sa.Column(name, WORDS, server_default="", nullable=False))
    op.add_column("quarantine", sa.Column("number", sa.BigInteger(), nullable=True))

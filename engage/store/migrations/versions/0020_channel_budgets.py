"""What left by a channel in a day is counted, so that a day's budget can be kept."""

from __future__ import annotations

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the index."""
    op.create_index(op.f("ix_contact_ledger_channel_at"), "contact_ledger", ["channel", "at"])

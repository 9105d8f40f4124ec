"""How people may be reached, and their arms."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engage.store.migrations.types import TIME, WORDS

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "contact_points",
        sa.Column("person_id", WORDS, nullable=False),
        sa.Column("kind", WORDS, nullable=False),
        sa.Column("value", WORDS, nullable=False),
        sa.Column("known_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("person_id", "kind", "value", name=op.f("pk_contact_points")),
    )
    op.create_index(
        op.f("ix_contact_points_kind_value"), "contact_points", ["kind", "value"], unique=False
    )
    op.create_table(
        "consents",
        sa.Column("person_id", WORDS, nullable=False),
        sa.Column("purpose", WORDS, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("granted", sa.Boolean(), nullable=False),
        sa.Column("source", WORDS, server_default="", nullable=False),
        sa.Column("text_version", WORDS, server_default="", nullable=False),
        sa.PrimaryKeyConstraint("person_id", "purpose", "at", name=op.f("pk_consents")),
    )
    op.create_table(
        "suppressions",
        sa.Column("scope", WORDS, nullable=False),
        sa.Column("key_hash", WORDS, nullable=False),
        sa.Column("reason", WORDS, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("source", WORDS, server_default="", nullable=False),
        sa.PrimaryKeyConstraint("scope", "key_hash", name=op.f("pk_suppressions")),
    )
    op.create_table(
        "assignments",
        sa.Column("person_id", WORDS, nullable=False),
        sa.Column("scope", WORDS, nullable=False),
        sa.Column("arm", WORDS, nullable=False),
        sa.Column("epoch", WORDS, nullable=False),
        sa.Column("share", sa.Double(), nullable=False),
        sa.Column("assigned_at", TIME, nullable=False),
        sa.Column("merged_flag", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", "scope", name=op.f("pk_assignments")),
    )

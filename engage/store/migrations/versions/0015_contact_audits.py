"""Contacts on no list that were drawn at random, for somebody to judge by their record."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engage.store.migrations.types import TIME, WORDS

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "contact_audits",
        sa.Column("interaction_id", WORDS, nullable=False),
        sa.Column("person_id", WORDS, nullable=False),
        sa.Column("as_of", TIME, nullable=False),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("share", sa.Double(), nullable=False),
        sa.Column("drawn_at", TIME, nullable=False),
        sa.Column("verdict", WORDS, nullable=True),
        sa.Column("judged_by", WORDS, nullable=True),
        sa.Column("judged_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("interaction_id", name=op.f("pk_contact_audits")),
    )
    op.create_index(op.f("ix_contact_audits_person_id"), "contact_audits", ["person_id"])
    op.create_index(op.f("ix_contact_audits_drawn_at"), "contact_audits", ["drawn_at"])

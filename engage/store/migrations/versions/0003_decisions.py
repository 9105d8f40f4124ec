"""What surrounds a decision."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engage.store.migrations.types import SEQ, TIME, WORDS

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "qualifications",
        sa.Column("decision_id", WORDS, nullable=False),
        sa.Column("person_id", WORDS, nullable=False),
        sa.Column("trigger", WORDS, nullable=False),
        sa.Column("trigger_version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("subject_id", WORDS, nullable=False),
        sa.Column("qualified_at", TIME, nullable=False),
        sa.Column("plan_version", WORDS, server_default="", nullable=False),
        sa.Column("first", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.PrimaryKeyConstraint("decision_id", name=op.f("pk_qualifications")),
    )
    op.create_index(
        op.f("ix_qualifications_person_id_trigger"),
        "qualifications",
        ["person_id", "trigger"],
        unique=False,
    )
    op.create_index(
        op.f("ix_qualifications_trigger_qualified_at"),
        "qualifications",
        ["trigger", "qualified_at"],
        unique=False,
    )
    op.create_index(
        "uq_qualifications_first",
        "qualifications",
        ["person_id", "trigger"],
        unique=True,
        sqlite_where=sa.text("first"),
        postgresql_where=sa.text("first"),
    )
    op.create_index(
        op.f("ix_qualifications_subject_id"), "qualifications", ["subject_id"], unique=False
    )
    op.create_table(
        "refusals",
        sa.Column("seq", SEQ, sa.Identity(always=False), nullable=False),
        sa.Column("refusal_id", WORDS, nullable=False),
        sa.Column("person_id", WORDS, nullable=False),
        sa.Column("trigger", WORDS, nullable=False),
        sa.Column("subject_id", WORDS, nullable=True),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("run_id", WORDS, server_default="", nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_refusals")),
        sa.UniqueConstraint("refusal_id", name=op.f("uq_refusals_refusal_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_refusals_person_id_trigger_at"),
        "refusals",
        ["person_id", "trigger", "at"],
        unique=False,
    )
    op.create_index(op.f("ix_refusals_subject_id"), "refusals", ["subject_id"], unique=False)
    op.create_table(
        "refusal_counts",
        sa.Column("run_id", WORDS, nullable=False),
        sa.Column("trigger", WORDS, nullable=False),
        sa.Column("reason", WORDS, nullable=False),
        sa.Column("n", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("run_id", "trigger", "reason", name=op.f("pk_refusal_counts")),
    )
    op.create_table(
        "ghost_ledger",
        sa.Column("decision_id", WORDS, nullable=False),
        sa.Column("person_id", WORDS, nullable=False),
        sa.Column("trigger", WORDS, nullable=False),
        sa.Column("subject_id", WORDS, nullable=True),
        sa.Column("action", WORDS, nullable=False),
        sa.Column("channel", WORDS, nullable=False),
        sa.Column("class", WORDS, server_default="", nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("agent_minutes", sa.Double(), nullable=True),
        sa.Column("cost_minor", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("rest_until", TIME, nullable=True),
        sa.PrimaryKeyConstraint("decision_id", name=op.f("pk_ghost_ledger")),
    )
    op.create_index(
        op.f("ix_ghost_ledger_person_id_at"), "ghost_ledger", ["person_id", "at"], unique=False
    )
    op.create_table(
        "contact_ledger",
        sa.Column("decision_id", WORDS, nullable=False),
        sa.Column("person_id", WORDS, nullable=False),
        sa.Column("subject_id", WORDS, nullable=True),
        sa.Column("channel", WORDS, nullable=False),
        sa.Column("class", WORDS, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("state", WORDS, nullable=False),
        sa.Column("rest_until", TIME, nullable=True),
        sa.PrimaryKeyConstraint("decision_id", name=op.f("pk_contact_ledger")),
    )
    op.create_index(
        op.f("ix_contact_ledger_person_id_at"), "contact_ledger", ["person_id", "at"], unique=False
    )
    op.create_table(
        "plans",
        sa.Column("plan_version", WORDS, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("plan_version", name=op.f("pk_plans")),
    )
    op.create_index(op.f("ix_plans_created_at"), "plans", ["created_at"], unique=False)

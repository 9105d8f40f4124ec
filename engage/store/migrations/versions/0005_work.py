"""Slots, call-backs and cases."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engage.store.migrations.types import TIME, WORDS

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "slots",
        sa.Column("slot_id", WORDS, nullable=False),
        sa.Column("queue", WORDS, nullable=False),
        sa.Column("starts_at", TIME, nullable=False),
        sa.Column("ends_at", TIME, nullable=False),
        sa.Column("capacity", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "booked",
            sa.BigInteger(),
            server_default=sa.text("0"),
            autoincrement=False,
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("slot_id", name=op.f("pk_slots")),
    )
    op.create_index(op.f("ix_slots_queue_starts_at"), "slots", ["queue", "starts_at"], unique=False)
    op.create_table(
        "callbacks",
        sa.Column("callback_id", WORDS, nullable=False),
        sa.Column("person_id", WORDS, nullable=False),
        sa.Column("decision_id", WORDS, nullable=True),
        sa.Column("slot_id", WORDS, nullable=True),
        sa.Column("state", WORDS, nullable=False),
        sa.Column("phone_needed", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["slot_id"], ["slots.slot_id"], name=op.f("fk_callbacks_slot_id")),
        sa.PrimaryKeyConstraint("callback_id", name=op.f("pk_callbacks")),
    )
    op.create_index(op.f("ix_callbacks_person_id"), "callbacks", ["person_id"], unique=False)
    op.create_index(op.f("ix_callbacks_slot_id"), "callbacks", ["slot_id"], unique=False)
    op.create_index(op.f("ix_callbacks_state"), "callbacks", ["state"], unique=False)
    op.create_table(
        "cases",
        sa.Column("case_id", WORDS, nullable=False),
        sa.Column("person_id", WORDS, nullable=False),
        sa.Column("subject_id", WORDS, nullable=False),
        sa.Column("trigger", WORDS, nullable=False),
        sa.Column("decision_id", WORDS, nullable=True),
        sa.Column("opened_at", TIME, nullable=False),
        sa.Column("state", WORDS, nullable=False),
        sa.Column("due_at", TIME, nullable=True),
        sa.Column("rank_value", sa.Double(), nullable=True),
        sa.Column("reasons", sa.Text(), nullable=True),
        sa.Column("owner", WORDS, nullable=True),
        sa.Column("closed_at", TIME, nullable=True),
        sa.Column("disposition", WORDS, nullable=True),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_cases")),
    )
    op.create_index(op.f("ix_cases_person_id"), "cases", ["person_id"], unique=False)
    op.create_index(op.f("ix_cases_state_due_at"), "cases", ["state", "due_at"], unique=False)
    op.create_table(
        "case_attempts",
        sa.Column("case_id", WORDS, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("result", WORDS, nullable=False),
        sa.Column("note", WORDS, server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.case_id"], name=op.f("fk_case_attempts_case_id")
        ),
        sa.PrimaryKeyConstraint("case_id", "number", name=op.f("pk_case_attempts")),
    )

"""The relations that queries read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engage.store.migrations.types import SEQ, TIME, WORDS

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "events",
        sa.Column("seq", SEQ, sa.Identity(always=False), nullable=False),
        sa.Column("event_id", WORDS, nullable=False),
        sa.Column("person_id", WORDS, nullable=False),
        sa.Column("session_id", WORDS, nullable=True),
        sa.Column("ts", TIME, nullable=False),
        sa.Column("known_at", TIME, nullable=False),
        sa.Column("type", WORDS, nullable=False),
        sa.Column("name", WORDS, nullable=True),
        sa.Column("page", WORDS, nullable=True),
        sa.Column("referrer", WORDS, nullable=True),
        sa.Column("properties", sa.Text(), nullable=True),
        sa.Column("country", WORDS, nullable=True),
        sa.Column("zone", WORDS, nullable=True),
        sa.Column("gone", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("stored_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_events")),
        sa.UniqueConstraint("event_id", name=op.f("uq_events_event_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_events_person_id_ts"), "events", ["person_id", "ts"], unique=False)
    op.create_index(op.f("ix_events_ts"), "events", ["ts"], unique=False)
    op.create_table(
        "sessions",
        sa.Column("seq", SEQ, sa.Identity(always=False), nullable=False),
        sa.Column("session_id", WORDS, nullable=False),
        sa.Column("person_id", WORDS, nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("known_at", TIME, nullable=False),
        sa.Column("channel", WORDS, nullable=True),
        sa.Column("campaign", WORDS, nullable=True),
        sa.Column("device", WORDS, nullable=True),
        sa.Column("last_at", TIME, nullable=True),
        sa.Column("gone", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("stored_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_sessions")),
        sa.UniqueConstraint("session_id", name=op.f("uq_sessions_session_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_sessions_last_at"), "sessions", ["last_at"], unique=False)
    op.create_index(
        op.f("ix_sessions_person_id_started_at"),
        "sessions",
        ["person_id", "started_at"],
        unique=False,
    )
    op.create_index(op.f("ix_sessions_started_at"), "sessions", ["started_at"], unique=False)
    op.create_table(
        "interactions",
        sa.Column("seq", SEQ, sa.Identity(always=False), nullable=False),
        sa.Column("interaction_id", WORDS, nullable=False),
        sa.Column("person_id", WORDS, nullable=False),
        sa.Column("ts", TIME, nullable=False),
        sa.Column("ended_at", TIME, nullable=True),
        sa.Column("known_at", TIME, nullable=False),
        sa.Column("channel", WORDS, nullable=False),
        sa.Column("direction", WORDS, nullable=True),
        sa.Column("initiated_by", WORDS, nullable=False),
        sa.Column("topic", WORDS, nullable=True),
        sa.Column("queue", WORDS, nullable=True),
        sa.Column("wait_s", sa.Double(), nullable=True),
        sa.Column("talk_s", sa.Double(), nullable=True),
        sa.Column("wrap_s", sa.Double(), nullable=True),
        sa.Column("transfers", sa.BigInteger(), nullable=True),
        sa.Column("abandoned", sa.Boolean(), nullable=True),
        sa.Column("disposition", WORDS, nullable=True),
        sa.Column("resolved", WORDS, nullable=True),
        sa.Column("handled_by", WORDS, nullable=True),
        sa.Column("thread_id", WORDS, nullable=True),
        sa.Column("survey_score", sa.Double(), nullable=True),
        sa.Column("gone", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("stored_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_interactions")),
        sa.UniqueConstraint("interaction_id", name=op.f("uq_interactions_interaction_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_interactions_person_id_ts"), "interactions", ["person_id", "ts"], unique=False
    )
    op.create_index(op.f("ix_interactions_ts"), "interactions", ["ts"], unique=False)
    op.create_table(
        "transactions",
        sa.Column("seq", SEQ, sa.Identity(always=False), nullable=False),
        sa.Column("transaction_id", WORDS, nullable=False),
        sa.Column("person_id", WORDS, nullable=False),
        sa.Column("ts", TIME, nullable=False),
        sa.Column("known_at", TIME, nullable=False),
        sa.Column("kind", WORDS, nullable=True),
        sa.Column("product", WORDS, nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=True),
        sa.Column("margin_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", WORDS, nullable=True),
        sa.Column("gone", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("stored_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_transactions")),
        sa.UniqueConstraint("transaction_id", name=op.f("uq_transactions_transaction_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_transactions_person_id_ts"), "transactions", ["person_id", "ts"], unique=False
    )
    op.create_index(op.f("ix_transactions_ts"), "transactions", ["ts"], unique=False)
    op.create_table(
        "people",
        sa.Column("seq", SEQ, sa.Identity(always=False), nullable=False),
        sa.Column("person_id", WORDS, nullable=False),
        sa.Column("valid_from", TIME, nullable=False),
        sa.Column("known_at", TIME, nullable=False),
        sa.Column("attributes", sa.Text(), nullable=True),
        sa.Column("gone", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("stored_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_people")),
        sa.UniqueConstraint("person_id", "known_at", name=op.f("uq_people_person_id_known_at")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_people_person_id_valid_from"), "people", ["person_id", "valid_from"], unique=False
    )
    op.create_index(op.f("ix_people_valid_from"), "people", ["valid_from"], unique=False)
    op.create_table(
        "links",
        sa.Column("seq", SEQ, sa.Identity(always=False), nullable=False),
        sa.Column("person_id", WORDS, nullable=False),
        sa.Column("canonical_id", WORDS, nullable=False),
        sa.Column("known_at", TIME, nullable=False),
        sa.Column("gone", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("stored_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_links")),
        sa.UniqueConstraint("person_id", name=op.f("uq_links_person_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_links_canonical_id"), "links", ["canonical_id"], unique=False)
    op.create_index(
        op.f("ix_links_person_id_known_at"), "links", ["person_id", "known_at"], unique=False
    )
    op.create_table(
        "appointments",
        sa.Column("seq", SEQ, sa.Identity(always=False), nullable=False),
        sa.Column("appointment_id", WORDS, nullable=False),
        sa.Column("person_id", WORDS, nullable=False),
        sa.Column("starts_at", TIME, nullable=False),
        sa.Column("known_at", TIME, nullable=False),
        sa.Column("kind", WORDS, nullable=True),
        sa.Column("state", WORDS, nullable=True),
        sa.Column("gone", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("stored_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_appointments")),
        sa.UniqueConstraint("appointment_id", name=op.f("uq_appointments_appointment_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_appointments_person_id_starts_at"),
        "appointments",
        ["person_id", "starts_at"],
        unique=False,
    )
    op.create_index(op.f("ix_appointments_starts_at"), "appointments", ["starts_at"], unique=False)
    op.create_table(
        "outcomes",
        sa.Column("seq", SEQ, sa.Identity(always=False), nullable=False),
        sa.Column("outcome_id", WORDS, nullable=False),
        sa.Column("person_id", WORDS, nullable=False),
        sa.Column("goal", WORDS, nullable=False),
        sa.Column("ts", TIME, nullable=False),
        sa.Column("known_at", TIME, nullable=False),
        sa.Column("value_minor", sa.BigInteger(), nullable=True),
        sa.Column("gone", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("stored_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_outcomes")),
        sa.UniqueConstraint("outcome_id", name=op.f("uq_outcomes_outcome_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_outcomes_person_id_ts"), "outcomes", ["person_id", "ts"], unique=False)
    op.create_index(op.f("ix_outcomes_ts"), "outcomes", ["ts"], unique=False)
    op.create_table(
        "exclusions",
        sa.Column("seq", SEQ, sa.Identity(always=False), nullable=False),
        sa.Column("person_id", WORDS, nullable=False),
        sa.Column("reason", WORDS, nullable=False),
        sa.Column("source", WORDS, nullable=True),
        sa.Column("valid_from", TIME, nullable=False),
        sa.Column("valid_until", TIME, nullable=True),
        sa.Column("known_at", TIME, nullable=False),
        sa.Column("must_serve", sa.Boolean(), nullable=True),
        sa.Column("gone", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("stored_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_exclusions")),
        sa.UniqueConstraint(
            "person_id",
            "reason",
            "valid_from",
            name=op.f("uq_exclusions_person_id_reason_valid_from"),
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_exclusions_person_id_valid_from"),
        "exclusions",
        ["person_id", "valid_from"],
        unique=False,
    )
    op.create_index(op.f("ix_exclusions_valid_from"), "exclusions", ["valid_from"], unique=False)
    op.create_table(
        "decisions",
        sa.Column("seq", SEQ, sa.Identity(always=False), nullable=False),
        sa.Column("decision_id", WORDS, nullable=False),
        sa.Column("person_id", WORDS, nullable=False),
        sa.Column("trigger", WORDS, nullable=False),
        sa.Column("decided_at", TIME, nullable=False),
        sa.Column("known_at", TIME, nullable=False),
        sa.Column("arm", WORDS, nullable=True),
        sa.Column("action", WORDS, nullable=False),
        sa.Column("propensity", sa.Double(), nullable=True),
        sa.Column("source", WORDS, server_default="", nullable=False),
        sa.Column("subject_id", WORDS, nullable=True),
        sa.Column("trigger_version", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("run_id", WORDS, nullable=True),
        sa.Column("qualified", sa.Boolean(), nullable=True),
        sa.Column("arm_global", WORDS, nullable=True),
        sa.Column("arm_trigger", WORDS, nullable=True),
        sa.Column("allowed", sa.Text(), nullable=True),
        sa.Column("propensities", sa.Text(), nullable=True),
        sa.Column("values", sa.Text(), nullable=True),
        sa.Column("reasons", sa.Text(), nullable=True),
        sa.Column("plan_version", WORDS, nullable=True),
        sa.Column("policy_version", WORDS, nullable=True),
        sa.Column("artifacts", sa.Text(), nullable=True),
        sa.Column("features", sa.Text(), nullable=True),
        sa.Column("draw", sa.Double(), nullable=True),
        sa.Column("stake_minor", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("horizon_until", TIME, nullable=True),
        sa.Column("gone", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("stored_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_decisions")),
        sa.UniqueConstraint("decision_id", name=op.f("uq_decisions_decision_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_decisions_decided_at"), "decisions", ["decided_at"], unique=False)
    op.create_index(
        op.f("ix_decisions_person_id_decided_at"),
        "decisions",
        ["person_id", "decided_at"],
        unique=False,
    )
    op.create_index(op.f("ix_decisions_subject_id"), "decisions", ["subject_id"], unique=False)
    op.create_index(
        op.f("ix_decisions_trigger_decided_at"),
        "decisions",
        ["trigger", "decided_at"],
        unique=False,
    )

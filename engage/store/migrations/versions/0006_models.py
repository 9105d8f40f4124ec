"""Artifacts, scores, values and effects."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engage.store.migrations.types import TIME, WORDS

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "artifacts",
        sa.Column("artifact_id", WORDS, nullable=False),
        sa.Column("model", WORDS, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("folder", WORDS, nullable=False),
        sa.Column("sha256", WORDS, nullable=False),
        sa.Column("state", WORDS, nullable=False),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("promoted_by", WORDS, nullable=True),
        sa.Column("promoted_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("artifact_id", name=op.f("pk_artifacts")),
    )
    op.create_index(
        op.f("ix_artifacts_model_created_at"), "artifacts", ["model", "created_at"], unique=False
    )
    op.create_index(
        "uq_artifacts_champion",
        "artifacts",
        ["model"],
        unique=True,
        sqlite_where=sa.text("state = 'champion'"),
        postgresql_where=sa.text("state = 'champion'"),
    )
    op.create_table(
        "scores",
        sa.Column("subject_id", WORDS, nullable=False),
        sa.Column("model", WORDS, nullable=False),
        sa.Column("as_of", TIME, nullable=False),
        sa.Column("person_id", WORDS, nullable=False),
        sa.Column("artifact_id", WORDS, nullable=False),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("reasons", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("subject_id", "model", "as_of", name=op.f("pk_scores")),
    )
    op.create_index(op.f("ix_scores_model_as_of"), "scores", ["model", "as_of"], unique=False)
    op.create_index(
        op.f("ix_scores_person_id_model"), "scores", ["person_id", "model"], unique=False
    )
    op.create_table(
        "latest_scores",
        sa.Column("subject_id", WORDS, nullable=False),
        sa.Column("model", WORDS, nullable=False),
        sa.Column("as_of", TIME, nullable=False),
        sa.Column("person_id", WORDS, nullable=False),
        sa.Column("artifact_id", WORDS, nullable=False),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("reasons", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("subject_id", "model", name=op.f("pk_latest_scores")),
    )
    op.create_index(
        op.f("ix_latest_scores_person_id_model"),
        "latest_scores",
        ["person_id", "model"],
        unique=False,
    )
    op.create_table(
        "value_snapshots",
        sa.Column("person_id", WORDS, nullable=False),
        sa.Column("as_of", TIME, nullable=False),
        sa.Column("artifact_id", WORDS, nullable=False),
        sa.Column("value_minor", sa.BigInteger(), nullable=False),
        sa.Column("purpose", WORDS, server_default="", nullable=False),
        sa.PrimaryKeyConstraint(
            "person_id", "as_of", "artifact_id", name=op.f("pk_value_snapshots")
        ),
    )
    op.create_table(
        "effects",
        sa.Column("effect_id", WORDS, nullable=False),
        sa.Column("trigger", WORDS, nullable=False),
        sa.Column("computed_at", TIME, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("effect_id", name=op.f("pk_effects")),
    )
    op.create_index(
        op.f("ix_effects_trigger_computed_at"), "effects", ["trigger", "computed_at"], unique=False
    )

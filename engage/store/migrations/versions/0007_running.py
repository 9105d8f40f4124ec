"""Job runs, imports, the archive, cursors."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engage.store.migrations.types import TIME, WORDS

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "job_runs",
        sa.Column("run_id", WORDS, nullable=False),
        sa.Column("job", WORDS, nullable=False),
        sa.Column("due", TIME, nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("ended_at", TIME, nullable=True),
        sa.Column("state", WORDS, nullable=False),
        sa.Column("report", sa.Text(), nullable=True),
        sa.Column("error", WORDS, server_default="", nullable=False),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_job_runs")),
        sa.UniqueConstraint("job", "due", name=op.f("uq_job_runs_job_due")),
    )
    op.create_index(
        op.f("ix_job_runs_job_started_at"), "job_runs", ["job", "started_at"], unique=False
    )
    op.create_index(op.f("ix_job_runs_state"), "job_runs", ["state"], unique=False)
    op.create_table(
        "imports",
        sa.Column("import_id", WORDS, nullable=False),
        sa.Column("file", WORDS, nullable=False),
        sa.Column("sha256", WORDS, nullable=False),
        sa.Column("kind", WORDS, nullable=False),
        sa.Column("mapping_sha256", WORDS, server_default="", nullable=False),
        sa.Column(
            "rows_read",
            sa.BigInteger(),
            server_default=sa.text("0"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column(
            "rows_new",
            sa.BigInteger(),
            server_default=sa.text("0"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column(
            "rows_bad",
            sa.BigInteger(),
            server_default=sa.text("0"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("ended_at", TIME, nullable=True),
        sa.Column("state", WORDS, nullable=False),
        sa.PrimaryKeyConstraint("import_id", name=op.f("pk_imports")),
    )
    op.create_index(op.f("ix_imports_sha256"), "imports", ["sha256"], unique=False)
    op.create_table(
        "quarantine",
        sa.Column("quarantine_id", WORDS, nullable=False),
        sa.Column("import_id", WORDS, nullable=False),
        sa.Column("kind", WORDS, nullable=False),
        sa.Column("file", WORDS, nullable=False),
        sa.Column("line", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("reason", WORDS, nullable=False),
        sa.Column("raw", WORDS, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("state", WORDS, nullable=False),
        sa.PrimaryKeyConstraint("quarantine_id", name=op.f("pk_quarantine")),
    )
    op.create_index(op.f("ix_quarantine_import_id"), "quarantine", ["import_id"], unique=False)
    op.create_index(op.f("ix_quarantine_state_at"), "quarantine", ["state", "at"], unique=False)
    op.create_table(
        "history_files",
        sa.Column("path", WORDS, nullable=False),
        sa.Column("relation", WORDS, nullable=False),
        sa.Column("partition", WORDS, nullable=False),
        sa.Column("rows", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("first_seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("last_seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("amends", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("written_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("path", name=op.f("pk_history_files")),
    )
    op.create_index(
        op.f("ix_history_files_relation_partition"),
        "history_files",
        ["relation", "partition"],
        unique=False,
    )
    op.create_table(
        "watermarks",
        sa.Column("relation", WORDS, nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("pruned_before", TIME, nullable=True),
        sa.Column(
            "amendments",
            sa.BigInteger(),
            server_default=sa.text("0"),
            autoincrement=False,
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("relation", name=op.f("pk_watermarks")),
    )
    op.create_table(
        "marks",
        sa.Column("name", WORDS, nullable=False),
        sa.Column("value", WORDS, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_marks")),
    )

"""The steps by which the tables came to be as they are, run from code."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

_ADVISORY = 0x656E67616765
"""The lock that two programs upgrading at once queue for, on PostgreSQL."""


def config(tx: sa.Connection | None = None) -> Config:
    """Return Alembic's configuration, working within this transaction."""
    made = Config()
    # Alembic reads % as interpolation, and a folder may be called anything.
    made.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    made.attributes["connection"] = tx
    return made


def upgrade(tx: sa.Connection) -> None:
    """Bring the tables up to date, all steps in this one transaction."""
    if tx.dialect.name == "postgresql":
        tx.execute(sa.select(sa.func.pg_advisory_xact_lock(_ADVISORY)))
    command.upgrade(config(tx), "head")


def is_current(tx: sa.Connection) -> bool:
    """Return whether the newest step has been taken."""
    head = ScriptDirectory.from_config(config()).get_current_head()
    return MigrationContext.configure(tx).get_current_revision() == head


def unknown_step(tx: sa.Connection) -> str | None:
    """Return the step that a newer program took last; None where this one knows it."""
    taken = MigrationContext.configure(tx).get_current_heads()
    known = {step.revision for step in ScriptDirectory.from_config(config()).walk_revisions()}
    return next((step for step in taken if step not in known), None)

"""What Alembic runs: the steps, on the connection it is handed, in its transaction."""

from __future__ import annotations

from alembic import context

from engage.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    render_as_batch=context.config.attributes["connection"].dialect.name == "sqlite",
)
with context.begin_transaction():
    context.run_migrations()

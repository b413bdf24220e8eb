"""Run by Alembic. The connection comes from `digest.storage.migrate`."""

from alembic import context

from digest.storage import tables

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=tables.metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()

"""Run by Alembic, on the connection and in the transaction of `migrate.py`."""

from alembic import context

from assent.adapters.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=False,
)
context.run_migrations()

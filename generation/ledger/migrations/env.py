"""How alembic runs the migrations: on the connection and in the transaction that it is handed."""

from alembic import context

from generation.ledger.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transaction_per_migration=False,
    render_as_batch=True,  # SQLite can't alter a column: alembic copies the table
)
with context.begin_transaction():
    context.run_migrations()

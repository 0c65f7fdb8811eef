"""What Alembic runs: on the connection that it was given, within the transaction that holds the lock."""

from alembic import context

from opencmr.store.tables import metadata


def _ours(name: str | None, kind: str, _: object) -> bool:
    """A database may hold tables of others, and partitions of ours."""
    return kind != "table" or name in metadata.tables


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    include_name=_ours,
    compare_type=True,
    transactional_ddl=True,
    render_as_batch=True,  # SQLite knows no ALTER for most of what may have to change
)
with context.begin_transaction():
    context.run_migrations()

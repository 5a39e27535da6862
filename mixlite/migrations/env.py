"""Alembic's door: runs on the connection that `upgrade` hands over."""

from typing import Any, Literal

from alembic import context

from mixlite.core.db import Base, Moment


def render_item(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """A step stands on its own: it names no type of ours, which may change."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, Moment) else False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    render_item=render_item,
    transactional_ddl=True,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()

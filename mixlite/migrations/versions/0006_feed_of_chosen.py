"""Entries for chosen people have indexes of their own, so that the feed walks past none that is not for its reader."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_PLACE = ["author_id", "shown_at", "id"]
_ALL_FRIENDS = "'friends', 'friends_of_friends', 'members'"


def _create(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def _recreate_feed(words: str) -> None:
    op.drop_index("ix_entries_feed", table_name="entries")
    _create("ix_entries_feed", "entries", _PLACE, f"audience IN ({words}) AND deleted_at IS NULL")


def upgrade() -> None:
    _recreate_feed(_ALL_FRIENDS)
    _create("ix_entries_chosen", "entries", [*_PLACE, "selection_id"], "audience = 'chosen' AND deleted_at IS NULL")
    op.drop_index("ix_entries_selection_id", table_name="entries")
    _create("ix_entries_selection", "entries", ["selection_id", "shown_at", "id"], "selection_id IS NOT NULL")
    _create("ix_selections_all_friends", "selections", ["owner_id"], "all_friends")


def downgrade() -> None:
    op.drop_index("ix_selections_all_friends", table_name="selections")
    op.drop_index("ix_entries_selection", table_name="entries")
    _create("ix_entries_selection_id", "entries", ["selection_id"], "selection_id IS NOT NULL")
    op.drop_index("ix_entries_chosen", table_name="entries")
    _recreate_feed(f"'chosen', {_ALL_FRIENDS}")

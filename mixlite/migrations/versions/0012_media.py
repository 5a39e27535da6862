"""Pictures, albums and photos; entries that are read through a parent."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_KWARGS = {"sqlite_autoincrement": True}  # batch mode on SQLite forgets this unless it is told
_WORDS = "'only_me', 'chosen', 'friends', 'friends_of_friends', 'members', 'community', 'public'"
_MAY_BE_DUE = "state IN ('received', 'preparing') OR (entry_id IS NULL AND comment_id IS NULL)"
_PLACE = ["author_id", "shown_at", "id"]
# Batch mode does not know the condition of an index either: they are taken away before, and made again.
_PARTIAL = {
    "ix_entries_feed": (_PLACE, "audience IN ('friends', 'friends_of_friends', 'members') AND deleted_at IS NULL"),
    "ix_entries_chosen": ([*_PLACE, "selection_id"], "audience = 'chosen' AND deleted_at IS NULL"),
    "ix_entries_selection": (["selection_id", "shown_at", "id"], "selection_id IS NOT NULL"),
}
_NEW = {
    "ix_entries_parent_id": (["parent_id", "id"], "parent_id IS NOT NULL"),
    "ix_entries_photos": (["author_id", "id"], "kind = 'photo' AND deleted_at IS NULL"),
    "ix_entries_answered": (["author_id", "shown_at", "id"], "last_number > 0"),
}


def _drop_partial_indexes() -> None:
    for name in _PARTIAL:
        op.drop_index(name, table_name="entries")


def _create_partial_indexes() -> None:
    for name, (columns, words) in _PARTIAL.items():
        where = sa.text(words)
        op.create_index(name, "entries", columns, sqlite_where=where, postgresql_where=where)


def upgrade() -> None:
    _add_albums()
    _add_media()
    _add_photos()
    _give_entries_parents()


def _add_albums() -> None:
    op.create_table(
        "albums",
        sa.Column(
            "entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("title", sa.String(length=400), nullable=False),
        sa.Column("body", sa.String(length=12000), nullable=False),
        sa.Column("cover_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint("length(body) <= 12000", name=op.f("ck_albums_body_length")),
        sa.CheckConstraint("length(title) <= 400", name=op.f("ck_albums_title_length")),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["entries.id"], name=op.f("fk_albums_entry_id_entries"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["cover_id"], ["entries.id"], name=op.f("fk_albums_cover_id_entries"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_albums")),
    )


def _add_media() -> None:
    op.create_table(
        "media",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("token", sa.String(length=26), nullable=False),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("comment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("alt", sa.String(length=2000), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=True),
        sa.Column("file_name", sa.String(length=400), nullable=False),
        sa.Column("size", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("received", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("bytes", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("colour", sa.String(length=6), nullable=True),
        sa.Column("widths", sa.String(length=40), nullable=False),
        sa.Column("lengths", sa.String(length=60), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("touched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('coming', 'received', 'preparing', 'ready', 'failed')", name=op.f("ck_media_state")
        ),
        sa.CheckConstraint("length(alt) <= 2000", name=op.f("ck_media_alt_length")),
        sa.CheckConstraint("length(colour) <= 6", name=op.f("ck_media_colour_length")),
        sa.CheckConstraint("length(file_name) <= 400", name=op.f("ck_media_file_name_length")),
        sa.CheckConstraint("length(lengths) <= 60", name=op.f("ck_media_lengths_length")),
        sa.CheckConstraint("length(reason) <= 20", name=op.f("ck_media_reason_length")),
        sa.CheckConstraint("length(state) <= 10", name=op.f("ck_media_state_length")),
        sa.CheckConstraint("length(token) <= 26", name=op.f("ck_media_token_length")),
        sa.CheckConstraint("length(widths) <= 40", name=op.f("ck_media_widths_length")),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["entries.id"], name=op.f("fk_media_entry_id_entries"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["comment_id"], ["comments.id"], name=op.f("fk_media_comment_id_comments"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["members.id"], name=op.f("fk_media_owner_id_members")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_media")),
        sa.UniqueConstraint("token", name=op.f("uq_media_token")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("media", schema=None) as batch_op:
        batch_op.create_index(
            "ix_media_due",
            ["due_at"],
            unique=False,
            sqlite_where=sa.text(_MAY_BE_DUE),
            postgresql_where=sa.text(_MAY_BE_DUE),
        )
        batch_op.create_index("ix_media_entry_id", ["entry_id"], unique=False)
        batch_op.create_index("ix_media_comment_id", ["comment_id"], unique=False)
        batch_op.create_index("ix_media_owner_id", ["owner_id", "bytes"], unique=False)


def _add_photos() -> None:
    op.create_table(
        "photos",
        sa.Column(
            "entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("parent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("body", sa.String(length=1200), nullable=False),
        sa.Column("alt", sa.String(length=2000), nullable=False),
        sa.CheckConstraint("length(alt) <= 2000", name=op.f("ck_photos_alt_length")),
        sa.CheckConstraint("length(body) <= 1200", name=op.f("ck_photos_body_length")),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["entries.id"], name=op.f("fk_photos_parent_id_entries"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["entries.id"], name=op.f("fk_photos_entry_id_entries"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_photos")),
    )
    with op.batch_alter_table("photos", schema=None) as batch_op:
        batch_op.create_index("ix_photos_parent_id", ["parent_id", "position", "entry_id"], unique=False)


def _give_entries_parents() -> None:
    _drop_partial_indexes()
    with op.batch_alter_table("entries", table_kwargs=_KWARGS) as batch_op:
        batch_op.add_column(sa.Column("parent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True))
        batch_op.drop_constraint(batch_op.f("ck_entries_audience"), type_="check")
        batch_op.create_check_constraint(batch_op.f("ck_entries_audience"), f"audience IN ({_WORDS}, 'parent')")
        batch_op.create_check_constraint(
            batch_op.f("ck_entries_child"), "(audience = 'parent') = (parent_id IS NOT NULL)"
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_entries_parent_id_entries"), "entries", ["parent_id"], ["id"], ondelete="CASCADE"
        )
    _create_partial_indexes()
    for name, (columns, words) in _NEW.items():
        where = sa.text(words)
        op.create_index(name, "entries", columns, sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    for name in _NEW:
        op.drop_index(name, table_name="entries")
    op.execute(
        "DELETE FROM entries WHERE parent_id IS NOT NULL OR kind = 'album'"
    )  # the code before knows no such kinds
    _drop_partial_indexes()
    with op.batch_alter_table("entries", table_kwargs=_KWARGS) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_entries_parent_id_entries"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("ck_entries_child"), type_="check")
        batch_op.drop_constraint(batch_op.f("ck_entries_audience"), type_="check")
        batch_op.create_check_constraint(batch_op.f("ck_entries_audience"), f"audience IN ({_WORDS})")
        batch_op.drop_column("parent_id")
    _create_partial_indexes()

    with op.batch_alter_table("photos", schema=None) as batch_op:
        batch_op.drop_index("ix_photos_parent_id")

    op.drop_table("photos")
    with op.batch_alter_table("media", schema=None) as batch_op:
        batch_op.drop_index("ix_media_owner_id")
        batch_op.drop_index("ix_media_comment_id")
        batch_op.drop_index("ix_media_entry_id")
        batch_op.drop_index(
            "ix_media_due",
            sqlite_where=sa.text(_MAY_BE_DUE),
            postgresql_where=sa.text(_MAY_BE_DUE),
        )

    op.drop_table("media")
    op.drop_table("albums")

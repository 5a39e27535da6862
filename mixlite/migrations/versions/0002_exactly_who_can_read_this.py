"""Groups, mutes, chosen audiences, facts of a profile; what an entry says of its revision and its comments."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# Batch mode on SQLite builds the table anew, and forgets this unless it is told.
_KWARGS = {"sqlite_autoincrement": True}
_CHOSEN = sa.text("selection_id IS NOT NULL")


def _drop_feed_index() -> None:
    op.drop_index("ix_entries_feed", table_name="entries")


def _create_feed_index(words: str) -> None:
    where = sa.text(f"audience IN ({words}) AND deleted_at IS NULL")
    columns = ["author_id", "shown_at", "id"]
    op.create_index("ix_entries_feed", "entries", columns, sqlite_where=where, postgresql_where=where)


def upgrade() -> None:
    op.create_table(
        "friend_groups",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.CheckConstraint("length(name) <= 120", name=op.f("ck_friend_groups_name_length")),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["members.id"], name=op.f("fk_friend_groups_owner_id_members"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_friend_groups")),
        sa.UniqueConstraint("owner_id", "name", name=op.f("uq_friend_groups_owner_id_name")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "mutes",
        sa.Column("member_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("muted_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("member_id <> muted_id", name=op.f("ck_mutes_two_people")),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_mutes_member_id_members"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["muted_id"], ["members.id"], name=op.f("fk_mutes_muted_id_members"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("member_id", "muted_id", name=op.f("pk_mutes")),
    )
    with op.batch_alter_table("mutes", schema=None) as batch_op:
        batch_op.create_index("ix_mutes_muted_id", ["muted_id"], unique=False)

    op.create_table(
        "selections",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("all_friends", sa.Boolean(), nullable=False),
        sa.CheckConstraint("length(fingerprint) <= 64", name=op.f("ck_selections_fingerprint_length")),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["members.id"], name=op.f("fk_selections_owner_id_members"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_selections")),
        sa.UniqueConstraint("owner_id", "fingerprint", name=op.f("uq_selections_owner_id_fingerprint")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "facts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("label", sa.String(length=120), nullable=False),
        sa.Column("value", sa.String(length=1200), nullable=False),
        sa.Column("month_day", sa.String(length=5), nullable=True),
        sa.Column("audience", sa.String(length=20), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("selection_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("author_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint("(audience = 'chosen') = (selection_id IS NOT NULL)", name=op.f("ck_facts_selection")),
        sa.CheckConstraint(
            "audience IN ('only_me', 'chosen', 'friends', 'friends_of_friends', 'members', 'community', 'public')",
            name=op.f("ck_facts_audience"),
        ),
        sa.CheckConstraint(
            "kind IN ('reading', 'birthday', 'place', 'school', 'work', 'interests', 'free', 'friends')",
            name=op.f("ck_facts_kind"),
        ),
        sa.CheckConstraint("length(audience) <= 20", name=op.f("ck_facts_audience_length")),
        sa.CheckConstraint("length(kind) <= 20", name=op.f("ck_facts_kind_length")),
        sa.CheckConstraint("length(label) <= 120", name=op.f("ck_facts_label_length")),
        sa.CheckConstraint("length(month_day) <= 5", name=op.f("ck_facts_month_day_length")),
        sa.CheckConstraint("length(value) <= 1200", name=op.f("ck_facts_value_length")),
        sa.ForeignKeyConstraint(["author_id"], ["members.id"], name=op.f("fk_facts_author_id_members")),
        sa.ForeignKeyConstraint(["selection_id"], ["selections.id"], name=op.f("fk_facts_selection_id_selections")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_facts")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("facts", schema=None) as batch_op:
        batch_op.create_index("ix_facts_author_id", ["author_id", "kind", "id"], unique=False)
        batch_op.create_index("ix_facts_month_day", ["month_day"], unique=False)
        batch_op.create_index("ix_facts_selection_id", ["selection_id"], unique=False)
        batch_op.create_index(
            "uq_facts_one_of_each",
            ["author_id", "kind"],
            unique=True,
            sqlite_where=sa.text("kind <> 'free'"),
            postgresql_where=sa.text("kind <> 'free'"),
        )

    op.create_table(
        "group_members",
        sa.Column("group_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("member_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"], ["friend_groups.id"], name=op.f("fk_group_members_group_id_friend_groups"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_group_members_member_id_members"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("group_id", "member_id", name=op.f("pk_group_members")),
    )
    with op.batch_alter_table("group_members", schema=None) as batch_op:
        batch_op.create_index("ix_group_members_member_id", ["member_id"], unique=False)

    op.create_table(
        "selection_groups",
        sa.Column("selection_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("group_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"],
            ["friend_groups.id"],
            name=op.f("fk_selection_groups_group_id_friend_groups"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["selection_id"],
            ["selections.id"],
            name=op.f("fk_selection_groups_selection_id_selections"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("selection_id", "group_id", name=op.f("pk_selection_groups")),
    )
    with op.batch_alter_table("selection_groups", schema=None) as batch_op:
        batch_op.create_index("ix_selection_groups_group_id", ["group_id"], unique=False)

    op.create_table(
        "selection_people",
        sa.Column("selection_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("member_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("is_exception", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_selection_people_member_id_members"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["selection_id"],
            ["selections.id"],
            name=op.f("fk_selection_people_selection_id_selections"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("selection_id", "member_id", name=op.f("pk_selection_people")),
    )
    with op.batch_alter_table("selection_people", schema=None) as batch_op:
        batch_op.create_index("ix_selection_people_member_id", ["member_id"], unique=False)

    with op.batch_alter_table("comments", table_kwargs=_KWARGS) as batch_op:
        batch_op.add_column(sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True))

    _drop_feed_index()
    with op.batch_alter_table("entries", table_kwargs=_KWARGS) as batch_op:
        batch_op.add_column(sa.Column("revision", sa.Integer(), nullable=False, server_default="1"))
        batch_op.add_column(sa.Column("comments_closed_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("needs_no_answer", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(
            sa.Column("selection_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
    op.execute("UPDATE entries SET audience = 'only_me' WHERE audience = 'chosen'")  # nobody could choose it before
    with op.batch_alter_table("entries", table_kwargs=_KWARGS) as batch_op:
        batch_op.alter_column("revision", server_default=None, existing_type=sa.Integer(), existing_nullable=False)
        batch_op.alter_column(
            "needs_no_answer", server_default=None, existing_type=sa.Boolean(), existing_nullable=False
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_entries_selection_id_selections"), "selections", ["selection_id"], ["id"]
        )
        batch_op.create_check_constraint(
            batch_op.f("ck_entries_selection"), "(audience = 'chosen') = (selection_id IS NOT NULL)"
        )
        batch_op.create_index(
            "ix_entries_selection_id", ["selection_id"], unique=False, sqlite_where=_CHOSEN, postgresql_where=_CHOSEN
        )
    _create_feed_index("'chosen', 'friends', 'friends_of_friends', 'members'")


def downgrade() -> None:
    _drop_feed_index()
    op.execute("UPDATE entries SET audience = 'only_me', selection_id = NULL WHERE audience = 'chosen'")
    with op.batch_alter_table("entries", table_kwargs=_KWARGS) as batch_op:
        batch_op.drop_index("ix_entries_selection_id")
        batch_op.drop_constraint(batch_op.f("fk_entries_selection_id_selections"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("ck_entries_selection"), type_="check")
        batch_op.drop_column("selection_id")
        batch_op.drop_column("needs_no_answer")
        batch_op.drop_column("comments_closed_at")
        batch_op.drop_column("revision")
    _create_feed_index("'friends', 'friends_of_friends', 'members'")

    with op.batch_alter_table("comments", table_kwargs=_KWARGS) as batch_op:
        batch_op.drop_column("edited_at")

    with op.batch_alter_table("selection_people", schema=None) as batch_op:
        batch_op.drop_index("ix_selection_people_member_id")

    op.drop_table("selection_people")
    with op.batch_alter_table("selection_groups", schema=None) as batch_op:
        batch_op.drop_index("ix_selection_groups_group_id")

    op.drop_table("selection_groups")
    with op.batch_alter_table("group_members", schema=None) as batch_op:
        batch_op.drop_index("ix_group_members_member_id")

    op.drop_table("group_members")
    with op.batch_alter_table("facts", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_facts_one_of_each", sqlite_where=sa.text("kind <> 'free'"), postgresql_where=sa.text("kind <> 'free'")
        )
        batch_op.drop_index("ix_facts_selection_id")
        batch_op.drop_index("ix_facts_month_day")
        batch_op.drop_index("ix_facts_author_id")

    op.drop_table("facts")
    op.drop_table("selections")
    with op.batch_alter_table("mutes", schema=None) as batch_op:
        batch_op.drop_index("ix_mutes_muted_id")

    op.drop_table("mutes")
    op.drop_table("friend_groups")

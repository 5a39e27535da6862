"""For whom members usually write, and changes of many audiences at once."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audience_changes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("author_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("audience", sa.String(length=20), nullable=False),
        sa.Column("selection_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("entry_count", sa.Integer(), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("length(audience) <= 20", name=op.f("ck_audience_changes_audience_length")),
        sa.ForeignKeyConstraint(
            ["author_id"], ["members.id"], name=op.f("fk_audience_changes_author_id_members"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["selection_id"],
            ["selections.id"],
            name=op.f("fk_audience_changes_selection_id_selections"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audience_changes")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("audience_changes", schema=None) as batch_op:
        batch_op.create_index("ix_audience_changes_author_id", ["author_id", "made_at"], unique=False)

    op.create_table(
        "habits",
        sa.Column("member_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("audience", sa.String(length=20), nullable=False),
        sa.Column("selection_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint("length(audience) <= 20", name=op.f("ck_habits_audience_length")),
        sa.CheckConstraint("length(kind) <= 20", name=op.f("ck_habits_kind_length")),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_habits_member_id_members"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["selection_id"], ["selections.id"], name=op.f("fk_habits_selection_id_selections"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("member_id", "kind", name=op.f("pk_habits")),
    )
    op.create_table(
        "changed_entries",
        sa.Column("change_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("audience", sa.String(length=20), nullable=False),
        sa.Column("selection_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint("length(audience) <= 20", name=op.f("ck_changed_entries_audience_length")),
        sa.ForeignKeyConstraint(
            ["change_id"],
            ["audience_changes.id"],
            name=op.f("fk_changed_entries_change_id_audience_changes"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["entries.id"], name=op.f("fk_changed_entries_entry_id_entries"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["selection_id"],
            ["selections.id"],
            name=op.f("fk_changed_entries_selection_id_selections"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("change_id", "entry_id", name=op.f("pk_changed_entries")),
    )
    with op.batch_alter_table("changed_entries", schema=None) as batch_op:
        batch_op.create_index("ix_changed_entries_entry_id", ["entry_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("changed_entries", schema=None) as batch_op:
        batch_op.drop_index("ix_changed_entries_entry_id")

    op.drop_table("changed_entries")
    op.drop_table("habits")
    with op.batch_alter_table("audience_changes", schema=None) as batch_op:
        batch_op.drop_index("ix_audience_changes_author_id")

    op.drop_table("audience_changes")

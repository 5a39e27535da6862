"""Albums to which friends of their authors add."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "contributors",
        sa.Column("album_id", _ID, nullable=False),
        sa.Column("member_id", _ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["album_id"], ["entries.id"], name=op.f("fk_contributors_album_id_entries"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_contributors_member_id_members"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("album_id", "member_id", name=op.f("pk_contributors")),
    )
    op.create_index("ix_contributors_member_id", "contributors", ["member_id"], unique=False)
    with op.batch_alter_table("photos") as batch_op:
        batch_op.add_column(sa.Column("by_guest", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("photos") as batch_op:
        batch_op.alter_column("by_guest", server_default=None, existing_type=sa.Boolean(), existing_nullable=False)


def downgrade() -> None:
    with op.batch_alter_table("photos") as batch_op:
        batch_op.drop_column("by_guest")
    op.drop_index("ix_contributors_member_id", table_name="contributors")
    op.drop_table("contributors")

"""Requests that were taken back, and people who are not suggested any more."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "dismissals",
        sa.Column("member_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("other_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_dismissals_member_id_members"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["other_id"], ["members.id"], name=op.f("fk_dismissals_other_id_members"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("member_id", "other_id", name=op.f("pk_dismissals")),
    )
    with op.batch_alter_table("dismissals") as batch_op:
        batch_op.create_index("ix_dismissals_other_id", ["other_id"], unique=False)
    with op.batch_alter_table("friend_requests") as batch_op:
        batch_op.add_column(sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.execute("DELETE FROM friend_requests WHERE withdrawn_at IS NOT NULL")
    with op.batch_alter_table("friend_requests", table_kwargs={"sqlite_autoincrement": True}) as batch_op:
        batch_op.drop_column("withdrawn_at")
    op.drop_table("dismissals")

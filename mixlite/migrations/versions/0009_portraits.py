"""A drawn portrait beside each name."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0007"
branch_labels = None
depends_on = None

_KWARGS = {"sqlite_autoincrement": True}  # batch mode on SQLite forgets this unless it is told


def upgrade() -> None:
    with op.batch_alter_table("members", table_kwargs=_KWARGS) as batch_op:
        batch_op.add_column(sa.Column("portrait", sa.String(length=20), nullable=False, server_default=""))
    with op.batch_alter_table("members", table_kwargs=_KWARGS) as batch_op:
        batch_op.alter_column("portrait", server_default=None, existing_type=sa.String(20), existing_nullable=False)
        batch_op.create_check_constraint(batch_op.f("ck_members_portrait_length"), "length(portrait) <= 20")


def downgrade() -> None:
    with op.batch_alter_table("members", table_kwargs=_KWARGS) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_members_portrait_length"), type_="check")
        batch_op.drop_column("portrait")

"""How far somebody has read: the feed, and the comments under an entry. Whether keys of the keyboard do something."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "feed_marks",
        sa.Column("member_id", _ID, nullable=False),
        sa.Column("shown_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entry_id", _ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_feed_marks_member_id_members"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_feed_marks")),
    )
    op.create_table(
        "read_marks",
        sa.Column("member_id", _ID, nullable=False),
        sa.Column("entry_id", _ID, nullable=False),
        sa.Column("number", _ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["entries.id"], name=op.f("fk_read_marks_entry_id_entries"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_read_marks_member_id_members"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("member_id", "entry_id", name=op.f("pk_read_marks")),
    )
    op.create_index("ix_read_marks_entry_id", "read_marks", ["entry_id"], unique=False)
    op.create_table(
        "arrivals_seen",
        sa.Column("member_id", _ID, nullable=False),
        sa.Column("newcomer_id", _ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_arrivals_seen_member_id_members"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_arrivals_seen")),
    )
    op.add_column("members", sa.Column("shortcuts", sa.Boolean(), server_default=sa.true(), nullable=False))
    _begin_with_today()


def _begin_with_today() -> None:
    """What was there before counts as read: nobody comes home to years of unread entries and comments."""
    now = sa.bindparam("now", datetime.now(UTC), type_=sa.DateTime(timezone=True))
    marks = (
        "INSERT INTO feed_marks (member_id, shown_at, entry_id) SELECT id, :now, 0 FROM members WHERE status <> 'gone'"
    )
    op.execute(sa.text(marks).bindparams(now))
    op.execute(
        "INSERT INTO read_marks (member_id, entry_id, number) "
        "SELECT author_id, id, last_number FROM entries WHERE last_number > 0 "
        "UNION SELECT c.author_id, c.entry_id, e.last_number FROM comments c JOIN entries e ON e.id = c.entry_id"
    )


def downgrade() -> None:
    op.drop_column("members", "shortcuts")
    op.drop_table("arrivals_seen")
    op.drop_table("read_marks")
    op.drop_table("feed_marks")

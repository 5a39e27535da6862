"""Who is mentioned where: "@aki" in the words of an entry or of a comment. The rows go with them.

A row says that somebody was named, not that they may read it: whoever tells them of it asks the law first.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ForeignKey, Index, delete, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from mixlite.core import clock
from mixlite.core.db import Base, BigId, db

_IN_ENTRY, _IN_COMMENT = text("comment_id IS NULL"), text("comment_id IS NOT NULL")


class Mention(Base):
    """One member, named in one text: an entry's own words, or those of the comment `comment_id` under it."""

    __tablename__ = "mentions"
    __table_args__ = (
        Index(
            "uq_mentions_in_entry",
            "entry_id",
            "member_id",
            unique=True,
            sqlite_where=_IN_ENTRY,
            postgresql_where=_IN_ENTRY,
        ),
        Index(
            "uq_mentions_in_comment",
            "comment_id",
            "member_id",
            unique=True,
            sqlite_where=_IN_COMMENT,
            postgresql_where=_IN_COMMENT,
        ),
        Index("ix_mentions_entry_id", "entry_id"),
        Index("ix_mentions_member_id", "member_id"),
        Base.__table_args__,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("entries.id", ondelete="CASCADE"))
    comment_id: Mapped[int | None] = mapped_column(ForeignKey("comments.id", ondelete="CASCADE"))
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"))
    created_at: Mapped[datetime]


def keep_mentions(entry_id: int, comment_id: int | None, member_ids: Collection[int]) -> list[int]:
    """These and no others are mentioned in this text now; the ids of the new rows."""
    there = (Mention.entry_id == entry_id, Mention.comment_id.is_not_distinct_from(comment_id))
    known = set(db.session.scalars(select(Mention.member_id).where(*there)))
    if gone := known - set(member_ids):
        db.session.execute(delete(Mention).where(*there, Mention.member_id.in_(gone)))
    insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    now = clock.now()
    rows = [
        {"entry_id": entry_id, "comment_id": comment_id, "member_id": member_id, "created_at": now}
        for member_id in sorted(set(member_ids) - known)
    ]
    if not rows:
        return []
    return list(db.session.scalars(insert(Mention).values(rows).on_conflict_do_nothing().returning(Mention.id)))


def forget_mentions_of(member_id: int) -> None:
    """When somebody is erased, nobody has mentioned them."""
    db.session.execute(delete(Mention).where(Mention.member_id == member_id))

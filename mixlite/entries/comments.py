"""Comments: numbered from one under their entry; a number never returns, a hidden or removed one leaves a gap."""

from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from mixlite.core import clock
from mixlite.core.db import Base, BigId
from mixlite.people.members import Member

COMMENT_LENGTH = 3000
EDITABLE_FOR = timedelta(minutes=10)


class Comment(Base):
    """Words under an entry. `deleted_at` makes it invisible to all; its row goes soon after."""

    __tablename__ = "comments"
    __table_args__ = (
        UniqueConstraint("entry_id", "number"),
        Index("ix_comments_author_id", "author_id"),
        Base.__table_args__,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("entries.id", ondelete="CASCADE"))
    number: Mapped[int] = mapped_column(BigId)  # as wide as any number that an address can ask for
    author_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    text: Mapped[str] = mapped_column(String(COMMENT_LENGTH * 4))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    edited_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]

    author: Mapped[Member] = relationship(lazy="raise_on_sql")

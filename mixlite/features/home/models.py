"""Read up to here: how far somebody has read what their friends wrote."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from mixlite.core.db import Base, BigId


class FeedMark(Base):
    """A place in the order of the feed: everything up to it counts as read. Only its owner moves it, and only forward.

    `entry_id` is the second half of the place, for entries of the same moment; that entry may be gone by now.
    """

    __tablename__ = "feed_marks"

    member_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), primary_key=True)
    shown_at: Mapped[datetime]
    entry_id: Mapped[int] = mapped_column(BigId)

"""A change of many entries' audiences at once, kept so that it can be taken back."""

from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from mixlite.core.db import Base, BigId

UNDO_FOR = timedelta(days=7)


class AudienceChange(Base):
    """One change: what became of how many, and when it was taken back."""

    __tablename__ = "audience_changes"
    __table_args__ = (Index("ix_audience_changes_author_id", "author_id", "made_at"), Base.__table_args__)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"))
    made_at: Mapped[datetime]
    audience: Mapped[str] = mapped_column(String(20))
    selection_id: Mapped[int | None] = mapped_column(ForeignKey("selections.id", ondelete="SET NULL"))
    entry_count: Mapped[int]
    undone_at: Mapped[datetime | None]


class ChangedEntry(Base):
    """One entry of a change, with what it was before."""

    __tablename__ = "changed_entries"
    __table_args__ = (Index("ix_changed_entries_entry_id", "entry_id"),)

    change_id: Mapped[int] = mapped_column(ForeignKey("audience_changes.id", ondelete="CASCADE"), primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("entries.id", ondelete="CASCADE"), primary_key=True)
    audience: Mapped[str] = mapped_column(String(20))
    selection_id: Mapped[int | None] = mapped_column(ForeignKey("selections.id", ondelete="SET NULL"))

"""Likes and favourites: one of each per member and entry."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from mixlite.core import clock
from mixlite.core.db import Base, db


class Like(Base):
    """A nod."""

    __tablename__ = "likes"
    __table_args__ = (Index("ix_likes_member_id", "member_id"),)

    entry_id: Mapped[int] = mapped_column(ForeignKey("entries.id", ondelete="CASCADE"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class Favourite(Base):
    """A recommendation: friends see what I favoured, if they may read it."""

    __tablename__ = "favourites"
    __table_args__ = (Index("ix_favourites_member_id", "member_id", "created_at"),)

    entry_id: Mapped[int] = mapped_column(ForeignKey("entries.id", ondelete="CASCADE"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


Mark = type[Like] | type[Favourite]


def set_mark(mark: Mark, *, entry_id: int, member_id: int) -> bool:
    """Put the mark there; whether it was new. Two at once make one."""
    insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    row = {"entry_id": entry_id, "member_id": member_id, "created_at": clock.now()}
    return (
        db.session.execute(insert(mark).values(row).on_conflict_do_nothing().returning(mark.entry_id)).first()
        is not None
    )


def take_mark(mark: Mark, *, entry_id: int, member_id: int) -> None:
    """Take it away if it is there."""
    db.session.execute(delete(mark).where(mark.entry_id == entry_id, mark.member_id == member_id))

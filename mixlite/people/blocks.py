"""Blocks: for the two people, neither exists. The blocked one is not told."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from mixlite.core import clock
from mixlite.core.db import Base, db
from mixlite.people.members import Member, is_here


class Block(Base):
    """`blocker_id` wants nothing to do with `blocked_id`. It works both ways; only the blocker can undo it."""

    __tablename__ = "blocks"
    __table_args__ = (
        CheckConstraint("blocker_id <> blocked_id", name="two_people"),
        Index("ix_blocks_blocked_id", "blocked_id", "blocker_id"),
    )

    blocker_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), primary_key=True)
    blocked_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


def add_block(blocker_id: int, blocked_id: int) -> None:
    """Once is enough."""
    if db.session.get(Block, (blocker_id, blocked_id), populate_existing=True) is None:
        db.session.add(Block(blocker_id=blocker_id, blocked_id=blocked_id))
        db.session.flush()


def remove_block(blocker_id: int, blocked_id: int) -> None:
    """The other direction, if there is one, stays."""
    db.session.execute(delete(Block).where(Block.blocker_id == blocker_id, Block.blocked_id == blocked_id))


def blocked_by(member_id: int, limit: int) -> Sequence[Member]:
    """Whom this member has blocked, the latest first: the one place where they still see these names."""
    query = (
        select(Member)
        .join(Block, Block.blocked_id == Member.id)
        .where(Block.blocker_id == member_id, is_here(Member))
        .order_by(Block.created_at.desc(), Member.id.desc())
        .limit(limit)
    )
    return db.session.scalars(query).all()

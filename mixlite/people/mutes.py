"""Mutes: I see less of somebody for a while, or until I say otherwise. They are not told, and nothing else changes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, delete, exists, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from mixlite.core import clock
from mixlite.core.db import NOW, Base, db
from mixlite.people.members import Member, is_here


class Mute(Base):
    """`member_id` takes a break from `muted_id`, up to `until`; None means until they end it."""

    __tablename__ = "mutes"
    __table_args__ = (
        CheckConstraint("member_id <> muted_id", name="two_people"),
        Index("ix_mutes_muted_id", "muted_id"),
    )

    member_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), primary_key=True)
    muted_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), primary_key=True)
    until: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


def is_running() -> ColumnElement[bool]:
    """Whether a mute holds at the moment of asking; one that is over is as none."""
    return or_(Mute.until.is_(None), Mute.until > NOW)


def has_muted(member_id: Any, other_id: ColumnElement[int] | Any) -> ColumnElement[bool]:
    """Whether the member takes a break from somebody now, as part of a larger question."""
    running = select(1).where(Mute.member_id == member_id, Mute.muted_id == other_id, is_running())
    return exists(running.correlate_except(Mute))


def muted_by(member_id: int, limit: int) -> Sequence[tuple[Member, Mute]]:
    """From whom the member takes a break now, the latest first."""
    query = (
        select(Member, Mute)
        .join(Mute, Mute.muted_id == Member.id)
        .where(Mute.member_id == member_id, is_running(), is_here(Member))
        .order_by(Mute.created_at.desc(), Member.id.desc())
        .limit(limit)
    )
    return [(member, mute) for member, mute in db.session.execute(query)]


def mute_of(member_id: int, muted_id: int) -> Mute | None:
    """The running mute, if there is one."""
    query = select(Mute).where(Mute.member_id == member_id, Mute.muted_id == muted_id, is_running())
    return db.session.scalars(query.execution_options(populate_existing=True)).one_or_none()


def set_mute(member_id: int, muted_id: int, until: datetime | None) -> Mute:
    """Begin one, or change until when it holds."""
    mute = db.session.get(Mute, (member_id, muted_id), populate_existing=True)
    if mute is None:
        mute = Mute(member_id=member_id, muted_id=muted_id, created_at=clock.now())
        db.session.add(mute)
    mute.until = until
    db.session.flush()
    return mute


def end_mute(member_id: int, muted_id: int) -> None:
    """From the next request on they are seen as before."""
    db.session.execute(delete(Mute).where(Mute.member_id == member_id, Mute.muted_id == muted_id))


def erase_mutes(member_id: int) -> None:
    """Theirs and those of them."""
    db.session.execute(delete(Mute).where(or_(Mute.member_id == member_id, Mute.muted_id == member_id)))

"""Friendships and the requests before them.

A friendship is two rows, one for each direction, written and removed together: the feed walks them from either end.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    Select,
    String,
    UniqueConstraint,
    bindparam,
    delete,
    func,
    select,
    tuple_,
)
from sqlalchemy.orm import Mapped, aliased, joinedload, mapped_column, relationship

from mixlite.core import clock
from mixlite.core.db import Base, BigId, ask, db
from mixlite.core.paging import Position
from mixlite.people.groups import leave_groups_of_each_other
from mixlite.people.members import Member, is_here

MOST_FRIENDS = 1000  # as on mixi
MESSAGE_LENGTH = 500


class Friendship(Base):
    """`member_id` has `friend_id` as a friend; the mirrored row says the same of the other."""

    __tablename__ = "friendships"
    __table_args__ = (
        CheckConstraint("member_id <> friend_id", name="two_people"),
        Index("ix_friendships_friend_id", "friend_id"),
        Index("ix_friendships_since", "member_id", "since", "friend_id"),
    )

    member_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), primary_key=True)
    friend_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), primary_key=True)
    since: Mapped[datetime] = mapped_column(default=clock.now)


class FriendRequest(Base):
    """`asker` would like to be friends with `asked`. One row a pair; a declined one stays: declining is silent.

    `withdrawn_at` is set only on a declined one, when who asked takes it back or either blocks the other: to who asked
    it looks gone, and who declined is not asked again.
    """

    __tablename__ = "friend_requests"
    __table_args__ = (
        UniqueConstraint("low_id", "high_id"),
        CheckConstraint("low_id < high_id", name="pair_in_order"),
        Index("ix_friend_requests_asked_id", "asked_id"),
        Index("ix_friend_requests_asker_id", "asker_id"),
        Base.__table_args__,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    asker_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"))
    asked_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"))
    low_id: Mapped[int] = mapped_column(BigId)
    high_id: Mapped[int] = mapped_column(BigId)
    message: Mapped[str] = mapped_column(String(MESSAGE_LENGTH * 4), default="")
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    declined_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]

    asker: Mapped[Member] = relationship(foreign_keys=[asker_id])
    asked: Mapped[Member] = relationship(foreign_keys=[asked_id])


def are_friends(member_id: int, other_id: int) -> bool:
    """Whether the two are friends now."""
    return friendship_between(member_id, other_id) is not None


def friendship_between(member_id: int, other_id: int) -> Friendship | None:
    """The row from the first to the second."""
    return db.session.get(Friendship, (member_id, other_id), populate_existing=True)


def friends_among(member_id: int, others: Collection[int]) -> frozenset[int]:
    """Which of these people are friends of this member now."""
    query = select(Friendship.friend_id).where(Friendship.member_id == member_id, Friendship.friend_id.in_(set(others)))
    return frozenset(db.session.scalars(query)) if others else frozenset()


def begin_friendship(member_id: int, other_id: int) -> None:
    """Make them friends, and settle any request between them. The caller holds both with `lock_members`."""
    now = clock.now()
    db.session.execute(delete(FriendRequest).where(*_pair(member_id, other_id)))
    db.session.add_all(
        [
            Friendship(member_id=member_id, friend_id=other_id, since=now),
            Friendship(member_id=other_id, friend_id=member_id, since=now),
        ]
    )
    db.session.flush()


def end_friendship_between(member_id: int, other_id: int) -> bool:
    """Make them friends no longer, nor in a group of each other; whether they were."""
    leave_groups_of_each_other(member_id, other_id)
    pairs = [(member_id, other_id), (other_id, member_id)]
    ended = db.session.execute(delete(Friendship).where(tuple_(Friendship.member_id, Friendship.friend_id).in_(pairs)))
    return bool(ended.rowcount)  # type: ignore[attr-defined]


def request_between(member_id: int, other_id: int) -> FriendRequest | None:
    """The request of either to the other, declined or not."""
    query = select(FriendRequest).where(*_pair(member_id, other_id))
    return db.session.scalars(query).one_or_none()


def _pair(member_id: int, other_id: int) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    low, high = sorted((member_id, other_id))
    return FriendRequest.low_id == low, FriendRequest.high_id == high


def forget_requests_between(member_id: int, other_id: int) -> None:
    """As if nobody had asked."""
    db.session.execute(delete(FriendRequest).where(*_pair(member_id, other_id)))


def close_request_between(member_id: int, other_id: int) -> None:
    """As if nobody had asked, but that who declined is never disturbed again."""
    request = request_between(member_id, other_id)
    if request is None:
        return
    if request.declined_at is None:
        forget_requests_between(member_id, other_id)
    else:
        request.withdrawn_at = request.withdrawn_at or clock.now()


def friends_of(member_id: int, limit: int, after: Position | None = None) -> Sequence[tuple[Member, datetime]]:
    """Friends who are here, with since when; the newest friendship first."""
    query, given = _friends(), {"of": member_id, "limit": limit}
    if after:
        query = query.where(tuple_(Friendship.since, Friendship.friend_id) < after)
    return [(member, since) for member, since in db.session.execute(query, given)]


@cache
def _friends() -> Select[Any, Any]:
    return (
        select(Member, Friendship.since)
        .join(Friendship, Friendship.friend_id == Member.id)
        .where(Friendship.member_id == bindparam("of"), is_here(Member))
        .order_by(Friendship.since.desc(), Friendship.friend_id.desc())
        .limit(bindparam("limit"))
    )


def count_of_friends(member_id: int) -> int:
    """Friends who are here.

    Asked friend by friend: given a join, PostgreSQL goes and reads all members to find a thousand.
    """
    return ask(_count_of_friends(), {"of": member_id}).scalar() or 0


@cache
def _count_of_friends() -> Select[int]:
    is_friend_here = select(is_here(Member)).where(Member.id == Friendship.friend_id).scalar_subquery()
    return select(func.count()).select_from(Friendship).where(Friendship.member_id == bindparam("of"), is_friend_here)


def has_room_for_a_friend(member_id: int) -> bool:
    """Whether one more fits under the thousand (people who are suspended keep their place)."""
    query = select(func.count()).select_from(Friendship).where(Friendship.member_id == member_id)
    return (db.session.scalar(query) or 0) < MOST_FRIENDS


def requests_to(member_id: int, limit: int) -> Sequence[FriendRequest]:
    """Requests waiting for this member's answer, the newest first."""
    return db.session.scalars(_requests(), {"of": member_id, "limit": limit}).all()


@cache
def _requests() -> Select[FriendRequest]:
    asker = aliased(Member)
    return (
        select(FriendRequest)
        .join(asker, asker.id == FriendRequest.asker_id)
        .where(FriendRequest.asked_id == bindparam("of"), FriendRequest.declined_at.is_(None), is_here(asker))
        .options(joinedload(FriendRequest.asker))
        .order_by(FriendRequest.id.desc())
        .limit(bindparam("limit"))
    )


def requests_by(member_id: int, limit: int) -> Sequence[FriendRequest]:
    """Requests this member has open, the newest first; a declined one still looks open to who asked."""
    asked = aliased(Member)
    query = (
        select(FriendRequest)
        .join(asked, asked.id == FriendRequest.asked_id)
        .where(FriendRequest.asker_id == member_id, FriendRequest.withdrawn_at.is_(None), is_here(asked))
        .options(joinedload(FriendRequest.asked))
        .order_by(FriendRequest.id.desc())
        .limit(limit)
    )
    return db.session.scalars(query).all()


def count_of_requests_to(member_id: int) -> int:
    """How many people wait for this member's answer."""
    return ask(_count_of_requests(), {"of": member_id}).scalar() or 0


@cache
def _count_of_requests() -> Select[int]:
    asker = aliased(Member)
    query = select(func.count()).select_from(FriendRequest).join(asker, asker.id == FriendRequest.asker_id)
    return query.where(FriendRequest.asked_id == bindparam("of"), FriendRequest.declined_at.is_(None), is_here(asker))

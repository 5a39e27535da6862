"""A member's own named sets of friends ("close friends", "work"). Nobody else sees that they exist.

Only friends stand in a group; whoever is a friend no longer leaves it. An audience may name a group: it then follows
who is in it, from the next request on.
"""

from collections.abc import Collection, Sequence

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, delete, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from mixlite.core.db import Base, BigId, db

NAME_LENGTH = 30
MOST_GROUPS = 50


class Group(Base):
    """One set of one member's friends."""

    __tablename__ = "friend_groups"
    __table_args__ = (UniqueConstraint("owner_id", "name"), Base.__table_args__)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(NAME_LENGTH * 4))


class GroupMember(Base):
    """`member_id` is in the group."""

    __tablename__ = "group_members"
    __table_args__ = (Index("ix_group_members_member_id", "member_id"),)

    group_id: Mapped[int] = mapped_column(ForeignKey("friend_groups.id", ondelete="CASCADE"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), primary_key=True)


def groups_of(owner_id: int) -> Sequence[Group]:
    """All of a member's groups by name; there are at most fifty."""
    return db.session.scalars(select(Group).where(Group.owner_id == owner_id).order_by(Group.name, Group.id)).all()


def own_group_ids(owner_id: int, group_ids: Collection[int]) -> set[int]:
    """Which of these ids are groups of this member."""
    query = select(Group.id).where(Group.owner_id == owner_id, Group.id.in_(set(group_ids)))
    return set(db.session.scalars(query)) if group_ids else set()


def leave_groups_of_each_other(member_id: int, other_id: int) -> None:
    """Neither stands in a group of the other any more."""
    mine = select(Group.id).where(Group.owner_id == member_id)
    theirs = select(Group.id).where(Group.owner_id == other_id)
    no_longer = or_(
        GroupMember.group_id.in_(mine) & (GroupMember.member_id == other_id),
        GroupMember.group_id.in_(theirs) & (GroupMember.member_id == member_id),
    )
    db.session.execute(delete(GroupMember).where(no_longer))


def erase_groups(member_id: int) -> None:
    """Their own, and their place in everybody's."""
    db.session.execute(delete(Group).where(Group.owner_id == member_id))
    db.session.execute(delete(GroupMember).where(GroupMember.member_id == member_id))

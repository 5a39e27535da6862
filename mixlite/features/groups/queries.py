"""A member's own groups, and what names them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select, func, select

from mixlite.core.db import db
from mixlite.core.errors import NotHere
from mixlite.entries.entries import Entry
from mixlite.entries.facts import Fact
from mixlite.entries.selections import SelectionGroup
from mixlite.people.friendships import are_friends
from mixlite.people.groups import Group, GroupMember, groups_of
from mixlite.people.members import Member, is_here

FACES = 6


def group_with_id(owner: Member, group_id: int) -> Group:
    """One of the member's own. Raises NotHere for everybody else's."""
    query = select(Group).where(Group.id == group_id, Group.owner_id == owner.id)
    group = db.session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if group is None:
        raise NotHere
    return group


@dataclass
class Gathering:
    """A group, how many people who are here stand in it, and the first few of them."""

    group: Group
    size: int = 0
    faces: list[Member] = field(default_factory=list)


def gatherings_of(owner: Member) -> Sequence[Gathering]:
    """All groups of the owner by name; two statements however many there are."""
    found = {group.id: Gathering(group) for group in groups_of(owner.id)}
    for member, group_id, size in db.session.execute(_first_few(owner)):
        found[group_id].size = size
        found[group_id].faces.append(member)
    return list(found.values())


def _first_few(owner: Member) -> Select[Member, int, int]:
    group = GroupMember.group_id
    standing = (
        select(
            GroupMember.group_id,
            GroupMember.member_id,
            func.count().over(partition_by=group).label("size"),
            func.row_number().over(partition_by=group, order_by=GroupMember.member_id).label("place"),
        )
        .join(Group, Group.id == GroupMember.group_id)
        .join(Member, Member.id == GroupMember.member_id)
        .where(Group.owner_id == owner.id, is_here(Member))
        .subquery()
    )
    return (
        select(Member, standing.c.group_id, standing.c.size)
        .join(standing, standing.c.member_id == Member.id)
        .where(standing.c.place <= FACES)
        .order_by(standing.c.group_id, standing.c.place)
    )


def people_in(group: Group, limit: int, after_id: int = 0) -> Sequence[Member]:
    """Who stands in it, in order of joining the circle."""
    query = (
        select(Member)
        .join(GroupMember, GroupMember.member_id == Member.id)
        .where(GroupMember.group_id == group.id, is_here(Member), Member.id > after_id)
        .order_by(Member.id)
        .limit(limit)
    )
    return db.session.scalars(query).all()


def count_of_people_in(group: Group) -> int:
    """How many `people_in` would list."""
    query = select(func.count()).select_from(GroupMember).join(Member, Member.id == GroupMember.member_id)
    return db.session.scalar(query.where(GroupMember.group_id == group.id, is_here(Member))) or 0


@dataclass(frozen=True)
class Uses:
    """How much names a group in its audience, and would be read by fewer people without it."""

    entries: int
    facts: int


def uses_of(group: Group) -> Uses:
    """Of the owner's entries and facts."""
    named = select(SelectionGroup.selection_id).where(SelectionGroup.group_id == group.id)

    def count(thing: type[Entry] | type[Fact]) -> int:
        query = select(func.count()).select_from(thing)
        return db.session.scalar(query.where(thing.selection_id.in_(named), thing.deleted_at.is_(None))) or 0

    return Uses(count(Entry), count(Fact))


def groups_of_friend(viewer: Member, subjects: Sequence[Member]) -> Mapping[int, Any]:
    """For a friend's page: the viewer's groups, and in which of them the friend stands."""
    found = {}
    for friend in subjects:
        if friend.id != viewer.id and are_friends(viewer.id, friend.id) and (groups := groups_of(viewer.id)):
            query = select(GroupMember.group_id).where(
                GroupMember.member_id == friend.id, GroupMember.group_id.in_([group.id for group in groups])
            )
            found[friend.id] = {"friend": friend, "groups": groups, "inside": set(db.session.scalars(query))}
    return found

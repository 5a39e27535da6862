"""Making and changing one's own groups. Only friends can be put into one."""

from collections.abc import Collection

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError

from mixlite.core.db import db
from mixlite.core.errors import NotHere, Refused
from mixlite.core.language import lazy_gettext as _l
from mixlite.features.groups.queries import group_with_id
from mixlite.people.friendships import are_friends, friends_among
from mixlite.people.groups import MOST_GROUPS, Group, GroupMember, groups_of
from mixlite.people.members import Member, ids_of_handles, lock_members


def make_group(owner: Member, *, name: str) -> Group:
    """Raises Refused for a name that is taken, and for the fifty-first."""
    lock_members(owner.id)
    count = db.session.scalar(select(func.count()).select_from(Group).where(Group.owner_id == owner.id)) or 0
    if count >= MOST_GROUPS:
        raise Refused(_l("Fifty groups are as many as fit here."), "name")
    group = Group(owner_id=owner.id, name=name)
    db.session.add(group)
    _flush_unique()
    return group


def rename_group(owner: Member, group: Group, *, name: str) -> Group:
    """Raises NotHere, and Refused for a name that is taken."""
    group = group_with_id(owner, group.id)
    group.name = name
    _flush_unique()
    return group


def delete_group(owner: Member, group: Group) -> None:
    """Whatever was for this group is for fewer people from now on; never for more."""
    db.session.delete(group_with_id(owner, group.id))
    db.session.flush()


def put_in(owner: Member, group: Group, *, people: Collection[str]) -> Group:
    """Put friends in by their handles. Raises Refused, naming whoever is no friend, and then puts nobody in."""
    lock_members(owner.id)
    group = group_with_id(owner, group.id)
    ids = ids_of_handles(people)
    friends = friends_among(owner.id, ids.values())
    strangers = sorted(f"@{handle}" for handle in people if ids.get(handle) not in friends)
    if strangers:
        raise Refused(_l("Not among your friends: %(names)s", names=", ".join(strangers)), "people")
    inside = set(db.session.scalars(select(GroupMember.member_id).where(GroupMember.group_id == group.id)))
    db.session.add_all(GroupMember(group_id=group.id, member_id=number) for number in friends - inside)
    db.session.flush()
    return group


def take_out(owner: Member, group: Group, member: Member) -> None:
    """From the next request on they read nothing that is for this group only."""
    group = group_with_id(owner, group.id)
    db.session.execute(delete(GroupMember).where(GroupMember.group_id == group.id, GroupMember.member_id == member.id))


def sort_friend(owner: Member, friend: Member, *, groups: Collection[int]) -> None:
    """Have a friend stand in exactly these of the owner's groups. Raises NotHere for anybody else."""
    lock_members(owner.id, friend.id)
    if not are_friends(owner.id, friend.id):
        raise NotHere
    own = {group.id for group in groups_of(owner.id)}
    db.session.execute(delete(GroupMember).where(GroupMember.group_id.in_(own), GroupMember.member_id == friend.id))
    db.session.add_all(GroupMember(group_id=number, member_id=friend.id) for number in own & set(groups))
    db.session.flush()


def _flush_unique() -> None:
    try:
        db.session.flush()
    except IntegrityError:
        raise Refused(_l("You have a group of this name already."), "name") from None

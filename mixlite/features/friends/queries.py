"""How two people stand to each other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.orm import aliased, joinedload

from mixlite.core.db import db
from mixlite.core.errors import NotHere
from mixlite.people.dismissals import Dismissal
from mixlite.people.friendships import (
    FriendRequest,
    Friendship,
    are_friends,
    count_of_friends,
    count_of_requests_to,
    friends_of,
    requests_to,
)
from mixlite.people.members import Member
from mixlite.people.mutes import has_muted, mute_of, muted_by
from mixlite.policy.visibility import meets, shows_friends

ON_GRID = 9
FRIENDS_ASKED = 50
SUGGESTED = 8
NAMED = 2
MOST_MUTED = 200


def request_to(member: Member, request_id: int) -> FriendRequest:
    """A request that waits for this member's answer. Raises NotHere for any other."""
    asker = aliased(Member)
    query = (
        select(FriendRequest)
        .join(asker, asker.id == FriendRequest.asker_id)
        .where(FriendRequest.id == request_id, FriendRequest.asked_id == member.id, meets(member.id, asker))
        .options(joinedload(FriendRequest.asker))
        .execution_options(populate_existing=True)
    )
    request = db.session.scalars(query).one_or_none()
    if request is None:
        raise NotHere
    return request


def request_by(member: Member, request_id: int) -> FriendRequest:
    """A question of this member's own that they have not taken back. Raises NotHere for any other."""
    query = (
        select(FriendRequest)
        .where(
            FriendRequest.id == request_id,
            FriendRequest.asker_id == member.id,
            FriendRequest.withdrawn_at.is_(None),
        )
        .options(joinedload(FriendRequest.asked))
        .execution_options(populate_existing=True)
    )
    request = db.session.scalars(query).one_or_none()
    if request is None:
        raise NotHere
    return request


# --- over which ties ------------------------------------------------------------------------------------------------
#
# A tie between two other people may be used only if both ends let it: each shows the viewer their list of friends, and
# exists for the viewer. One's own ties one knows.


def _is_usable(viewer: Member, person: Any) -> Any:
    return and_(meets(viewer.id, person), shows_friends(viewer.id, person.id))


def connection(viewer: Member, member: Member) -> Sequence[Member]:
    """Over whom the viewer is connected with somebody who is no friend: one person, else two, else nobody.

    The shortest way; of several the one over who joined first. Two statements.
    """
    for way in (_over_one, _over_two):
        people = way(viewer, member)
        if people:
            return people
    return ()


def _over_one(viewer: Member, member: Member) -> Sequence[Member]:
    mine, theirs, them = aliased(Friendship), aliased(Friendship), aliased(Member)
    query = (
        select(Member)
        .join(mine, and_(mine.member_id == viewer.id, mine.friend_id == Member.id))
        .join(theirs, and_(theirs.member_id == member.id, theirs.friend_id == Member.id))
        .join(them, them.id == theirs.member_id)
        .where(_is_usable(viewer, Member), _is_usable(viewer, them))
        .order_by(Member.id)
        .limit(1)
    )
    return db.session.scalars(query).all()


def _over_two(viewer: Member, member: Member) -> Sequence[Member]:
    mine, between, theirs = aliased(Friendship), aliased(Friendship), aliased(Friendship)
    first, second, them = aliased(Member), aliased(Member), aliased(Member)
    query = (
        select(first, second)
        .select_from(mine)
        .join(first, first.id == mine.friend_id)
        .join(between, between.member_id == mine.friend_id)
        .join(theirs, and_(theirs.member_id == member.id, theirs.friend_id == between.friend_id))
        .join(second, second.id == between.friend_id)
        .join(them, them.id == theirs.member_id)
        .where(mine.member_id == viewer.id, second.id != viewer.id)
        .where(_is_usable(viewer, first), _is_usable(viewer, second), _is_usable(viewer, them))
        .order_by(mine.friend_id, between.friend_id)
        .limit(1)
    )
    found = db.session.execute(query).one_or_none()
    return tuple(found) if found else ()


@dataclass(frozen=True)
class Suggestion:
    """Somebody whom the viewer may know, and over whom: some of the friends in common, and how many there are."""

    member: Member
    over: Sequence[Member]
    count: int


def suggestions(viewer: Member) -> list[Suggestion]:
    """Friends of friends, whoever has the most friends in common first. Two statements.

    Only over ties that both ends let be used; nobody who is a friend already, asked or was asked, was dismissed, is
    muted, or does not exist for the viewer. The newest fifty friends are asked.
    """
    theirs, between = aliased(Friendship), aliased(Member)
    asked = (
        select(Friendship.friend_id)
        .where(Friendship.member_id == viewer.id)
        .order_by(Friendship.since.desc(), Friendship.friend_id.desc())
        .limit(FRIENDS_ASKED)
        .subquery()
    )
    over = (
        select(theirs.friend_id.label("member_id"), between.id.label("friend_id"))
        .join(asked, asked.c.friend_id == theirs.member_id)
        .join(between, between.id == theirs.member_id)
        .where(_is_usable(viewer, between), ~has_muted(viewer.id, between.id), theirs.friend_id != viewer.id)
        .subquery()
    )
    count = func.count(over.c.friend_id)
    query = (
        select(Member, count)
        .join(over, over.c.member_id == Member.id)
        .where(_is_usable(viewer, Member), _is_new_to(viewer), ~has_muted(viewer.id, Member.id))
        .group_by(Member.id)
        .order_by(count.desc(), Member.id)
        .limit(SUGGESTED)
    )
    found = [(member, number) for member, number in db.session.execute(query)]
    if not found:
        return []
    ids = [member.id for member, _ in found]
    pairs = select(over.c.member_id, Member).join(Member, Member.id == over.c.friend_id)
    named: dict[int, list[Member]] = {}
    for member_id, friend in db.session.execute(pairs.where(over.c.member_id.in_(ids)).order_by(Member.id)):
        named.setdefault(member_id, []).append(friend)
    return [Suggestion(member, named.get(member.id, [])[:NAMED], number) for member, number in found]


def _is_new_to(viewer: Member) -> Any:
    tie, request, dismissal = aliased(Friendship), aliased(FriendRequest), aliased(Dismissal)
    of_two = or_(
        and_(request.asker_id == viewer.id, request.asked_id == Member.id),
        and_(request.asked_id == viewer.id, request.asker_id == Member.id),
    )
    known = (
        select(1).where(tie.member_id == viewer.id, tie.friend_id == Member.id).correlate(Member),
        select(1).where(of_two).correlate(Member),
        select(1).where(dismissal.member_id == viewer.id, dismissal.other_id == Member.id).correlate(Member),
    )
    return and_(Member.id != viewer.id, *(~exists(each) for each in known))


# --- panels ---------------------------------------------------------------------------------------------------------


def connection_panel(viewer: Member, subjects: Sequence[Member]) -> Mapping[int, Any]:
    """For the page of somebody who is no friend: how the two are connected."""
    found = {}
    for member in subjects:
        if member.id != viewer.id and not are_friends(viewer.id, member.id) and (way := connection(viewer, member)):
            found[member.id] = {"way": way, "member": member}
    return found


def break_panel(viewer: Member, subjects: Sequence[Member]) -> Mapping[int, Any]:
    """For anybody else's page: whether the viewer takes a break from them."""
    return {
        member.id: {"member": member, "mute": mute_of(viewer.id, member.id)}
        for member in subjects
        if member.id != viewer.id
    }


def muted_panel(viewer: Member, _subjects: Sequence[Any]) -> Mapping[None, Any]:
    """For the privacy settings: from whom the viewer takes a break."""
    muted = muted_by(viewer.id, MOST_MUTED)
    return {None: {"muted": muted}} if muted else {}


def requests_notice(viewer: Member, _subjects: Sequence[Any]) -> Mapping[None, Any]:
    """For home: how many people wait for an answer, and the first names."""
    count = count_of_requests_to(viewer.id)
    if not count:
        return {}
    return {None: {"count": count, "names": [request.asker for request in requests_to(viewer.id, 2)]}}


def friends_grid(viewer: Member, _subjects: Sequence[Any]) -> Mapping[None, Any]:
    """For home: the nine newest friendships, and how many there are."""
    friends: list[tuple[Member, datetime]] = list(friends_of(viewer.id, ON_GRID))
    return {None: {"friends": [friend for friend, _ in friends], "count": count_of_friends(viewer.id)}}

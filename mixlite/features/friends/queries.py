"""How two people stand to each other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, Subquery, and_, bindparam, exists, func, or_, select
from sqlalchemy.orm import aliased, joinedload

from mixlite.core.db import VIEWER, BigId, db
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
from mixlite.policy.visibility import lets_use_ties, meets

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


#
# These questions are long. Each is put together once: that takes longer than asking it.

OTHER = bindparam("other", type_=BigId)


def connection(viewer: Member, member: Member) -> Sequence[Member]:
    """Over whom the viewer is connected with somebody who is no friend: one person, else two, else nobody.

    The shortest way; of several the one over who joined first. Two statements.
    """
    given = {"viewer": viewer.id, "other": member.id}
    for way in (_over_one, _over_two):
        found = db.session.execute(way(), given).one_or_none()
        if found:
            return tuple(found)
    return ()


@cache
def _over_one() -> Select[Member]:
    mine, theirs = aliased(Friendship), aliased(Friendship)
    return (
        select(Member)
        .join(mine, and_(mine.member_id == VIEWER, mine.friend_id == Member.id))
        .join(theirs, and_(theirs.member_id == OTHER, theirs.friend_id == Member.id))
        .where(_other_is_usable(), lets_use_ties(VIEWER, Member))
        .order_by(Member.id)
        .limit(1)
    )


@cache
def _over_two() -> Select[Member, Member]:
    """With a great many friends on both sides, one of the first ties is a way, unless nobody beside the other shows
    theirs: that is looked at before.
    """
    mine, between, theirs = aliased(Friendship), aliased(Friendship), aliased(Friendship)
    first, second = aliased(Member), aliased(Member)
    return (
        select(first, second)
        .select_from(mine)
        .join(first, first.id == mine.friend_id)
        .join(between, between.member_id == mine.friend_id)
        .join(theirs, and_(theirs.member_id == OTHER, theirs.friend_id == between.friend_id))
        .join(second, second.id == between.friend_id)
        .where(_other_is_usable(), _other_has_usable_friends())
        .where(
            mine.member_id == VIEWER, second.id != VIEWER, lets_use_ties(VIEWER, first), lets_use_ties(VIEWER, second)
        )
        .order_by(mine.friend_id, between.friend_id)
        .limit(1)
    )


def _other_is_usable() -> Any:
    other = aliased(Member)
    return exists(select(1).where(other.id == OTHER, lets_use_ties(VIEWER, other)).correlate_except(other))


def _other_has_usable_friends() -> Any:
    tie, friend = aliased(Friendship), aliased(Member)
    of_other = (tie.member_id == OTHER, friend.id == tie.friend_id, friend.id != VIEWER)
    return exists(select(1).where(*of_other, lets_use_ties(VIEWER, friend)).correlate_except(tie, friend))


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
    given: dict[str, Any] = {"viewer": viewer.id}
    found = [(member, number) for member, number in db.session.execute(_most_in_common(), given)]
    if not found:
        return []
    named: dict[int, list[Member]] = {}
    given["ids"] = [member.id for member, _ in found]
    for member_id, friend in db.session.execute(_friends_in_common(), given):
        named.setdefault(member_id, []).append(friend)
    return [Suggestion(member, named.get(member.id, [])[:NAMED], number) for member, number in found]


@cache
def _most_in_common() -> Select[Member, int]:
    over = _over_friends()
    count = func.count(over.c.friend_id)
    return (
        select(Member, count)
        .join(over, over.c.member_id == Member.id)
        .where(lets_use_ties(VIEWER, Member), _is_new(), ~has_muted(VIEWER, Member.id))
        .group_by(Member.id)
        .order_by(count.desc(), Member.id)
        .limit(SUGGESTED)
    )


@cache
def _friends_in_common() -> Select[int, Member]:
    over = _over_friends()
    pairs = select(over.c.member_id, Member).join(Member, Member.id == over.c.friend_id)
    return pairs.where(over.c.member_id.in_(bindparam("ids", expanding=True))).order_by(Member.id)


def _over_friends() -> Subquery:
    """Whom one comes to over the newest friends of VIEWER, and over whom."""
    theirs, between = aliased(Friendship), aliased(Member)
    asked = (
        select(Friendship.friend_id)
        .where(Friendship.member_id == VIEWER)
        .order_by(Friendship.since.desc(), Friendship.friend_id.desc())
        .limit(FRIENDS_ASKED)
        .subquery()
    )
    return (
        select(theirs.friend_id.label("member_id"), between.id.label("friend_id"))
        .join(asked, asked.c.friend_id == theirs.member_id)
        .join(between, between.id == theirs.member_id)
        .where(lets_use_ties(VIEWER, between), ~has_muted(VIEWER, between.id), theirs.friend_id != VIEWER)
        .subquery()
    )


def _is_new() -> Any:
    """No friend of VIEWER's, neither asked nor asking, and never dismissed."""
    tie, request, dismissal = aliased(Friendship), aliased(FriendRequest), aliased(Dismissal)
    of_two = or_(
        and_(request.asker_id == VIEWER, request.asked_id == Member.id),
        and_(request.asked_id == VIEWER, request.asker_id == Member.id),
    )
    known = (
        select(1).where(tie.member_id == VIEWER, tie.friend_id == Member.id).correlate(Member),
        select(1).where(of_two).correlate(Member),
        select(1).where(dismissal.member_id == VIEWER, dismissal.other_id == Member.id).correlate(Member),
    )
    return and_(Member.id != VIEWER, *(~exists(each) for each in known))


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

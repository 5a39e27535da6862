"""How two people stand to each other."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import aliased, joinedload

from mixlite.core.db import db
from mixlite.core.errors import NotHere
from mixlite.people.friendships import (
    FriendRequest,
    count_of_friends,
    count_of_requests_to,
    friends_of,
    requests_to,
)
from mixlite.people.members import Member
from mixlite.policy.visibility import meets

ON_GRID = 9


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

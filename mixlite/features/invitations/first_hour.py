"""The newcomer's first days: the letter that brought them, the host's welcome, first steps, people they may know.

And the other side of it: whoever invited them is told that they are here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Executable,
    Select,
    and_,
    bindparam,
    exists,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import aliased

from mixlite.core import clock
from mixlite.core.db import VIEWER, BigId, ago, ask, db
from mixlite.entries.entries import Entry
from mixlite.features.invitations.models import ArrivalsSeen
from mixlite.features.invitations.queries import letter_to
from mixlite.people.circle import the_circle
from mixlite.people.dismissals import Dismissal
from mixlite.people.friendships import FriendRequest, Friendship
from mixlite.people.members import Member
from mixlite.people.mutes import has_muted
from mixlite.policy.visibility import does_meet, lets_use_ties, meets, shows_friends

NEWCOMER_FOR = timedelta(days=7)
TOLD_FOR = timedelta(days=3)
NAMED = 3
SUGGESTED = 6
FRIENDS_ASKED = 50  # of a newcomer's friends, the newest; their friends are suggested


@dataclass(frozen=True)
class Suggestion:
    """Somebody the newcomer may know: `how` is inviter, guest (of the same inviter) or friend (of a friend)."""

    member: Member
    how: str


def first_hour(viewer: Member, _subjects: Sequence[Any]) -> Mapping[None, Any]:
    """For home, in a member's first week."""
    if viewer.joined_at < clock.now() - NEWCOMER_FOR:
        return {}
    invitation = letter_to(viewer)
    if invitation is None:
        return {}
    inviter = invitation.inviter
    if inviter is not None and not does_meet(viewer, inviter.id):
        inviter = None
    return {
        None: {
            "letter": invitation.letter if inviter else "",
            "inviter": inviter,
            "is_founder": invitation.inviter_id is None,
            "welcome": the_circle().welcome,
            "has_portrait": bool(viewer.portrait),
            "is_introduced": bool(viewer.introduction),
            "has_spoken": _has_spoken(viewer),
            "suggestions": people_to_know(viewer, inviter),
        }
    }


def _has_spoken(viewer: Member) -> bool:
    spoken = exists(select(1).where(Entry.author_id == viewer.id, Entry.deleted_at.is_(None)))
    return bool(db.session.scalar(select(spoken)))


def people_to_know(viewer: Member, inviter: Member | None) -> list[Suggestion]:
    """Through the tree and through friends: only people whom the viewer meets, over ties the viewer may know of.

    The inviter's own inviter and other guests stand on profiles, and so do the friends of friends. An inviter whom the
    viewer does not meet (None) connects nobody, nor does anybody from whom the viewer takes a break. Whoever is a
    friend, was asked, is muted or was dismissed, is left out.
    """
    inviter_id, sponsor_id = (inviter.id, inviter.sponsor_id or 0) if inviter else (0, 0)
    given = {"viewer": viewer.id, "inviter": inviter_id, "sponsor": sponsor_id}
    return [Suggestion(member, _WAYS[rank]) for member, rank in db.session.execute(_whom_to_know(), given)]


_WAYS = ("inviter", "guest", "friend")  # the nearest first
_INVITER, _SPONSOR = bindparam("inviter", type_=BigId), bindparam("sponsor", type_=BigId)


@cache
def _whom_to_know() -> Select[Member, int]:
    """Put together once: that takes longer than asking it."""
    above, beside = aliased(Member), aliased(Member)
    connects = ~has_muted(VIEWER, _INVITER)
    ways = union_all(
        select(above.id.label("member_id"), literal(0).label("rank")).where(above.id == _SPONSOR, connects),
        select(beside.id, literal(1)).where(beside.sponsor_id == _INVITER, connects),
        _friends_of_friends().add_columns(literal(2)),
    ).subquery()
    rank = func.min(ways.c.rank)
    return (
        select(Member, rank)
        .join(ways, ways.c.member_id == Member.id)
        .where(Member.id != VIEWER, ~_is_known(), meets(VIEWER, Member), ~has_muted(VIEWER, Member.id))
        .group_by(Member.id)
        .order_by(rank, Member.id.desc())
        .limit(SUGGESTED)
    )


def _is_known() -> ColumnElement[bool]:
    """To VIEWER: as a friend, by a request, or dismissed."""
    tie, request, dismissal = aliased(Friendship), aliased(FriendRequest), aliased(Dismissal)
    of_two = or_(
        and_(request.asker_id == VIEWER, request.asked_id == Member.id),
        and_(request.asked_id == VIEWER, request.asker_id == Member.id),
    )
    return or_(
        exists(select(1).where(tie.member_id == VIEWER, tie.friend_id == Member.id).correlate(Member)),
        exists(select(1).where(of_two).correlate(Member)),
        exists(select(1).where(dismissal.member_id == VIEWER, dismissal.other_id == Member.id).correlate(Member)),
    )


def _friends_of_friends() -> Select[int]:
    """Over the newest friends of VIEWER who let their ties be used, as whoever is found must: a suspended friend
    connects nobody, nor does a muted one.
    """
    mine, between, theirs = aliased(Friendship), aliased(Member), aliased(Friendship)
    asked = (
        select(mine.friend_id)
        .join(between, between.id == mine.friend_id)
        .where(mine.member_id == VIEWER, lets_use_ties(VIEWER, between), ~has_muted(VIEWER, between.id))
        .order_by(mine.since.desc(), mine.friend_id.desc())
        .limit(FRIENDS_ASKED)
        .subquery()
    )
    found = select(theirs.friend_id).join(asked, asked.c.friend_id == theirs.member_id)
    return found.where(shows_friends(VIEWER, theirs.friend_id))


def arrivals(viewer: Member, _subjects: Sequence[Any]) -> Mapping[None, Any]:
    """For the inviter's home: who came in lately through a link of theirs, until they were looked at."""
    members = db.session.scalars(_newest_arrivals(), {"viewer": viewer.id}).all()
    if not members:
        return {}
    return {None: {"members": members, "count": ask(_count_of_arrivals(), {"viewer": viewer.id}).scalar()}}


@cache
def _newest_arrivals() -> Select[Member]:
    newest = select(Member).where(*_are_to_be_told())
    return newest.order_by(Member.joined_at.desc(), Member.id.desc()).limit(NAMED)


@cache
def _count_of_arrivals() -> Select[int]:
    return select(func.count()).select_from(Member).where(*_are_to_be_told())


def _are_to_be_told() -> Sequence[ColumnElement[bool]]:
    seen = select(ArrivalsSeen.newcomer_id).where(ArrivalsSeen.member_id == VIEWER).scalar_subquery()
    is_new = Member.id > func.coalesce(seen, 0)
    return (*_came_lately(VIEWER), is_new, meets(VIEWER, Member), ~has_muted(VIEWER, Member.id))


def trace_of_greeting(*, member_id: int, newcomer_id: int | None = None) -> Executable | None:
    """The statement that notes that the inviter has looked at this newcomer, or at all of them; None if it is known."""
    seen = db.session.scalar(select(ArrivalsSeen.newcomer_id).where(ArrivalsSeen.member_id == member_id)) or 0
    waiting = select(func.max(Member.id)).where(*_came_lately(member_id), Member.id > seen)
    if newcomer_id is not None:
        waiting = waiting.where(Member.id <= newcomer_id)
    newest = db.session.scalar(waiting)
    if newest is None:
        return None
    insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    noted = insert(ArrivalsSeen).values(member_id=member_id, newcomer_id=newest)
    return noted.on_conflict_do_update(
        index_elements=["member_id"],
        set_={"newcomer_id": noted.excluded.newcomer_id},
        where=ArrivalsSeen.newcomer_id < noted.excluded.newcomer_id,
    )


def _came_lately(inviter_id: Any) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return Member.sponsor_id == inviter_id, Member.joined_at > ago(TOLD_FOR)

"""What a profile shows to one viewer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, select, tuple_
from sqlalchemy.orm import aliased

from mixlite.core import clock
from mixlite.core.db import db
from mixlite.core.paging import Position
from mixlite.entries.entries import Entry
from mixlite.entries.marks import Favourite
from mixlite.people.friendships import Friendship, friendship_between, request_between
from mixlite.people.members import Member
from mixlite.policy.visibility import meets, sees

NEWCOMER_FOR = timedelta(days=30)
NEWCOMERS = 5


@dataclass(frozen=True)
class Relation:
    """How the viewer stands to somebody: self, friend, asked (the viewer did), asks (they did), none."""

    name: str
    since: datetime | None = None
    request_id: int | None = None


def relation_to(viewer: Member, member: Member) -> Relation:
    """How they stand to each other now; a request that was declined looks like none to who declined it."""
    if viewer.id == member.id:
        return Relation("self")
    friendship = friendship_between(viewer.id, member.id)
    if friendship is not None:
        return Relation("friend", since=friendship.since)
    request = request_between(viewer.id, member.id)
    if request is None or (request.asker_id == member.id and request.declined_at is not None):
        return Relation("none")
    return Relation("asked" if request.asker_id == viewer.id else "asks", request_id=request.id)


def sponsor_of(viewer: Member, member: Member) -> Member | None:
    """Who invited them, if that person exists for the viewer."""
    if member.sponsor_id is None:
        return None
    query = select(Member).where(Member.id == member.sponsor_id, meets(viewer.id, Member))
    return db.session.scalars(query).one_or_none()


def entries_by(
    viewer: Member, member: Member, limit: int, after: Position | None = None, kind: str | None = None
) -> list[Position]:
    """What a member published that the viewer may read, as (moment, id), the newest first."""
    query = select(Entry.shown_at, Entry.id).where(Entry.author_id == member.id, sees(viewer.id, Entry))
    query = query.where(Entry.kind == kind if kind else Entry.parent_id.is_(None))
    return _positions(query, Entry.shown_at, limit, after)


def favourites_of(viewer: Member, member: Member, limit: int, after: Position | None = None) -> list[Position]:
    """What a member recommends, as far as the viewer may read it: by when it became a favourite."""
    query = (
        select(Favourite.created_at, Entry.id)
        .join(Entry, Entry.id == Favourite.entry_id)
        .where(Favourite.member_id == member.id, sees(viewer.id, Entry))
    )
    return _positions(query, Favourite.created_at, limit, after)


def _positions(query: Select[datetime, int], moment: Any, limit: int, after: Position | None) -> list[Position]:
    if after:
        query = query.where(tuple_(moment, Entry.id) < after)
    rows = db.session.execute(query.order_by(moment.desc(), Entry.id.desc()).limit(limit))
    return [(at, entry_id) for at, entry_id in rows]


def friends_seen(
    viewer: Member, member: Member, limit: int, after: Position | None = None
) -> Sequence[tuple[Member, datetime]]:
    """Somebody's friends who exist for the viewer, with since when, the newest friendship first."""
    query = (
        select(Member, Friendship.since)
        .join(Friendship, Friendship.friend_id == Member.id)
        .where(Friendship.member_id == member.id, meets(viewer.id, Member))
        .order_by(Friendship.since.desc(), Friendship.friend_id.desc())
        .limit(limit)
    )
    if after:
        query = query.where(tuple_(Friendship.since, Friendship.friend_id) < after)
    return [(friend, since) for friend, since in db.session.execute(query)]


def count_of_friends_seen(viewer: Member, member: Member) -> int:
    """How many people `friends_seen` would list."""
    query = select(func.count()).select_from(Friendship).join(Member, Member.id == Friendship.friend_id)
    return db.session.scalar(query.where(Friendship.member_id == member.id, meets(viewer.id, Member))) or 0


def my_card(viewer: Member, _subjects: Sequence[Any]) -> Mapping[None, Any]:
    """For home: me."""
    return {None: {"member": viewer}}


def newcomers(viewer: Member, _subjects: Sequence[Any]) -> Mapping[None, Any]:
    """For home: who came in lately, with who vouched for them."""
    member = aliased(Member)
    query = (
        select(member)
        .where(member.joined_at > clock.now() - NEWCOMER_FOR, member.id != viewer.id, meets(viewer.id, member))
        .order_by(member.joined_at.desc(), member.id.desc())
        .limit(NEWCOMERS)
    )
    found = db.session.scalars(query).all()
    if not found:
        return {}
    ids = {person.sponsor_id for person in found if person.sponsor_id}
    met = db.session.scalars(select(Member).where(Member.id.in_(ids), meets(viewer.id, Member)))
    sponsors = {sponsor.id: sponsor for sponsor in met}
    return {None: {"newcomers": [(person, sponsors.get(person.sponsor_id or 0)) for person in found]}}

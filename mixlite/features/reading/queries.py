"""What hangs on an entry, as one viewer may see it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

from sqlalchemy import Select, Subquery, func, select
from sqlalchemy.orm import aliased, joinedload

from mixlite.core.db import VIEWER, ago, db
from mixlite.core.errors import NotHere
from mixlite.entries.comments import Comment
from mixlite.entries.entries import Entry
from mixlite.entries.marks import Favourite, Like
from mixlite.entries.selections import choices_of
from mixlite.people.friendships import Friendship
from mixlite.people.groups import groups_of
from mixlite.people.members import Member, handles_of_ids
from mixlite.people.mutes import has_muted
from mixlite.policy.showing import titles_of
from mixlite.policy.visibility import meets, sees

FAVOURITES_ON_HOME = 4
FAVOURITES_LOOKED_AT = 60
RECOMMENDED_FOR = timedelta(days=365)


def comments_on(viewer: Member, entry: Entry, limit: int, after_number: int) -> Sequence[Comment]:
    """Comments with a higher number than `after_number`, in order, their writers loaded. Reads `limit` at most."""
    query = (
        select(Comment)
        .join(Comment.author)
        .where(
            Comment.entry_id == entry.id,
            Comment.deleted_at.is_(None),
            Comment.number > after_number,
            meets(viewer.id, Member),
        )
        .options(joinedload(Comment.author))
        .order_by(Comment.number)
        .limit(limit)
    )
    return db.session.scalars(query).all()


def comment_on(viewer: Member, entry: Entry, number: int) -> Comment:
    """One comment. Raises NotHere when it does not exist for the viewer."""
    query = select(Comment).where(Comment.entry_id == entry.id, Comment.number == number, Comment.deleted_at.is_(None))
    comment = db.session.scalars(query.join(Comment.author).where(meets(viewer.id, Member))).one_or_none()
    if comment is None:
        raise NotHere
    return comment


def number_before(viewer: Member, entry: Entry, limit: int, number: int) -> int:
    """After which number a page of `limit` comments starts that ends just before `number`."""
    query = (
        select(Comment.number)
        .join(Comment.author)
        .where(
            Comment.entry_id == entry.id,
            Comment.deleted_at.is_(None),
            Comment.number < number,
            meets(viewer.id, Member),
        )
        .order_by(Comment.number.desc())
        .limit(1)
        .offset(limit)
    )
    return db.session.scalar(query) or 0


@dataclass(frozen=True)
class Named:
    """Whom the author chose, by the names of groups and the handles of people."""

    all_friends: bool
    groups: Sequence[str]
    people: Sequence[str]
    exceptions: Sequence[str]


def named_in(entry: Entry) -> Named | None:
    """What was chosen for this entry, for its author's eyes; None where nothing was."""
    if entry.selection_id is None:
        return None
    choice = choices_of([entry.selection_id])[entry.selection_id]
    groups = [group.name for group in groups_of(entry.author_id) if group.id in choice.groups]
    handles = handles_of_ids(choice.people | choice.exceptions)
    people, exceptions = (
        sorted(f"@{handles[number]}" for number in ids if number in handles)
        for ids in (choice.people, choice.exceptions)
    )
    return Named(choice.all_friends, groups, people, exceptions)


def likers_of(viewer: Member, entry: Entry, limit: int) -> Sequence[Member]:
    """Who liked it, the latest first."""
    query = (
        select(Member)
        .join(Like, Like.member_id == Member.id)
        .where(Like.entry_id == entry.id, meets(viewer.id, Member))
        .order_by(Like.created_at.desc(), Member.id.desc())
        .limit(limit)
    )
    return db.session.scalars(query).all()


@dataclass(frozen=True)
class Recommended:
    """A diary entry, and whose favourite it is."""

    entry: Entry
    content: Any
    favourite_of: Sequence[Member]


def friends_favourites(viewer: Member, _subjects: Sequence[Any]) -> Mapping[None, Any]:
    """For home: the diary entries that friends made a favourite lately, only what the viewer may read, each once."""
    recommended: dict[int, list[Member]] = {}
    for entry_id, friend in db.session.execute(_favourites_of_friends(), {"viewer": viewer.id}):
        recommended.setdefault(entry_id, []).append(friend)
    named = titles_of(list(recommended)[:FAVOURITES_ON_HOME])
    items = [Recommended(entry, content, recommended[entry.id]) for entry, content in named]
    return {None: {"items": items}} if items else {}


@cache
def _favourites_of_friends() -> Select[int, Member]:
    latest = _latest_favourites_of_friends()
    return (
        select(Entry.id, Member)
        .select_from(latest)
        .join(Entry, Entry.id == latest.c.entry_id)
        .join(Member, Member.id == latest.c.member_id)
        .where(meets(VIEWER, Member), sees(VIEWER, Entry), Entry.author_id != VIEWER)
        .where(~has_muted(VIEWER, Entry.author_id))
        .order_by(latest.c.created_at.desc(), Entry.id.desc())
    )


def _latest_favourites_of_friends() -> Subquery:
    """The newest, seen or not, by the friends whose newest are newest: so it costs one look at each friend."""
    own = aliased(Favourite)
    newest = select(func.max(own.created_at)).where(own.member_id == Friendship.friend_id).scalar_subquery()
    friends = (
        select(Friendship.friend_id)
        .where(Friendship.member_id == VIEWER, ~has_muted(VIEWER, Friendship.friend_id))
        .order_by(newest.desc().nulls_last())
        .limit(FAVOURITES_LOOKED_AT)
    )
    lately = (Favourite.member_id.in_(friends), Favourite.created_at > ago(RECOMMENDED_FOR))
    is_diary = (Entry.id == Favourite.entry_id) & (Entry.kind == "diary")
    query = select(Favourite).join(Entry, is_diary).where(*lately)
    query = query.order_by(Favourite.created_at.desc(), Favourite.entry_id.desc())
    return query.limit(FAVOURITES_LOOKED_AT).subquery()

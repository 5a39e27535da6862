"""Who sees what. The law is three sentences, each an SQL expression; everything that shows anything asks them.

* `meets(viewer, member)`: does this person exist for me?
* `sees(viewer, thing)`: may I read this thing that has an audience?
* `takes_part(viewer, participation, at)`: was I in this conversation at that moment?

`viewer` is a member's id, or a column of ids: so one sentence answers *what may I see*, *may I see this one*, and
*who exactly may see this*. Whatever hangs on a thing (comment, like, favourite) is seen if the thing is seen and
`meets(viewer, its maker)`. A viewer is always somebody who is here: whoever cannot sign in does not ask.

The cheaper form of the feed at the end is proven against these sentences by the tests.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    SQLColumnExpression,
    and_,
    bindparam,
    exists,
    func,
    literal,
    or_,
    select,
    text,
    true,
    union_all,
)
from sqlalchemy.orm import aliased, joinedload

from mixlite.core.db import BigId, Moment, db
from mixlite.core.errors import NotHere
from mixlite.core.paging import Position
from mixlite.entries.audience import Audience, HasAudience
from mixlite.entries.entries import FEED_INDEX, IN_FEED, OWN_INDEX, Entry
from mixlite.people.blocks import Block
from mixlite.people.friendships import Friendship
from mixlite.people.members import Member, count_of_members, is_here
from mixlite.people.participation import Participation

Viewer = int | ColumnElement[int] | Any
Rule = ColumnElement[bool]

# The rows that the sentences look for, named once: SQLAlchemy takes 3 ms of every question to make these names anew.
# Nothing outside this file may use them; each stands in one EXISTS only, or in several side by side.
_AUTHOR, _BETWEEN = aliased(Member), aliased(Member)
_BLOCK = aliased(Block)
_TIE, _MINE, _THEIRS = aliased(Friendship), aliased(Friendship), aliased(Friendship)


def meets(viewer: Viewer, member: type[Member]) -> Rule:
    """Whether `member` exists for `viewer`: they are here, and neither has blocked the other."""
    return and_(is_here(member), ~_has_blocked(viewer, member.id), ~_has_blocked(member.id, viewer))


def sees(viewer: Viewer, thing: type[HasAudience]) -> Rule:
    """Whether `viewer` may read `thing`: it is not deleted, and it is theirs or its audience includes them."""
    meets_author = _there_is(_AUTHOR, where=(_AUTHOR.id == thing.author_id, meets(viewer, _AUTHOR)))
    return and_(
        thing.deleted_at.is_(None),
        or_(thing.author_id == viewer, and_(meets_author, _is_in_audience(viewer, thing))),
    )


def _is_in_audience(viewer: Viewer, thing: type[HasAudience]) -> Rule:
    """What each word grants to somebody other than the author. A word that is not here grants nothing."""
    return or_(
        thing.audience == Audience.MEMBERS,
        and_(
            thing.audience.in_((Audience.FRIENDS, Audience.FRIENDS_OF_FRIENDS)),
            _are_friends(viewer, thing.author_id),
        ),
        and_(thing.audience == Audience.FRIENDS_OF_FRIENDS, _share_a_friend(viewer, thing.author_id)),
    )


def takes_part(
    viewer: Viewer, participation: type[Participation], at: datetime | SQLColumnExpression[datetime]
) -> Rule:
    """Whether the row of `participation` is the viewer's, and covers the moment `at`."""
    return and_(
        participation.member_id == viewer,
        participation.joined_at <= at,
        or_(participation.left_at.is_(None), participation.left_at > at),
    )


def _has_blocked(one: Viewer, other: Viewer) -> Rule:
    return _there_is(_BLOCK, where=(_BLOCK.blocker_id == one, _BLOCK.blocked_id == other))


def _are_friends(one: Viewer, other: Viewer) -> Rule:
    return _there_is(_TIE, where=(_TIE.member_id == one, _TIE.friend_id == other))


def _share_a_friend(one: Viewer, other: Viewer) -> Rule:
    """Over somebody who is here: a suspended friend connects nobody."""
    to_me = (_MINE.member_id == one, _MINE.friend_id == _BETWEEN.id)
    to_them = (_THEIRS.member_id == _BETWEEN.id, _THEIRS.friend_id == other)
    return _there_is(_MINE, _THEIRS, _BETWEEN, where=(*to_me, *to_them, is_here(_BETWEEN)))


def _there_is(*rows: Any, where: Sequence[Rule]) -> Rule:
    """EXISTS over `rows`; everything else in `where` belongs to a query around it, however far out.

    SQLAlchemy by itself looks one query out only, and would quietly compare with *some* member instead of this one.
    """
    return exists(select(1).where(*where).correlate_except(*rows))


# --- the law, asked -------------------------------------------------------------------------------------------------


def visible_entry(viewer: Member, entry_id: int) -> Entry:
    """The entry with its author. Raises NotHere when it does not exist for this viewer."""
    query = select(Entry).where(Entry.id == entry_id, sees(viewer.id, Entry)).options(joinedload(Entry.author))
    entry = db.session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if entry is None:
        raise NotHere
    return entry


def visible_member(viewer: Member, handle: str) -> Member:
    """The person with this handle. Raises NotHere when they do not exist for this viewer."""
    query = select(Member).where(Member.handle == handle.lower(), meets(viewer.id, Member))
    member = db.session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if member is None:
        raise NotHere
    return member


def does_meet(viewer: Member, member_id: int) -> bool:
    """Whether the person with this id exists for the viewer now."""
    return db.session.scalar(select(exists(select(1).where(Member.id == member_id, meets(viewer.id, Member))))) or False


def visible_ids(viewer: Member, entry_ids: Sequence[int]) -> set[int]:
    """Which of these entries the viewer may read, in one statement."""
    if not entry_ids:
        return set()
    return set(db.session.scalars(select(Entry.id).where(Entry.id.in_(set(entry_ids)), sees(viewer.id, Entry))))


def readers_of(entry_id: int, limit: int, after_id: int = 0) -> Sequence[Member]:
    """Exactly who may read this entry, its author left out, in order of joining. For the author's eyes."""
    author_id, audience = _author_and_audience(entry_id)
    query = (
        select(Member)
        .join(Entry, Entry.id == entry_id)
        .where(is_here(Member), Member.id != Entry.author_id, Member.id > after_id, sees(Member.id, Entry))
        .where(_is_near(author_id, Member, audience))
        .order_by(Member.id)
        .limit(limit)
    )
    return db.session.scalars(query).all()


def count_of_readers(entry_id: int) -> int:
    """How many people `readers_of` would list."""
    return _count_around(*_author_and_audience(entry_id))


def count_of_future_readers(author: Member, audience: str) -> int:
    """How many people could read something that `author` published now for `audience`.

    Raises ValueError for a word that the law does not know.
    """
    if audience != Audience.ONLY_ME and audience not in _READ_AROUND:
        raise ValueError(f"who reads {audience} is not known")
    return _count_around(author.id, audience)


_READ_AROUND = (Audience.FRIENDS, Audience.FRIENDS_OF_FRIENDS, Audience.MEMBERS)


def _author_and_audience(entry_id: int) -> tuple[int, str]:
    """Of an entry that somebody besides its author may be able to read; else nobody's, for nobody."""
    query = select(Entry.author_id, Entry.audience).join(_AUTHOR, _AUTHOR.id == Entry.author_id)
    there = (Entry.id == entry_id, Entry.deleted_at.is_(None), is_here(_AUTHOR))
    found = db.session.execute(query.where(*there)).one_or_none()
    return (found.author_id, found.audience) if found else (0, Audience.ONLY_ME)


def _count_around(author_id: int, audience: str) -> int:
    """The law, counted from the author outwards: asking it of every member would take a hundred times as long."""
    if audience not in _READ_AROUND:
        return 0
    count = select(func.count()).select_from(Member).where(is_here(Member))
    is_near = _is_near(author_id, Member, audience)
    blocked = select(_BLOCK.blocked_id).where(_BLOCK.blocker_id == author_id)
    blockers = select(_BLOCK.blocker_id).where(_BLOCK.blocked_id == author_id)
    is_left_out = Member.id.in_(union_all(blocked, blockers, select(literal(author_id, BigId))))
    near = count_of_members() if audience == Audience.MEMBERS else db.session.scalar(count.where(is_near)) or 0
    return near - (db.session.scalar(count.where(is_near, is_left_out)) or 0)


def _is_near(author_id: int, reader: type[Member], audience: str) -> Rule:
    """What `_is_in_audience` says, as a list that starts at the author. Blocks are not looked at here."""
    friends = select(_MINE.friend_id).where(_MINE.member_id == author_id)
    if audience == Audience.FRIENDS:
        return reader.id.in_(friends)
    if audience == Audience.FRIENDS_OF_FRIENDS:
        to_them = (_MINE.member_id == author_id, _MINE.friend_id == _BETWEEN.id, _THEIRS.member_id == _BETWEEN.id)
        return reader.id.in_(friends.union(select(_THEIRS.friend_id).where(*to_them, is_here(_BETWEEN))))
    return true()


# --- the friends' feed ----------------------------------------------------------------------------------------------
#
# For an author who is a friend the law folds: a block ends the friendship, so nobody in this list is blocked, and what
# is left of the audience is a list of words. What remains is that the author is here, and the literal condition of the
# feed's index. On SQLite the index is named to the planner, and a friend is left at the first entry that is too old for
# the page. PostgreSQL looks at each friend once by a lateral join, never by a plain IN (PERFORMANCE.md, section 2).

_BEFORE = "AND (e.shown_at, e.id) < (:shown_at, :entry_id)"

_FEED_SQLITE = f"""
SELECT e.id, e.shown_at FROM entries AS e INDEXED BY {FEED_INDEX}
WHERE e.author_id IN (SELECT f.friend_id FROM friendships AS f JOIN members AS m ON m.id = f.friend_id
                      WHERE f.member_id = :viewer AND m.status = 'active')
  AND e.{IN_FEED.replace(" AND ", " AND e.")} {{before}}
ORDER BY e.shown_at DESC, e.id DESC LIMIT :limit
"""  # noqa: S608 - only constants of ours

# The newest 21 of all friends are by the 21 friends who have the newest: one look at each friend, then the newest of
# those few. Whether a friend is here is asked of that one entry, or the planner goes and reads all members instead.
_NEWEST_OF_FRIEND = f"""
  SELECT e.id, e.shown_at, e.author_id FROM entries AS e
  WHERE e.author_id = f.friend_id AND e.{IN_FEED.replace(" AND ", " AND e.")} {{before}}
  ORDER BY e.shown_at DESC, e.id DESC LIMIT"""  # noqa: S608 - only constants of ours

_FEED_POSTGRESQL = f"""
SELECT e.id, e.shown_at FROM (
  SELECT f.friend_id FROM friendships AS f CROSS JOIN LATERAL ({_NEWEST_OF_FRIEND} 1) AS e
  WHERE f.member_id = :viewer AND (SELECT m.status FROM members AS m WHERE m.id = e.author_id) = 'active'
  ORDER BY e.shown_at DESC, e.id DESC LIMIT :limit
) AS f CROSS JOIN LATERAL ({_NEWEST_OF_FRIEND} :limit) AS e
ORDER BY e.shown_at DESC, e.id DESC LIMIT :limit
"""  # noqa: S608 - only constants of ours

_OWN_SQLITE = f"""
SELECT e.id, e.shown_at FROM entries AS e INDEXED BY {OWN_INDEX}
WHERE e.author_id = :viewer AND e.deleted_at IS NULL {{before}}
ORDER BY e.shown_at DESC, e.id DESC LIMIT :limit
"""  # noqa: S608 - only constants of ours

_OWN_POSTGRESQL = _OWN_SQLITE.replace(f"INDEXED BY {OWN_INDEX}", "")


def feed_ids(viewer_id: int, limit: int, after: Position | None = None) -> list[Position]:
    """The newest `limit` entries of the viewer's friends and of the viewer, as (moment, id), the newest first."""
    is_sqlite = db.engine.dialect.name == "sqlite"
    shapes = (_FEED_SQLITE, _OWN_SQLITE) if is_sqlite else (_FEED_POSTGRESQL, _OWN_POSTGRESQL)
    found: list[Position] = []
    for shape in shapes:
        query = text(shape.format(before=_BEFORE if after else "")).columns(id=BigId, shown_at=Moment)
        values: dict[str, Any] = {"viewer": viewer_id, "limit": limit}
        if after:
            query = query.bindparams(bindparam("shown_at", type_=Moment), bindparam("entry_id", type_=BigId))
            values |= {"shown_at": after[0], "entry_id": after[1]}
        found += [(shown_at, entry_id) for entry_id, shown_at in db.session.execute(query, values)]
    return sorted(found, reverse=True)[:limit]

"""Who sees what. The law is three sentences, each an SQL expression; everything that shows anything asks them.

* `meets(viewer, member)`: does this person exist for me?
* `sees(viewer, thing)`: may I read this thing that has an audience? A thing with a parent is read through it.
* `takes_part(viewer, participation, at)`: was I in this conversation at that moment?

`viewer` is a member's id, or a column of ids: so one sentence answers *what may I see*, *may I see this one*, and
*who exactly may see this*. Whatever hangs on a thing (comment, like, favourite) is seen if the thing is seen and
`meets(viewer, its maker)`. A viewer is always somebody who is here: whoever cannot sign in does not ask.

The cheaper form of the feed at the end is proven against these sentences by the tests.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    SQLColumnExpression,
    and_,
    bindparam,
    exists,
    false,
    func,
    literal,
    or_,
    select,
    text,
    true,
    union_all,
)
from sqlalchemy.orm import aliased, joinedload

from mixlite.core import clock
from mixlite.core.db import BigId, Moment, db
from mixlite.core.errors import NotHere
from mixlite.core.paging import Position
from mixlite.entries.audience import Audience, HasAudience
from mixlite.entries.entries import FEED_INDEX, IN_FEED, OWN_INDEX, Entry
from mixlite.entries.facts import Fact, FactKind
from mixlite.entries.selections import Choice, Selection, SelectionGroup, SelectionPerson, choices_of
from mixlite.people.blocks import Block
from mixlite.people.friendships import Friendship
from mixlite.people.groups import GroupMember
from mixlite.people.members import Member, count_of_members, is_here
from mixlite.people.participation import Participation

Viewer = int | ColumnElement[int] | Any
Rule = ColumnElement[bool]

# The rows that the sentences look for, named once: SQLAlchemy takes 3 ms of every question to make these names anew.
# Nothing outside this file may use them; each stands in one EXISTS only, or in several side by side.
_AUTHOR, _BETWEEN = aliased(Member), aliased(Member)
_BLOCK = aliased(Block)
_TIE, _MINE, _THEIRS = aliased(Friendship), aliased(Friendship), aliased(Friendship)
_SELECTION, _IN_GROUP = aliased(Selection), aliased(GroupMember)
_BY_GROUP, _BY_NAME = aliased(SelectionGroup), aliased(SelectionPerson)
_DECIDED, _LIST = aliased(Fact), aliased(Fact)
_PARENT, _PARENT_IN_GUISE = aliased(Entry), aliased(Entry)


def meets(viewer: Viewer, member: type[Member]) -> Rule:
    """Whether `member` exists for `viewer`: they are here, and neither has blocked the other."""
    return and_(is_here(member), ~_has_blocked(viewer, member.id), ~_has_blocked(member.id, viewer))


def sees(viewer: Viewer, thing: type[HasAudience]) -> Rule:
    """Whether `viewer` may read `thing`: it is not deleted, and it is theirs or its audience includes them.

    What has a parent has no audience: then they must see the parent, and its own author must exist for them.
    """
    itself = and_(thing.deleted_at.is_(None), or_(thing.author_id == viewer, _is_granted(viewer, thing)))
    parent_id = getattr(thing, "parent_id", None)
    if parent_id is None:
        return itself
    grants = and_(_PARENT.parent_id.is_(None), _PARENT.deleted_at.is_(None))
    reads_parent = or_(_PARENT.author_id == viewer, _is_granted(viewer, _PARENT))
    through_parent = and_(
        thing.deleted_at.is_(None),
        or_(thing.author_id == viewer, _meets_author(viewer, thing)),
        _there_is(_PARENT, where=(_PARENT.id == parent_id, grants, reads_parent)),
    )
    return or_(and_(parent_id.is_(None), itself), through_parent)


def _is_granted(viewer: Viewer, thing: type[HasAudience]) -> Rule:
    """Whether it is for somebody who is not its author."""
    return and_(_meets_author(viewer, thing), _is_in_audience(viewer, thing))


def _meets_author(viewer: Viewer, thing: type[HasAudience]) -> Rule:
    return _there_is(_AUTHOR, where=(_AUTHOR.id == thing.author_id, meets(viewer, _AUTHOR)))


def _is_in_audience(viewer: Viewer, thing: type[HasAudience]) -> Rule:
    """What each word grants to somebody other than the author. A word that is not here grants nothing."""
    return or_(
        thing.audience == Audience.MEMBERS,
        and_(
            thing.audience.in_((Audience.FRIENDS, Audience.FRIENDS_OF_FRIENDS)),
            _are_friends(viewer, thing.author_id),
        ),
        and_(thing.audience == Audience.FRIENDS_OF_FRIENDS, _share_a_friend(viewer, thing.author_id)),
        and_(
            thing.audience == Audience.CHOSEN,
            _are_friends(viewer, thing.author_id),
            _is_chosen(viewer, thing.selection_id),
        ),
    )


def shows_friends(viewer: Viewer, member_id: Any) -> Rule:
    """Whether this member's list of friends is one that `viewer` may see: everybody here may, until they decide."""
    of_them = (_DECIDED.author_id == member_id, _DECIDED.kind == FactKind.FRIENDS, _DECIDED.deleted_at.is_(None))
    is_shown = (_LIST.author_id == member_id, _LIST.kind == FactKind.FRIENDS, sees(viewer, _LIST))
    return or_(member_id == viewer, ~_there_is(_DECIDED, where=of_them), _there_is(_LIST, where=is_shown))


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


def _is_chosen(viewer: Viewer, selection_id: Any) -> Rule:
    """By name, by a group or as one of all friends; whoever is an exception is out, whatever else is said."""
    by_name = (_BY_NAME.selection_id == _SELECTION.id, _BY_NAME.member_id == viewer)
    by_group = (
        _BY_GROUP.selection_id == _SELECTION.id,
        _IN_GROUP.group_id == _BY_GROUP.group_id,
        _IN_GROUP.member_id == viewer,
    )
    is_in = or_(
        _SELECTION.all_friends,
        _there_is(_BY_NAME, where=(*by_name, ~_BY_NAME.is_exception)),
        _there_is(_BY_GROUP, _IN_GROUP, where=by_group),
    )
    is_out = _there_is(_BY_NAME, where=(*by_name, _BY_NAME.is_exception))
    return _there_is(_SELECTION, where=(_SELECTION.id == selection_id, is_in, ~is_out))


def _there_is(*rows: Any, where: Sequence[Any]) -> Rule:
    """EXISTS over `rows`; everything else in `where` belongs to a query around it, however far out.

    SQLAlchemy by itself looks one query out only, and would quietly compare with *some* member instead of this one.
    """
    return exists(select(1).where(*where).correlate_except(*rows))


# --- the law, asked -------------------------------------------------------------------------------------------------


def visible_entry(viewer: Member, entry_id: int) -> Entry:
    """The entry with its author. Raises NotHere when it does not exist for this viewer."""
    query = select(Entry).where(Entry.id == entry_id, sees(viewer.id, Entry))
    query = query.options(joinedload(Entry.author), joinedload(Entry.parent))
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


def readers_of(entry_id: int, limit: int, after_id: int = 0, words: str = "") -> Sequence[Member]:
    """Exactly who may read this entry, its author left out, in order of joining. For the author's eyes.

    `words` narrows the list to people whose name or handle has them in it, whatever their case.
    """
    author_id, audience, choice = _whose_and_for_whom(entry_id)
    query = (
        select(Member)
        .join(Entry, Entry.id == entry_id)
        .where(is_here(Member), Member.id != Entry.author_id, Member.id > after_id, sees(Member.id, Entry))
        .where(_is_near(author_id, Member, audience, choice), is_called(Member, words))
        .order_by(Member.id)
        .limit(limit)
    )
    return db.session.scalars(query).all()


def count_of_readers(entry_id: int) -> int:
    """How many people `readers_of` would list."""
    return _count_around(*_whose_and_for_whom(entry_id))


def count_of_future_readers(author: Member, audience: str, choice: Choice | None = None) -> int:
    """How many people could read something that `author` published now for `audience`; `choice` spells out `chosen`.

    Raises ValueError for a word that the law does not know.
    """
    if audience != Audience.ONLY_ME and audience not in _READ_AROUND:
        raise ValueError(f"who reads {audience} is not known")
    return _count_around(author.id, audience, choice or Choice())


_READ_AROUND = (Audience.CHOSEN, Audience.FRIENDS, Audience.FRIENDS_OF_FRIENDS, Audience.MEMBERS)


def _whose_and_for_whom(entry_id: int) -> tuple[int, str, Choice]:
    """Of an entry that somebody besides its author may be able to read; else nobody's, for nobody.

    Of a child it is what its parent says, whose author is the same.
    """
    asked = select(func.coalesce(Entry.parent_id, Entry.id)).where(Entry.id == entry_id, Entry.deleted_at.is_(None))
    query = select(_PARENT.author_id, _PARENT.audience, _PARENT.selection_id)
    there = (_PARENT.id == asked.scalar_subquery(), _PARENT.deleted_at.is_(None), is_here(_AUTHOR))
    found = db.session.execute(query.join(_AUTHOR, _AUTHOR.id == _PARENT.author_id).where(*there)).one_or_none()
    if found is None:
        return 0, Audience.ONLY_ME, Choice()
    choices = choices_of([found.selection_id] if found.selection_id else [])
    return found.author_id, found.audience, choices.get(found.selection_id, Choice())


def _count_around(author_id: int, audience: str, choice: Choice) -> int:
    """The law, counted from the author outwards: asking it of every member would take a hundred times as long."""
    if audience not in _READ_AROUND:
        return 0
    count = select(func.count()).select_from(Member).where(is_here(Member))
    is_near = _is_near(author_id, Member, audience, choice)
    blocked = select(_BLOCK.blocked_id).where(_BLOCK.blocker_id == author_id)
    blockers = select(_BLOCK.blocker_id).where(_BLOCK.blocked_id == author_id)
    is_left_out = Member.id.in_(union_all(blocked, blockers, select(literal(author_id, BigId))))
    near = count_of_members() if audience == Audience.MEMBERS else db.session.scalar(count.where(is_near)) or 0
    return near - (db.session.scalar(count.where(is_near, is_left_out)) or 0)


def _is_near(author_id: int, reader: type[Member], audience: str, choice: Choice) -> Rule:
    """What `_is_in_audience` says, as a list that starts at the author. Blocks are not looked at here."""
    friends = select(_MINE.friend_id).where(_MINE.member_id == author_id)
    if audience == Audience.FRIENDS:
        return reader.id.in_(friends)
    if audience == Audience.CHOSEN:
        return and_(reader.id.in_(friends), _is_named(reader, choice))
    if audience == Audience.FRIENDS_OF_FRIENDS:
        to_them = (_MINE.member_id == author_id, _MINE.friend_id == _BETWEEN.id, _THEIRS.member_id == _BETWEEN.id)
        return reader.id.in_(friends.union(select(_THEIRS.friend_id).where(*to_them, is_here(_BETWEEN))))
    return true()


def _is_named(reader: type[Member], choice: Choice) -> Rule:
    """What `_is_chosen` says, as lists."""
    in_groups = select(_IN_GROUP.member_id).where(_IN_GROUP.group_id.in_(choice.groups))
    is_in = true() if choice.all_friends else or_(reader.id.in_(choice.people), reader.id.in_(in_groups))
    return and_(is_in, reader.id.not_in(choice.exceptions))


def is_called(member: type[Member], words: str) -> Rule:
    """Whether these words stand in somebody's name or handle. No words: everybody."""
    wanted = words.strip().removeprefix("@").lower()
    if not wanted:
        return true()
    return or_(
        func.lower(member.name).contains(wanted, autoescape=True), member.handle.contains(wanted, autoescape=True)
    )


# --- view as --------------------------------------------------------------------------------------------------------


class Guise(StrEnum):
    """Through whose eyes an author may look at their own things, besides those of a friend of theirs by name."""

    FRIEND_OF_FRIEND = "friend_of_friend"
    STRANGER = "stranger"
    NOBODY = "nobody"


# Somebody who is here, blocked by nobody, and no friend: what the law leaves of the audience for them.
_IN_GUISE = {
    Guise.FRIEND_OF_FRIEND: (Audience.FRIENDS_OF_FRIENDS, Audience.MEMBERS),
    Guise.STRANGER: (Audience.MEMBERS,),
    Guise.NOBODY: (),
}


def would_see(guise: Guise, thing: type[HasAudience]) -> Rule:
    """`sees`, for somebody whom nobody in particular is. Proven against the law by people who stand so."""
    words = _IN_GUISE[guise]
    itself = and_(thing.deleted_at.is_(None), thing.audience.in_(words) if words else false())
    parent_id = getattr(thing, "parent_id", None)
    if parent_id is None or not words:
        return itself
    there = (_PARENT_IN_GUISE.id == parent_id, _PARENT_IN_GUISE.deleted_at.is_(None))
    through_parent = _there_is(_PARENT_IN_GUISE, where=(*there, _PARENT_IN_GUISE.audience.in_(words)))
    return or_(itself, and_(thing.deleted_at.is_(None), through_parent))


# --- the friends' feed ----------------------------------------------------------------------------------------------
#
# For an author who is a friend the law folds: a block ends the friendship, so nobody in this list is blocked, and what
# is left of the audience is a list of words, and for `chosen` whether the viewer was chosen. What remains is that the
# author is here, and the literal condition of the feed's index. Friends from whom the viewer takes a break are left
# out. On SQLite the index is named to the planner, and a friend is left at the first entry that is too old for the
# page. PostgreSQL looks at each friend once by a lateral join, never by a plain IN (PERFORMANCE.md, section 2).

_BEFORE = "AND (e.shown_at, e.id) < (:shown_at, :entry_id)"

_IS_CHOSEN = """(e.audience <> 'chosen' OR EXISTS (
    SELECT 1 FROM selections AS s WHERE s.id = e.selection_id
    AND (s.all_friends
      OR EXISTS (SELECT 1 FROM selection_people AS p
                 WHERE p.selection_id = s.id AND p.member_id = :viewer AND NOT p.is_exception)
      OR EXISTS (SELECT 1 FROM selection_groups AS g JOIN group_members AS i ON i.group_id = g.group_id
                 WHERE g.selection_id = s.id AND i.member_id = :viewer))
    AND NOT EXISTS (SELECT 1 FROM selection_people AS x
                    WHERE x.selection_id = s.id AND x.member_id = :viewer AND x.is_exception)))"""

_NOT_MUTED = """NOT EXISTS (SELECT 1 FROM mutes AS u WHERE u.member_id = :viewer AND u.muted_id = f.friend_id
                   AND (u.until IS NULL OR u.until > :now))"""

_FEED_SQLITE = f"""
SELECT e.id, e.shown_at FROM entries AS e INDEXED BY {FEED_INDEX}
WHERE e.author_id IN (SELECT f.friend_id FROM friendships AS f JOIN members AS m ON m.id = f.friend_id
                      WHERE f.member_id = :viewer AND m.status = 'active' AND {_NOT_MUTED})
  AND e.{IN_FEED.replace(" AND ", " AND e.")} {{before}} AND {_IS_CHOSEN}
ORDER BY e.shown_at DESC, e.id DESC LIMIT :limit
"""  # noqa: S608 - only constants of ours

# The newest 21 of all friends are by the 21 friends who have the newest: one look at each friend, then the newest of
# those few. Whether a friend is here is asked of that one entry, or the planner goes and reads all members instead.
_NEWEST_OF_FRIEND = f"""
  SELECT e.id, e.shown_at, e.author_id FROM entries AS e
  WHERE e.author_id = f.friend_id AND e.{IN_FEED.replace(" AND ", " AND e.")} {{before}} AND {_IS_CHOSEN}
  ORDER BY e.shown_at DESC, e.id DESC LIMIT"""  # noqa: S608 - only constants of ours

_FEED_POSTGRESQL = f"""
SELECT e.id, e.shown_at FROM (
  SELECT f.friend_id FROM friendships AS f CROSS JOIN LATERAL ({_NEWEST_OF_FRIEND} 1) AS e
  WHERE f.member_id = :viewer AND (SELECT m.status FROM members AS m WHERE m.id = e.author_id) = 'active'
    AND {_NOT_MUTED}
  ORDER BY e.shown_at DESC, e.id DESC LIMIT :limit
) AS f CROSS JOIN LATERAL ({_NEWEST_OF_FRIEND} :limit) AS e
ORDER BY e.shown_at DESC, e.id DESC LIMIT :limit
"""  # noqa: S608 - only constants of ours

_OWN_SQLITE = f"""
SELECT e.id, e.shown_at FROM entries AS e INDEXED BY {OWN_INDEX}
WHERE e.author_id = :viewer AND e.deleted_at IS NULL AND e.parent_id IS NULL {{before}}
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
        if ":now" in shape:
            query, values["now"] = query.bindparams(bindparam("now", type_=Moment)), clock.now()
        if after:
            query = query.bindparams(bindparam("shown_at", type_=Moment), bindparam("entry_id", type_=BigId))
            values |= {"shown_at": after[0], "entry_id": after[1]}
        found += [(shown_at, entry_id) for entry_id, shown_at in db.session.execute(query, values)]
    return sorted(found, reverse=True)[:limit]

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
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Row,
    Select,
    SQLColumnExpression,
    TextualSelect,
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
from mixlite.core.db import BigId, Moment, ask, db
from mixlite.core.errors import NotHere
from mixlite.core.paging import Position
from mixlite.entries.audience import Audience, HasAudience
from mixlite.entries.entries import CHOSEN_INDEX, FEED_INDEX, FOR_CHOSEN, IN_FEED, OWN_INDEX, SELECTION_INDEX, Entry
from mixlite.entries.facts import Fact, FactKind
from mixlite.entries.photos import Photo
from mixlite.entries.selections import Choice, Selection, SelectionGroup, SelectionPerson
from mixlite.people.blocks import Block
from mixlite.people.friendships import Friendship
from mixlite.people.groups import GroupMember
from mixlite.people.members import Member, count_of_those_here, is_here
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


def shows_photo(viewer: Viewer) -> Rule:
    """Of a Photo and its Entry, in a place that `viewer` sees: is it there for them? A guest must exist for them."""
    return or_(~Photo.by_guest, Entry.author_id == viewer, _meets_author(viewer, Entry))


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


def lets_use_ties(viewer: Viewer, person: type[Member]) -> Rule:
    """Whether what ties `person` to others may be used for the viewer: they exist for the viewer, and their list of
    friends is one that the viewer may see.
    """
    return and_(meets(viewer, person), shows_friends(viewer, person.id))


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
    PostgreSQL leaves a question with an OFFSET whole. Otherwise it takes all of them apart into one and thinks about
    their order three to ten times as long as answering takes.
    """
    return exists(select(1).where(*where).correlate_except(*rows).suffix_with("OFFSET 0", dialect="postgresql"))


# --- the law, asked -------------------------------------------------------------------------------------------------


def visible_entry(viewer: Member, entry_id: int) -> Entry:
    """The entry with its author. Raises NotHere when it does not exist for this viewer."""
    entry: Entry | None = db.session.scalars(_one_entry(), {"viewer": viewer.id, "wanted": entry_id}).one_or_none()
    if entry is None:
        raise NotHere
    return entry


@cache
def _one_entry() -> Any:
    """Every act on an entry begins with this question; putting it together takes longer than the answer."""
    wanted, viewer = bindparam("wanted", type_=BigId), bindparam("viewer", type_=BigId)
    query = select(Entry).where(Entry.id == wanted, sees(viewer, Entry))
    query = query.options(joinedload(Entry.author), joinedload(Entry.parent))
    return query.execution_options(populate_existing=True)


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
    author_id, audience, is_named = _whose_and_for_whom(entry_id)
    query = (
        select(Member)
        .join(Entry, Entry.id == entry_id)
        .where(is_here(Member), Member.id != Entry.author_id, Member.id > after_id, sees(Member.id, Entry))
        .where(_is_near(author_id, Member, audience, is_named), is_called(Member, words))
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
    return _count_around(author.id, audience, _is_named(choice or Choice()))


def counts_of_future_readers(author: Member, choice: Choice) -> dict[str, int]:
    """`count_of_future_readers` for every word at once, in one statement."""
    columns = [_count_query(author.id, word, _is_named(choice)).label(word.value) for word in _READ_AROUND]
    row = db.session.execute(select(*columns)).one()
    return {Audience.ONLY_ME: 0, **{word: getattr(row, word.value) for word in _READ_AROUND}}


_READ_AROUND = (Audience.CHOSEN, Audience.FRIENDS, Audience.FRIENDS_OF_FRIENDS, Audience.MEMBERS)


def _whose_and_for_whom(entry_id: int) -> tuple[int, str, Rule]:
    """Of an entry that somebody besides its author may be able to read: whose it is, the word of its audience, and
    which of their friends (`_MINE`) they chose. Else nobody's, for nobody.

    Of a child it is what its parent says, whose author is the same.
    """
    asked = select(func.coalesce(Entry.parent_id, Entry.id)).where(Entry.id == entry_id, Entry.deleted_at.is_(None))
    query = select(_PARENT.author_id, _PARENT.audience, _PARENT.selection_id)
    there = (_PARENT.id == asked.scalar_subquery(), _PARENT.deleted_at.is_(None), is_here(_AUTHOR))
    found = db.session.execute(query.join(_AUTHOR, _AUTHOR.id == _PARENT.author_id).where(*there)).one_or_none()
    if found is None:
        return 0, Audience.ONLY_ME, false()
    return found.author_id, found.audience, _is_in_selection(found.selection_id)


def _count_around(author_id: int, audience: str, is_named: Rule) -> int:
    """The law, counted from the author outwards: asking it of every member would take a hundred times as long."""
    if audience not in _READ_AROUND:
        return 0
    return db.session.scalar(select(_count_query(author_id, audience, is_named))) or 0


def _count_query(author_id: int, audience: str, is_named: Rule) -> ColumnElement[int]:
    """Who is near, less those of them whom the author does not meet. A friend is never blocked."""
    if audience in (Audience.FRIENDS, Audience.CHOSEN):
        return _count_of_friends(author_id, is_named if audience == Audience.CHOSEN else true())
    blocked = select(_BLOCK.blocked_id).where(_BLOCK.blocker_id == author_id)
    blockers = select(_BLOCK.blocker_id).where(_BLOCK.blocked_id == author_id)
    left_out = union_all(blocked, blockers, select(literal(author_id, BigId)))
    if audience == Audience.MEMBERS:
        count = select(func.count()).select_from(Member).where(is_here(Member), Member.id.in_(left_out))
        return count_of_those_here() - count.scalar_subquery()
    near = _friends_and_theirs(author_id).subquery()
    is_there = select(is_here(_BETWEEN)).where(_BETWEEN.id == near.c.friend_id).scalar_subquery()
    count = select(func.count()).select_from(near).where(near.c.friend_id.not_in(left_out), is_there)
    return count.scalar_subquery()


def is_future_reader(author_id: int, reader: type[Member], audience: str, choice: Choice) -> Rule:
    """Whether a friend of this author could read what they published now. Nobody could for a word not known here."""
    return _is_near(author_id, reader, audience, _is_named(choice)) if audience in _READ_AROUND else false()


def _count_of_friends(author_id: int, is_named: Rule) -> ColumnElement[int]:
    friends = select(func.count()).select_from(_MINE).where(_MINE.member_id == author_id)
    return friends.where(is_named, _friend_is_here()).scalar_subquery()


def _friend_is_here() -> ColumnElement[bool]:
    """Of `_MINE`. Asked as a value, one by one, or PostgreSQL goes and reads all members instead."""
    is_there = select(is_here(_BETWEEN)).where(_BETWEEN.id == _MINE.friend_id)
    return is_there.correlate_except(_BETWEEN).scalar_subquery()


def _is_near(author_id: int, reader: type[Member], audience: str, is_named: Rule) -> Rule:
    """What `_is_in_audience` says, as a list that starts at the author. Blocks are not looked at here."""
    friends = select(_MINE.friend_id).where(_MINE.member_id == author_id)
    if audience == Audience.FRIENDS:
        return reader.id.in_(friends)
    if audience == Audience.CHOSEN:
        return reader.id.in_(friends.where(is_named))
    if audience == Audience.FRIENDS_OF_FRIENDS:
        return reader.id.in_(_friends_and_theirs(author_id))
    return true()


def _friends_and_theirs(author_id: int) -> CompoundSelect[int]:
    """By id, each once, the author among them."""
    to_them = (_MINE.member_id == author_id, _THEIRS.member_id == _MINE.friend_id)
    friends = select(_MINE.friend_id).where(_MINE.member_id == author_id)
    return friends.union(select(_THEIRS.friend_id).where(*to_them, _friend_is_here()))


def _is_in_selection(selection_id: int | None) -> Rule:
    """What `_is_chosen` says of a friend, `_MINE`, as lists: of each, PostgreSQL would read everybody's choices."""
    named = select(_BY_NAME.member_id).where(_BY_NAME.selection_id == selection_id)
    in_groups = select(_IN_GROUP.member_id).where(
        _IN_GROUP.group_id.in_(select(_BY_GROUP.group_id).where(_BY_GROUP.selection_id == selection_id))
    )
    is_everybody = select(_SELECTION.all_friends).where(_SELECTION.id == selection_id).scalar_subquery()
    is_in = or_(is_everybody, _MINE.friend_id.in_(named.where(~_BY_NAME.is_exception)), _MINE.friend_id.in_(in_groups))
    return and_(is_in, _MINE.friend_id.not_in(named.where(_BY_NAME.is_exception)))


def _is_named(choice: Choice) -> Rule:
    """The same for a choice that may not be stored anywhere yet."""
    in_groups = select(_IN_GROUP.member_id).where(_IN_GROUP.group_id.in_(choice.groups))
    is_in = or_(_MINE.friend_id.in_(choice.people), _MINE.friend_id.in_(in_groups))
    return and_(true() if choice.all_friends else is_in, _MINE.friend_id.not_in(choice.exceptions))


def is_called(member: type[Member], words: str) -> Rule:
    """Whether these words stand in somebody's name or handle. No words: everybody. No database can look for NUL."""
    if "\0" in words:
        return false()
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
# author is here, and the literal condition of an index. Friends from whom the viewer takes a break are left out. On
# SQLite the index is named to the planner, and a friend is left at the first entry that is too old for the page.
# PostgreSQL looks at each friend once by a lateral join, never by a plain IN (PERFORMANCE.md, section 2).
#
# What is for chosen people is asked for apart. A friend may have written any number of entries that are not for this
# viewer, and walking past them would take as long as there are many. So there are two ways, and neither does:
# - When the page is full without them, only those count that are newer than its last. They are usually few, and each is
#   looked at.
# - When the page is not full, or they are many, it begins at the choices that include the viewer: whoever chooses the
#   same people again makes one choice, however much they write. A choice belongs to the author of what it is for.

_BEFORE = "AND (e.shown_at, e.id) < (:shown_at, :entry_id)"
_SINCE = "AND e.shown_at >= :since"
_NEWER = "AND (e.shown_at, e.id) > (:shown_at, :entry_id)"
_MANY = 500  # entries for chosen people newer than a page's last, from which on the second way is the shorter

_NOT_MUTED = """NOT EXISTS (SELECT 1 FROM mutes AS u WHERE u.member_id = :viewer AND u.muted_id = f.friend_id
                   AND (u.until IS NULL OR u.until > :now))"""

_FRIENDS_HERE = f"""SELECT f.friend_id FROM friendships AS f JOIN members AS m ON m.id = f.friend_id
                      WHERE f.member_id = :viewer AND m.status = 'active' AND {_NOT_MUTED}"""  # noqa: S608 - ours

_NOT_EXCEPTED = """NOT EXISTS (SELECT 1 FROM selection_people AS x
                    WHERE x.selection_id = s.id AND x.member_id = :viewer AND x.is_exception)"""

_IS_CHOSEN = f"""EXISTS (SELECT 1 FROM selections AS s WHERE s.id = c.selection_id
    AND (s.all_friends
      OR EXISTS (SELECT 1 FROM selection_people AS p
                 WHERE p.selection_id = s.id AND p.member_id = :viewer AND NOT p.is_exception)
      OR EXISTS (SELECT 1 FROM selection_groups AS g JOIN group_members AS i ON i.group_id = g.group_id
                 WHERE g.selection_id = s.id AND i.member_id = :viewer))
    AND {_NOT_EXCEPTED})"""  # noqa: S608 - only constants of ours

# Every choice of a friend that includes the viewer. CROSS JOIN keeps SQLite in this order: from the viewer outwards.
_CHOICES_OF_FRIENDS = f"""
  SELECT s.id FROM friendships AS f CROSS JOIN selections AS s CROSS JOIN members AS m
  WHERE f.member_id = :viewer AND s.owner_id = f.friend_id AND s.all_friends
    AND m.id = f.friend_id AND m.status = 'active' AND {_NOT_MUTED} AND {_NOT_EXCEPTED}
  UNION ALL
  SELECT s.id FROM (
    SELECT p.selection_id FROM selection_people AS p WHERE p.member_id = :viewer AND NOT p.is_exception
    UNION
    SELECT g.selection_id FROM group_members AS i CROSS JOIN selection_groups AS g
    WHERE i.member_id = :viewer AND g.group_id = i.group_id
  ) AS c CROSS JOIN selections AS s CROSS JOIN friendships AS f CROSS JOIN members AS m
  WHERE s.id = c.selection_id AND NOT s.all_friends AND f.member_id = :viewer AND f.friend_id = s.owner_id
    AND m.id = f.friend_id AND m.status = 'active' AND {_NOT_MUTED} AND {_NOT_EXCEPTED}"""  # noqa: S608 - ours

_NEWEST_FIRST = "ORDER BY e.shown_at DESC, e.id DESC LIMIT :limit"
_IN_FEED = IN_FEED.replace("audience", "e.audience").replace("deleted_at", "e.deleted_at")
_FOR_CHOSEN = FOR_CHOSEN.replace("audience", "e.audience").replace("deleted_at", "e.deleted_at")

_OWN = f"""
SELECT e.id, e.shown_at FROM entries AS e {{named}}
WHERE e.author_id = :viewer AND e.deleted_at IS NULL AND e.parent_id IS NULL {{before}} {_NEWEST_FIRST}
"""  # noqa: S608 - only constants of ours


@dataclass(frozen=True)
class _Shapes:
    """The questions of the feed as one database likes them."""

    plain: str  # what is for all friends or more
    newer: str  # what is for chosen people and newer than the page's last, and whether the viewer is one of them
    chosen: str  # what is for the viewer among chosen people
    own: str


_SQLITE = _Shapes(
    plain=f"""
SELECT e.id, e.shown_at FROM entries AS e INDEXED BY {FEED_INDEX}
WHERE e.author_id IN ({_FRIENDS_HERE}) AND {_IN_FEED} {{before}} {_NEWEST_FIRST}
""",  # noqa: S608 - only constants of ours
    newer=f"""
SELECT c.id, c.shown_at, {_IS_CHOSEN} AS is_chosen FROM (
  SELECT e.id, e.shown_at, e.selection_id FROM entries AS e INDEXED BY {CHOSEN_INDEX}
  WHERE e.author_id IN ({_FRIENDS_HERE}) AND {_FOR_CHOSEN} {{before}} {{since}} LIMIT :many
) AS c
""",  # noqa: S608 - only constants of ours
    chosen=f"""
SELECT e.id, e.shown_at FROM entries AS e INDEXED BY {SELECTION_INDEX}
WHERE e.selection_id IN ({_CHOICES_OF_FRIENDS}) AND e.deleted_at IS NULL {{before}} {{since}} {_NEWEST_FIRST}
""",  # noqa: S608 - only constants of ours
    own=_OWN.replace("{named}", f"INDEXED BY {OWN_INDEX}"),
)

# The newest 21 of all friends are by the 21 friends who have the newest: one look at each friend, then the newest of
# those few. Whether a friend is here is asked of that one entry, or the planner goes and reads all members instead.
_IS_HERE = "(SELECT m.status FROM members AS m WHERE m.id = e.author_id) = 'active'"
_PLAIN_OF_FRIEND = f"""
  SELECT e.id, e.shown_at, e.author_id FROM entries AS e
  WHERE e.author_id = f.friend_id AND {_IN_FEED} {{before}} ORDER BY e.shown_at DESC, e.id DESC LIMIT"""  # noqa: S608

_POSTGRESQL = _Shapes(
    plain=f"""
SELECT e.id, e.shown_at FROM (
  SELECT f.friend_id FROM friendships AS f CROSS JOIN LATERAL ({_PLAIN_OF_FRIEND} 1) AS e
  WHERE f.member_id = :viewer AND {_IS_HERE} AND {_NOT_MUTED} {_NEWEST_FIRST}
) AS f CROSS JOIN LATERAL ({_PLAIN_OF_FRIEND} :limit) AS e {_NEWEST_FIRST}
""",  # noqa: S608 - only constants of ours
    newer=f"""
SELECT c.id, c.shown_at, {_IS_CHOSEN} AS is_chosen FROM (
  SELECT e.id, e.shown_at, e.selection_id FROM friendships AS f CROSS JOIN LATERAL (
    SELECT e.id, e.shown_at, e.author_id, e.selection_id FROM entries AS e
    WHERE e.author_id = f.friend_id AND {_FOR_CHOSEN} {{before}} {{since}} LIMIT :many
  ) AS e WHERE f.member_id = :viewer AND {_IS_HERE} AND {_NOT_MUTED} LIMIT :many
) AS c
""",  # noqa: S608 - only constants of ours
    chosen=f"""
SELECT e.id, e.shown_at FROM ({_CHOICES_OF_FRIENDS}) AS s CROSS JOIN LATERAL (
  SELECT e.id, e.shown_at FROM entries AS e
  WHERE e.selection_id = s.id AND e.deleted_at IS NULL {{before}} {{since}} {_NEWEST_FIRST}
) AS e {_NEWEST_FIRST}
""",  # noqa: S608 - only constants of ours
    own=_OWN.replace("{named}", ""),
)


def feed_ids(viewer_id: int, limit: int, after: Position | None = None) -> list[Position]:
    """The newest `limit` entries of the viewer's friends and of the viewer, as (moment, id), the newest first."""
    shapes = _SQLITE if db.engine.dialect.name == "sqlite" else _POSTGRESQL
    values: dict[str, Any] = {"viewer": viewer_id, "now": clock.now(), "limit": limit, "many": _MANY}
    if after:
        values |= {"shown_at": after[0], "entry_id": after[1]}
    found = _positions(_asked(shapes.plain, values))
    if len(found) == limit:
        values["since"] = found[-1][0]
    found += _chosen(shapes, values) + _positions(_asked(shapes.own, values))
    return sorted(found, reverse=True)[:limit]


def new_in_feed(viewer_id: int, limit: int, since: Position) -> list[tuple[Position, int]]:
    """What friends wrote that stands above `since`, the newest first: its place and its author. `limit` at most."""
    shapes = _SQLITE if db.engine.dialect.name == "sqlite" else _POSTGRESQL
    values = {"viewer": viewer_id, "now": clock.now(), "limit": limit, "shown_at": since[0], "entry_id": since[1]}
    rows = [row for shape in (shapes.plain, shapes.chosen) for row in _asked(shape, values, side=_NEWER)]
    places = sorted(_positions(rows), reverse=True)[:limit]
    authors = _authors_of([entry_id for _at, entry_id in places])
    return [(place, authors[place[1]]) for place in places if place[1] in authors]


def _authors_of(entry_ids: Sequence[int]) -> dict[int, int]:
    if not entry_ids:
        return {}
    return {row.id: row.author_id for row in ask(_authors(), {"ids": list(entry_ids)})}


@cache
def _authors() -> Select[int, int]:
    return select(Entry.id, Entry.author_id).where(Entry.id.in_(bindparam("ids", expanding=True)))


def _chosen(shapes: _Shapes, values: dict[str, Any]) -> list[Position]:
    """What is for the viewer among chosen people, `since` the page's last entry if the page is full without."""
    if "since" in values:
        newer = _asked(shapes.newer, values)
        if len(newer) < _MANY:
            return _positions([row for row in newer if row.is_chosen])
    return _positions(_asked(shapes.chosen, values))


def _asked(shape: str, values: dict[str, Any], side: str = _BEFORE) -> Sequence[Row[Any]]:
    """On one side of the place in `values`, if there is one."""
    query = _query(shape, side if "shown_at" in values else "", _SINCE if "since" in values else "")
    return ask(query, values).all()


@cache
def _query(shape: str, before: str, since: str) -> TextualSelect:
    """The shape as a statement. Each is read once: that takes SQLAlchemy as long as some take the database."""
    words = shape.format(before=before, since=since)
    moments = [bindparam(name, type_=Moment) for name in ("now", "shown_at", "since") if f":{name}" in words]
    return text(words).bindparams(*moments).columns(id=BigId, shown_at=Moment)


def _positions(rows: Sequence[Row[Any]]) -> list[Position]:
    return [(row.shown_at, row.id) for row in rows]

"""What a change of many entries would do, and what is seen through somebody else's eyes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import ColumnElement, Select, false, func, or_, select, tuple_
from sqlalchemy.orm import joinedload

from mixlite.core import clock
from mixlite.core.db import db
from mixlite.core.errors import NotHere
from mixlite.core.language import local_zone
from mixlite.core.paging import Position
from mixlite.entries.audience import Audience
from mixlite.entries.comments import Comment
from mixlite.entries.entries import Entry
from mixlite.entries.facts import Fact, FactKind
from mixlite.features.audiences.models import UNDO_FOR, AudienceChange
from mixlite.people.friendships import Friendship, are_friends
from mixlite.people.members import Member, is_here
from mixlite.policy.visibility import (
    Guise,
    is_called,
    meets,
    sees,
    shows_friends,
    visible_entry,
    visible_member,
    would_see,
)

COMPLETED = 8


@dataclass(frozen=True)
class Which:
    """Which entries: of one kind or all, written before and from these days on the author's calendar, of one audience
    or all.
    """

    kind: str = ""
    before: date | None = None
    since: date | None = None
    audience: str = ""


def entries_meant(author: Member, which: Which) -> Sequence[ColumnElement[bool]]:
    """The conditions of a query for the author's own entries. What has a parent goes along with it."""
    conditions = [Entry.author_id == author.id, Entry.deleted_at.is_(None), Entry.parent_id.is_(None)]
    if which.kind:
        conditions.append(Entry.kind == which.kind)
    if which.audience:
        conditions.append(Entry.audience == which.audience)
    for day, is_after in ((which.before, False), (which.since, True)):
        if day is not None:
            midnight = datetime.combine(day, time(), local_zone())
            conditions.append(Entry.shown_at >= midnight if is_after else Entry.shown_at < midnight)
    return conditions


@dataclass(frozen=True)
class Effect:
    """What a change would do: how many entries from which audience, and how many of them nobody has read yet."""

    count: int
    by_audience: Sequence[tuple[str, int]]
    never_shown: int
    ids: Sequence[int]


SAMPLE = 20


def effect_of(author: Member, which: Which, audience: str, selection_id: int | None) -> Effect:
    """Entries that have this audience already are not counted: nothing happens to them."""
    meant = [*entries_meant(author, which), differs_from(audience, selection_id)]
    rows = select(Entry.audience, func.count()).where(*meant).group_by(Entry.audience).order_by(Entry.audience)
    by_audience = [(word, count) for word, count in db.session.execute(rows)]
    ids = db.session.scalars(
        select(Entry.id).where(*meant).order_by(Entry.shown_at.desc(), Entry.id.desc()).limit(SAMPLE)
    ).all()
    unseen = select(func.count()).select_from(Entry).where(*meant, Entry.published_at.is_(None))
    never_shown = 0 if audience == Audience.ONLY_ME else db.session.scalar(unseen) or 0
    return Effect(sum(count for _word, count in by_audience), by_audience, never_shown, ids)


def differs_from(audience: str, selection_id: int | None) -> ColumnElement[bool]:
    """Whether an entry would be changed by having this audience."""
    if audience != Audience.CHOSEN:
        return Entry.audience != audience
    # A choice that was never made before is new to every entry.
    return or_(Entry.audience != audience, Entry.selection_id != (selection_id or 0))


def changes_by(author: Member, limit: int) -> Sequence[AudienceChange]:
    """The latest changes that can still be taken back."""
    query = (
        select(AudienceChange)
        .where(
            AudienceChange.author_id == author.id,
            AudienceChange.undone_at.is_(None),
            AudienceChange.made_at > clock.now() - UNDO_FOR,
        )
        .order_by(AudienceChange.made_at.desc(), AudienceChange.id.desc())
        .limit(limit)
    )
    return db.session.scalars(query).all()


def change_with_id(author: Member, change_id: int) -> AudienceChange:
    """Raises NotHere for somebody else's, for one that was taken back, and for one that is too old."""
    query = select(AudienceChange).where(
        AudienceChange.id == change_id,
        AudienceChange.author_id == author.id,
        AudienceChange.undone_at.is_(None),
        AudienceChange.made_at > clock.now() - UNDO_FOR,
    )
    change = db.session.scalars(query.with_for_update().execution_options(populate_existing=True)).one_or_none()
    if change is None:
        raise NotHere
    return change


def friends_called(member: Member, words: str) -> Sequence[Member]:
    """Friends whose name or handle has these words in it: for completing what is being typed. Eight at most."""
    query = (
        select(Member)
        .join(Friendship, Friendship.friend_id == Member.id)
        .where(Friendship.member_id == member.id, is_here(Member), is_called(Member, words))
        .order_by(func.length(Member.handle), Member.handle)
        .limit(COMPLETED)
    )
    return db.session.scalars(query).all()


# --- through somebody else's eyes -----------------------------------------------------------------------------------
#
# Which of the author's own things they would find. Whatever others left there (comments, likes, friends, mentions) is
# as the author sees it: what is missing for a friend would tell whom that friend has blocked, or was blocked by, and
# what is there for a friend and not for the author would tell who has blocked the author (S22).


@dataclass(frozen=True)
class Eyes:
    """Through whose eyes: those of a friend by name, or of somebody who stands so.

    `id` is whom the law is asked for: the friend's own, or 0, which is somebody whom nobody knows and nobody blocked.
    """

    friend: Member | None
    guise: Guise | None

    @property
    def id(self) -> int:
        return self.friend.id if self.friend else 0

    def sees(self, thing: Any) -> ColumnElement[bool]:
        """The law, for these eyes."""
        return would_see(self.guise, thing) if self.guise else sees(self.id, thing)


def eyes_of(author: Member, given: str) -> Eyes:
    """By a guise's name or a friend's handle. Raises NotHere for anybody who is not a friend."""
    if given in set(Guise):
        return Eyes(None, Guise(given))
    friend = visible_member(author, given.strip().removeprefix("@"))
    if not are_friends(author.id, friend.id):
        raise NotHere
    return Eyes(friend, None)


def entries_seen(author: Member, eyes: Eyes, limit: int, after: Position | None = None) -> list[Position]:
    """What of the author's these eyes would find on the profile, as (moment, id), the newest first."""
    query: Select[datetime, int] = select(Entry.shown_at, Entry.id).where(
        Entry.author_id == author.id, Entry.parent_id.is_(None), eyes.sees(Entry)
    )
    if after:
        query = query.where(tuple_(Entry.shown_at, Entry.id) < after)
    rows = db.session.execute(query.order_by(Entry.shown_at.desc(), Entry.id.desc()).limit(limit))
    return [(at, entry_id) for at, entry_id in rows]


def count_of_entries_seen(author: Member, eyes: Eyes) -> int:
    """How many entries these eyes could find altogether."""
    query = select(func.count()).select_from(Entry)
    query = query.where(Entry.author_id == author.id, Entry.parent_id.is_(None), eyes.sees(Entry))
    return db.session.scalar(query) or 0


def own_entry(author: Member, entry_id: int) -> Entry:
    """One of the author's. Raises NotHere for anybody else's, and for what they added to another's album: who sees
    that is not theirs to know.
    """
    entry = visible_entry(author, entry_id)
    if entry.author_id != author.id or entry.is_guests:
        raise NotHere
    return entry


def is_seen(entry: Entry, eyes: Eyes) -> bool:
    """Whether these eyes would find this entry."""
    return db.session.scalar(select(Entry.id).where(Entry.id == entry.id, eyes.sees(Entry))) is not None


def comments_under(author: Member, entry: Entry, limit: int, after_number: int) -> Sequence[Comment]:
    """What the author finds under an entry of theirs, after this number, with the writers loaded."""
    query = (
        select(Comment)
        .join(Comment.author)
        .where(Comment.entry_id == entry.id, Comment.deleted_at.is_(None), Comment.number > after_number)
        .where(meets(author.id, Member))
        .options(joinedload(Comment.author))
    )
    return db.session.scalars(query.order_by(Comment.number).limit(limit)).all()


def facts_seen(author: Member, eyes: Eyes) -> Sequence[Fact]:
    """The facts of the profile that these eyes would read, in the order of the profile."""
    order = {kind.value: number for number, kind in enumerate(FactKind)}
    query = select(Fact).where(Fact.author_id == author.id, Fact.kind != FactKind.FRIENDS, eyes.sees(Fact))
    return sorted(db.session.scalars(query), key=lambda fact: (order[fact.kind], fact.id))


def friends_seen_by(author: Member, eyes: Eyes, limit: int) -> Sequence[Member]:
    """The author's friends, where these eyes would find the list of them; else nobody."""
    query = (
        select(Member)
        .join(Friendship, Friendship.friend_id == Member.id)
        .where(Friendship.member_id == author.id, is_here(Member), _list_is_shown(author, eyes))
    )
    return db.session.scalars(query.order_by(Friendship.since.desc(), Member.id.desc()).limit(limit)).all()


def profile_seen(author: Member, eyes: Eyes, limit: int) -> dict[str, Any]:
    """What else stands on the author's page for these eyes: facts, `limit` friends, how many entries there are."""
    return {
        "facts": facts_seen(author, eyes),
        "friends": friends_seen_by(author, eyes, limit),
        "entry_count": count_of_entries_seen(author, eyes),
    }


def _list_is_shown(author: Member, eyes: Eyes) -> ColumnElement[bool]:
    """`shows_friends`, for these eyes. Until somebody decides, every member may see the list; nobody outside may."""
    if eyes.guise is None:
        return shows_friends(eyes.id, Friendship.member_id)
    decision = select(Fact.id).where(Fact.author_id == author.id, Fact.kind == FactKind.FRIENDS)
    undecided = false() if eyes.guise == Guise.NOBODY else ~decision.where(Fact.deleted_at.is_(None)).exists()
    return or_(undecided, decision.where(would_see(eyes.guise, Fact)).exists())


# --- panels ---------------------------------------------------------------------------------------------------------


def ways(_viewer: Member, _subjects: Sequence[Any]) -> Mapping[None, Any]:
    """For the privacy settings: the ways to these rooms."""
    return {None: {}}

"""What is measured: questions that pages ask, each as one viewer of the synthetic circle."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, literal, select
from sqlalchemy.orm import aliased

from mixlite.app.bench.circle import YEARS
from mixlite.core import clock
from mixlite.core.db import db
from mixlite.entries.audience import Audience
from mixlite.entries.entries import Entry
from mixlite.entries.selections import Choice, choices_of
from mixlite.features.friends.queries import connection, friends_grid, suggestions
from mixlite.features.invitations.first_hour import people_to_know
from mixlite.features.profiles.queries import count_of_friends_seen, entries_by, friends_seen, newcomers
from mixlite.features.reading.queries import friends_favourites
from mixlite.people.friendships import Friendship
from mixlite.people.members import Member, count_of_members
from mixlite.policy import visibility as law
from mixlite.policy.showing import shown

PAGE = 21
READERS = 101
SHARED = (Audience.CHOSEN, Audience.FRIENDS, Audience.FRIENDS_OF_FRIENDS, Audience.MEMBERS)
IN_VAIN = "nobody is called so"
KNOWN_SILENT = 50  # of the first to join, who are silent

Question = Callable[[], Any]


@dataclass(frozen=True)
class Task:
    """One question. `prepare` looks up, unmeasured, what it is asked about; None when this viewer has nothing such."""

    part: str
    name: str
    prepare: Callable[[Member], Question | None]


def _first_page(viewer: Member) -> Question:
    return lambda: law.feed_ids(viewer.id, PAGE)


def _deep_page(viewer: Member) -> Question:
    """Half-way into the years."""
    before = (clock.now() - YEARS / 2, 2**40)
    return lambda: law.feed_ids(viewer.id, PAGE, before)


def _friends_entry(*words: str) -> Callable[[Member], Question | None]:
    def prepare(viewer: Member) -> Question | None:
        ids = [entry_id for _at, entry_id in law.feed_ids(viewer.id, 10 * PAGE)]
        of_others = select(Entry.id).where(Entry.id.in_(ids), Entry.author_id != viewer.id, Entry.audience.in_(words))
        found = db.session.scalar(of_others.limit(1))
        return (lambda: law.visible_entry(viewer, found)) if found else None

    return prepare


def _strangers_entry(viewer: Member) -> Question | None:
    """Somebody's, for friends of friends: nearly always hidden, and the longest to find out."""
    theirs = select(Entry.id).where(
        Entry.id > 37 * viewer.id % 1000, Entry.audience == Audience.FRIENDS_OF_FRIENDS, Entry.author_id != viewer.id
    )
    found = db.session.scalar(theirs.order_by(Entry.id).limit(1))
    return (lambda: law.visible_ids(viewer, [found])) if found else None


def _own_entry(viewer: Member, audience: str) -> int | None:
    own = select(Entry.id).where(Entry.author_id == viewer.id, Entry.audience == audience, Entry.deleted_at.is_(None))
    return db.session.scalar(own.limit(1))


def _readers(audience: str, words: str = "") -> Callable[[Member], Question | None]:
    def prepare(viewer: Member) -> Question | None:
        entry_id = _own_entry(viewer, audience)
        return (lambda: law.readers_of(entry_id, READERS, words=words)) if entry_id else None

    return prepare


def _count_of_readers(audience: str) -> Callable[[Member], Question | None]:
    def prepare(viewer: Member) -> Question | None:
        entry_id = _own_entry(viewer, audience)
        return (lambda: law.count_of_readers(entry_id)) if entry_id else None

    return prepare


def _own_choice(viewer: Member) -> Choice:
    """Whoever the viewer chose the last time."""
    entry_id = _own_entry(viewer, Audience.CHOSEN)
    entry = db.session.get_one(Entry, entry_id) if entry_id else None
    if entry is None or entry.selection_id is None:
        return Choice()
    return choices_of([entry.selection_id])[entry.selection_id]


def _count_of_future_readers(audience: str) -> Callable[[Member], Question | None]:
    def prepare(viewer: Member) -> Question | None:
        choice = _own_choice(viewer) if audience == Audience.CHOSEN else Choice()
        return lambda: law.count_of_future_readers(viewer, audience, choice)

    return prepare


def _counts_of_future_readers(viewer: Member) -> Question:
    """As the picker asks."""
    choice = _own_choice(viewer)
    return lambda: law.counts_of_future_readers(viewer, choice)


def _way_to(find: Callable[[Member], Member | None]) -> Callable[[Member], Question | None]:
    def prepare(viewer: Member) -> Question | None:
        found = find(viewer)
        return (lambda: connection(viewer, found)) if found else None

    return prepare


def _friend_of_friend(viewer: Member) -> Member | None:
    mine, theirs = aliased(Friendship), aliased(Friendship)
    query = select(Member).join(theirs, theirs.friend_id == Member.id).join(mine, mine.friend_id == theirs.member_id)
    query = query.where(mine.member_id == viewer.id, Member.id.not_in(_near(viewer)))
    return db.session.scalars(query.order_by(Member.id).limit(1)).first()


def _stranger(viewer: Member) -> Member | None:
    """Somebody with whom no friend is shared."""
    mine, theirs = aliased(Friendship), aliased(Friendship)
    shared = select(1).where(mine.member_id == viewer.id, theirs.friend_id == mine.friend_id)
    query = select(Member).where(Member.id > 37 * viewer.id % 1000, Member.id.not_in(_near(viewer)))
    query = query.where(~shared.where(theirs.member_id == Member.id).correlate(Member).exists())
    return db.session.scalars(query.order_by(Member.id).limit(1)).first()


def _secluded(viewer: Member) -> Member | None:
    """Somebody with a great many friends, none of whom shows theirs: the longest to find out that there is no way."""
    friends_of_silent = select(Friendship.member_id).where(Friendship.friend_id <= KNOWN_SILENT)
    most = friends_of_silent.where(Friendship.member_id.not_in(_near(viewer))).group_by(Friendship.member_id)
    found = db.session.scalar(most.order_by(func.count().desc(), Friendship.member_id.desc()).limit(1))
    return db.session.get(Member, found) if found else None


def _near(viewer: Member) -> Any:
    """The viewer and their friends, by id."""
    return select(Friendship.friend_id).where(Friendship.member_id == viewer.id).union(select(literal(viewer.id)))


def _cards(viewer: Member) -> Question:
    ids = [entry_id for _at, entry_id in law.feed_ids(viewer.id, PAGE)]
    return lambda: shown(viewer, ids)


def _with_viewer(query: Callable[[Member], Any]) -> Callable[[Member], Question]:
    return lambda viewer: lambda: query(viewer)


TASKS = (
    Task("feed", "feed_ids, first page", _first_page),
    Task("feed", "feed_ids, deep page", _deep_page),
    Task("law", "visible_entry, a friend's", _friends_entry(Audience.FRIENDS, Audience.FRIENDS_OF_FRIENDS)),
    Task("law", "visible_entry, chosen by a friend", _friends_entry(Audience.CHOSEN)),
    Task("law", "visible_ids, a stranger's", _strangers_entry),
    *(Task("law", f"readers_of, {word}", _readers(word)) for word in SHARED),
    *(Task("law", f"readers_of, {word}, searched in vain", _readers(word, IN_VAIN)) for word in SHARED),
    *(Task("law", f"count_of_readers, {word}", _count_of_readers(word)) for word in SHARED),
    *(Task("law", f"count_of_future_readers, {word}", _count_of_future_readers(word)) for word in SHARED),
    Task("law", "counts_of_future_readers", _counts_of_future_readers),
    Task("ties", "connection, a friend of a friend", _way_to(_friend_of_friend)),
    Task("ties", "connection, a stranger", _way_to(_stranger)),
    Task("ties", "connection, no way to a secluded one", _way_to(_secluded)),
    Task("ties", "suggestions", _with_viewer(suggestions)),
    Task("ties", "people_to_know", _with_viewer(lambda viewer: people_to_know(viewer, None))),
    Task("cards", "shown, a page of the feed", _cards),
    Task("panels", "friends_favourites", _with_viewer(lambda viewer: friends_favourites(viewer, ()))),
    Task("panels", "newcomers", _with_viewer(lambda viewer: newcomers(viewer, ()))),
    Task("panels", "friends_grid", _with_viewer(lambda viewer: friends_grid(viewer, ()))),
    Task("panels", "count_of_members", _with_viewer(lambda _viewer: count_of_members())),
    Task("profile", "entries_by, one's own", _with_viewer(lambda viewer: entries_by(viewer, viewer, PAGE))),
    Task("profile", "friends_seen", _with_viewer(lambda viewer: friends_seen(viewer, viewer, PAGE))),
    Task("profile", "count_of_friends_seen", _with_viewer(lambda viewer: count_of_friends_seen(viewer, viewer))),
)
PARTS = (*dict.fromkeys(task.part for task in TASKS), "home", "photos")

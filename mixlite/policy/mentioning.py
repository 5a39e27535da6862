"""Mentions, through the law: whom a text names for its writer, and which of the names lead somewhere for a reader.

On the floor of the law, because entries of every kind and comments do it alike, and features do not know each other.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, exists, func, or_, select, union_all

from mixlite.core import events
from mixlite.core.db import VIEWER, ask, db
from mixlite.core.prose import handles_in
from mixlite.entries.audience import Audience
from mixlite.entries.comments import Comment
from mixlite.entries.entries import Entry
from mixlite.entries.marks import Like
from mixlite.entries.mentions import keep_mentions
from mixlite.entries.selections import Choice
from mixlite.people.friendships import Friendship
from mixlite.people.members import Member, is_here
from mixlite.policy.visibility import is_called, is_future_reader, meets, sees, shows_friends

COMPLETED = 8


def note_mentions(author: Member, entry: Entry, words: str, comment: Comment | None = None) -> None:
    """Keep whom these words of `author` mention, and an event for each who is named anew.

    Only people who exist for the author. Whether they may read it is asked again when they are told.
    """
    found = handles_in(words)
    ids = _met_by(author, found) if found else []
    for mention_id in keep_mentions(entry.id, comment.id if comment else None, ids):
        events.record("member.mentioned", actor_id=author.id, subject_id=mention_id)


def _met_by(author: Member, handles: frozenset[str]) -> Sequence[int]:
    query = select(Member.id).where(Member.handle.in_(handles), Member.id != author.id, meets(author.id, Member))
    return db.session.scalars(query).all()


def handles_met(viewer_id: Any, texts: Iterable[str]) -> frozenset[str]:
    """Which of the handles in these texts belong to people who exist for the viewer; one statement, or none."""
    found = frozenset[str]().union(*(handles_in(text) for text in texts))
    if not found:
        return found
    return frozenset(ask(_handles_met(), {"viewer": viewer_id, "handles": list(found)}).scalars())


@cache
def _handles_met() -> Select[str]:
    return select(Member.handle).where(Member.handle.in_(bindparam("handles", expanding=True)), meets(VIEWER, Member))


# --- completing what is being typed ---------------------------------------------------------------------------------
#
# Only people who can read the thing are offered, and only where offering them tells nothing new: whoever types must
# not learn from it whom the author chose, who the author's friends are, or who is near them.


def friends_to_mention(author: Member, words: str, audience: str, choice: Choice) -> Sequence[Member]:
    """For an entry that is being written: the author's friends who could read it. Eight at most."""
    is_friend = Member.id.in_(_friends_of(author))
    return _completed(words, is_friend, is_future_reader(author.id, Member, audience, choice))


def readers_to_mention(viewer: Member, entry: Entry, words: str) -> Sequence[Member]:
    """For a comment under an entry that the viewer sees: its readers, as far as the viewer knows of them.

    Everybody knows the author and whoever commented or liked it; the author, and whoever reads what is for everybody
    or for the friends of an author who shows them, knows which of their own friends can read it. Eight at most.
    """
    can_read = or_(Member.id == entry.author_id, exists(select(1).where(Entry.id == entry.id, sees(Member.id, Entry))))
    known = union_all(*_known_readers(viewer, entry))
    return _completed(words, Member.id.in_(known), Member.id != viewer.id, meets(viewer.id, Member), can_read)


def _known_readers(viewer: Member, entry: Entry) -> Iterator[Select[int]]:
    yield select(Entry.author_id).where(Entry.id == entry.id)
    yield select(Comment.author_id).where(Comment.entry_id == entry.id, Comment.deleted_at.is_(None))
    yield select(Like.member_id).where(Like.entry_id == entry.id)
    if (entry.author_id == viewer.id and not entry.is_guests) or entry.for_whom == Audience.MEMBERS:
        yield _friends_of(viewer)
    elif entry.for_whom == Audience.FRIENDS:
        yield _friends_of(viewer).where(shows_friends(viewer.id, entry.author_id))


def _friends_of(member: Member) -> Select[int]:
    return select(Friendship.friend_id).where(Friendship.member_id == member.id)


def _completed(words: str, *conditions: ColumnElement[bool]) -> Sequence[Member]:
    query = (
        select(Member)
        .where(is_here(Member), is_called(Member, words), *conditions)
        .order_by(func.length(Member.handle), Member.handle)
        .limit(COMPLETED)
    )
    return db.session.scalars(query).all()

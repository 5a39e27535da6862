"""Answering, marking, taking away. Each looks again, inside the writer's transaction, whether the entry is there."""

from datetime import timedelta

from mixlite.core import clock, events
from mixlite.core.config import current_settings
from mixlite.core.db import db
from mixlite.entries.comments import Comment
from mixlite.entries.entries import Entry, next_comment_number
from mixlite.entries.marks import Favourite, Like, Mark, set_mark, take_mark
from mixlite.entries.read_marks import note_reading
from mixlite.features.reading.queries import comment_on
from mixlite.people.members import Member
from mixlite.policy.permissions import Act, require
from mixlite.policy.visibility import visible_entry


def add_comment(member: Member, entry: Entry, *, body: str) -> Comment:
    """Write under an entry. Raises NotHere when it is gone meanwhile."""
    entry = visible_entry(member, entry.id)
    require(member, Act.COMMENT, entry)
    number = next_comment_number(entry)
    comment = Comment(entry_id=entry.id, number=number, author_id=member.id, text=body, created_at=clock.now())
    db.session.add(comment)
    db.session.flush()
    note_reading(member.id, entry.id, number)
    events.record("comment.added", actor_id=member.id, subject_id=comment.id)
    return comment


def remove_comment(member: Member, entry: Entry, number: int) -> None:
    """Invisible to all from now on; the number stays empty."""
    entry = visible_entry(member, entry.id)
    comment = comment_on(member, entry, number)
    require(member, Act.REMOVE_COMMENT, (entry, comment))
    comment.deleted_at = clock.now()
    events.record("comment.removed", actor_id=member.id, subject_id=comment.id, delay=_grace())


def like(member: Member, entry: Entry) -> None:
    """Once is enough."""
    _mark(member, entry, Like, "entry.liked")


def favour(member: Member, entry: Entry) -> None:
    """Recommend it to one's friends, as far as they may read it."""
    _mark(member, entry, Favourite, "entry.favoured")


def unlike(member: Member, entry: Entry) -> None:
    """Take the like away."""
    take_mark(Like, entry_id=entry.id, member_id=member.id)


def unfavour(member: Member, entry: Entry) -> None:
    """Recommend it no longer."""
    take_mark(Favourite, entry_id=entry.id, member_id=member.id)


def delete_entry(member: Member, entry: Entry) -> Entry:
    """Invisible to all from now on, the author included; the worker erases it soon after."""
    entry = visible_entry(member, entry.id)
    require(member, Act.DELETE, entry)
    entry.deleted_at = clock.now()
    events.record("entry.deleted", actor_id=member.id, subject_id=entry.id, delay=_grace())
    return entry


def _mark(member: Member, entry: Entry, mark: Mark, event_name: str) -> None:
    entry = visible_entry(member, entry.id)
    require(member, Act.MARK, entry)
    if set_mark(mark, entry_id=entry.id, member_id=member.id):
        events.record(event_name, actor_id=member.id, subject_id=entry.id)


def _grace() -> timedelta:
    return timedelta(seconds=current_settings().erase_after)

"""Answering, marking, taking away. Each looks again, inside the writer's transaction, whether the entry is there."""

from datetime import timedelta

from sqlalchemy import select

from mixlite.core import clock, events
from mixlite.core.config import current_settings
from mixlite.core.db import db
from mixlite.core.errors import NotHere, Refused
from mixlite.core.language import lazy_gettext as _l
from mixlite.entries.comments import Comment
from mixlite.entries.entries import Entry, next_comment_number
from mixlite.entries.marks import Favourite, Like, Mark, set_mark, take_mark
from mixlite.entries.photos import NONE_SENT, Sent, put_below_comment
from mixlite.entries.read_marks import note_reading
from mixlite.entries.versions import version_of
from mixlite.features.reading.queries import comment_on
from mixlite.people.members import Member
from mixlite.policy.mentioning import note_mentions
from mixlite.policy.permissions import Act, may, require
from mixlite.policy.visibility import visible_entry

UNDO_FOR = timedelta(seconds=10)


def add_comment(member: Member, entry: Entry, *, body: str, pictures: Sent = NONE_SENT) -> Comment:
    """Write under an entry. Raises NotHere when it is gone meanwhile."""
    entry = visible_entry(member, entry.id)
    require(member, Act.COMMENT, entry)
    if entry.comments_closed_at is not None:
        raise Refused(_l("Comments are closed here."), "body")
    number = next_comment_number(entry)
    comment = Comment(entry_id=entry.id, number=number, author_id=member.id, text=body, created_at=clock.now())
    db.session.add(comment)
    db.session.flush()
    put_below_comment(member, comment.id, pictures)
    note_reading(member.id, entry.id, number)
    events.record("comment.added", actor_id=member.id, subject_id=comment.id)
    note_mentions(member, entry, body, comment)
    return comment


def edit_comment(member: Member, entry: Entry, number: int, *, body: str) -> Comment:
    """Change one's own comment within ten minutes. Raises NotHere, NotYours, and Refused once the time is over."""
    entry = visible_entry(member, entry.id)
    comment = comment_on(member, entry, number)
    if comment.author_id == member.id and not may(member, Act.EDIT_COMMENT, (entry, comment)):
        raise Refused(
            _l("A comment can be changed for ten minutes; that time is over. You can write another one."), "body"
        )
    require(member, Act.EDIT_COMMENT, (entry, comment))
    if comment.text != body:
        comment.text, comment.edited_at = body, clock.now()
        db.session.flush()
        events.record("comment.changed", actor_id=member.id, subject_id=comment.id)
        note_mentions(member, entry, body, comment)
    return comment


def close_comments(member: Member, entry: Entry) -> None:
    """Nobody can write under it any more; what stands there stays."""
    entry = visible_entry(member, entry.id)
    require(member, Act.CLOSE_COMMENTS, entry)
    entry.comments_closed_at = entry.comments_closed_at or clock.now()


def open_comments(member: Member, entry: Entry) -> None:
    """As before."""
    entry = visible_entry(member, entry.id)
    require(member, Act.CLOSE_COMMENTS, entry)
    entry.comments_closed_at = None


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


def restore_entry(member: Member, entry_id: int) -> Entry:
    """Take back one's own deleting, within ten seconds. Raises NotHere for everybody and everything else.

    The row is held first: of this and the worker's erasing, one comes first and the other finds nothing to do.
    """
    query = select(Entry).where(Entry.id == entry_id, Entry.deleted_at.is_not(None)).with_for_update()
    entry = db.session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if entry is None or not _is_taken_back("entry.deleted", member, entry_id):
        raise NotHere
    entry.deleted_at = None
    return entry


def restore_comment(member: Member, entry: Entry, number: int) -> Comment:
    """The same for a comment, by whoever removed it."""
    entry = visible_entry(member, entry.id)
    query = select(Comment).where(
        Comment.entry_id == entry.id, Comment.number == number, Comment.deleted_at.is_not(None)
    )
    comment = db.session.scalars(query.with_for_update().execution_options(populate_existing=True)).one_or_none()
    if comment is None or not _is_taken_back("comment.removed", member, comment.id):
        raise NotHere
    comment.deleted_at = None
    return comment


def _is_taken_back(name: str, member: Member, subject_id: int) -> bool:
    return events.take_back(name, actor_id=member.id, subject_id=subject_id, within=UNDO_FOR)


def delete_version(member: Member, entry: Entry, number: int) -> None:
    """An earlier version is gone for good."""
    entry = visible_entry(member, entry.id)
    require(member, Act.SEE_VERSIONS, entry)
    db.session.delete(version_of(entry, number))


def _mark(member: Member, entry: Entry, mark: Mark, event_name: str) -> None:
    entry = visible_entry(member, entry.id)
    require(member, Act.MARK, entry)
    if set_mark(mark, entry_id=entry.id, member_id=member.id):
        events.record(event_name, actor_id=member.id, subject_id=entry.id)


def _grace() -> timedelta:
    """Not before it can be taken back no more."""
    return timedelta(seconds=current_settings().erase_after)

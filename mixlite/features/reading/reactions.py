"""What the worker does after something was taken away: deleted means gone (DESIGN.md, section 4)."""

from sqlalchemy import delete

from mixlite.core.db import db
from mixlite.core.events import Event
from mixlite.entries.comments import Comment
from mixlite.entries.entries import Entry


def erase_entry(event: Event) -> None:
    """The entry's row and everything that hangs on it, unless it was asked back in time."""
    db.session.execute(delete(Entry).where(Entry.id == event.subject_id, Entry.deleted_at.is_not(None)))


def erase_comment(event: Event) -> None:
    """The comment's row; its number stays empty."""
    db.session.execute(delete(Comment).where(Comment.id == event.subject_id, Comment.deleted_at.is_not(None)))

"""Entries and comments, as somebody may report them to the host."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flask import url_for
from sqlalchemy import select

from mixlite.core import clock, events
from mixlite.core.config import current_settings
from mixlite.core.db import db
from mixlite.core.errors import NotHere
from mixlite.core.language import lazy_gettext as _l
from mixlite.core.rooms import Reportable, current_house
from mixlite.entries.comments import Comment
from mixlite.entries.entries import Entry
from mixlite.features.reading.queries import comment_on
from mixlite.people.members import Member
from mixlite.policy.visibility import visible_entry


def snapshot_of_entry(entry: Entry) -> Mapping[str, Any]:
    """Its words, for whom they were, and when; of a photo what it shows, and nothing of what it lies in, which nobody
    reported.
    """
    content = current_house().kinds[entry.kind].load([entry.id])[entry.id]
    shown = getattr(getattr(content, "print", None), "alt", "")
    return {
        "title": "" if entry.parent_id else getattr(content, "title", ""),
        "text": content.body or shown,
        "audience": str(entry.for_whom),
        "made_at": entry.shown_at.isoformat(),
    }


def remove_entry(host: Member, entry_id: int) -> bool:
    """Invisible to all from now on, as if its author had deleted it; the worker erases it soon after."""
    entry = db.session.get(Entry, entry_id, populate_existing=True)
    if entry is None or entry.deleted_at is not None:
        return False
    entry.deleted_at = clock.now()
    events.record("entry.deleted", actor_id=host.id, subject_id=entry.id, delay=_grace())
    return True


def visible_comment(viewer: Member, comment_id: int) -> Comment:
    """The comment, if its entry and its writer exist for the viewer. Raises NotHere."""
    place = db.session.execute(select(Comment.entry_id, Comment.number).where(Comment.id == comment_id)).one_or_none()
    if place is None:
        raise NotHere
    return comment_on(viewer, visible_entry(viewer, place.entry_id), place.number)


def snapshot_of_comment(comment: Comment) -> Mapping[str, Any]:
    """Its words and its number; nothing of the entry above it, which nobody reported."""
    return {"text": comment.text, "number": comment.number, "made_at": comment.created_at.isoformat()}


def remove_comment(host: Member, comment_id: int) -> bool:
    """Invisible to all from now on; its number stays empty."""
    comment = db.session.get(Comment, comment_id, populate_existing=True)
    if comment is None or comment.deleted_at is not None:
        return False
    comment.deleted_at = clock.now()
    events.record("comment.removed", actor_id=host.id, subject_id=comment.id, delay=_grace())
    return True


def _grace() -> timedelta:
    return timedelta(seconds=current_settings().erase_after)


ENTRY = Reportable(
    name="entry",
    label=_l("Entry"),
    removal=_l("Remove the entry"),
    load=visible_entry,
    maker_id=lambda entry: entry.author_id,
    address=lambda entry: url_for("reading.show", entry_id=entry.id),
    snapshot=snapshot_of_entry,
    remove=remove_entry,
)
COMMENT = Reportable(
    name="comment",
    label=_l("Comment"),
    removal=_l("Remove the comment"),
    load=visible_comment,
    maker_id=lambda comment: comment.author_id,
    address=lambda comment: url_for("reading.show", entry_id=comment.entry_id, _anchor="comments"),
    snapshot=snapshot_of_comment,
    remove=remove_comment,
)

"""Everybody in the demo was here the day before yesterday, so that home has something new and an end of it."""

from datetime import datetime, timedelta

from sqlalchemy import delete, func, insert, literal, select, union

from mixlite.core.db import BigId, Moment, db, writing
from mixlite.entries.comments import Comment
from mixlite.entries.entries import Entry
from mixlite.entries.read_marks import ReadMark
from mixlite.features.home.models import FeedMark
from mixlite.people.members import Member, is_here

AWAY = timedelta(days=2)


def everybody_has_read(now: datetime) -> None:
    """What is older than `AWAY` is read: the feed by all, the comments by those who wrote there."""
    then = now - AWAY
    seen = (
        select(func.coalesce(func.max(Comment.number), 0))
        .where(Comment.entry_id == Entry.id, Comment.created_at <= then)
        .correlate(Entry)
        .scalar_subquery()
    )
    answered = select(Comment.author_id, Entry.id, seen).join(Entry, Entry.id == Comment.entry_id)
    own = select(Entry.author_id, Entry.id, seen)
    feed = select(Member.id, literal(then, Moment), literal(0, BigId)).where(is_here(Member))
    with writing():
        db.session.execute(delete(ReadMark))
        db.session.execute(insert(FeedMark).from_select(["member_id", "shown_at", "entry_id"], feed))
        reads = union(own.where(Entry.shown_at <= then), answered.where(Comment.created_at <= then))
        db.session.execute(insert(ReadMark).from_select(["member_id", "entry_id", "number"], reads))

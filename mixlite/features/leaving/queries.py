"""What somebody would leave behind."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import exists, func, select

from mixlite.core.db import db
from mixlite.entries.comments import Comment
from mixlite.entries.entries import Entry
from mixlite.people.friendships import count_of_friends
from mixlite.people.members import Member, is_here


def what_goes(member: Member) -> Mapping[str, int]:
    """How many entries, comments and friends."""
    entries = select(func.count()).where(Entry.author_id == member.id, Entry.deleted_at.is_(None))
    comments = select(func.count()).where(Comment.author_id == member.id, Comment.deleted_at.is_(None))
    return {
        "entries": db.session.scalar(entries) or 0,
        "comments": db.session.scalar(comments) or 0,
        "friends": count_of_friends(member.id),
    }


def is_last_host(member: Member) -> bool:
    """Whether the circle would be without a host."""
    others = exists(select(1).where(Member.is_host, is_here(Member), Member.id != member.id))
    return member.is_host and not db.session.scalar(select(others))


def way_out(_viewer: Member, _subjects: Sequence[Any]) -> Mapping[None, Any]:
    """For the account page: where one leaves."""
    return {None: {}}

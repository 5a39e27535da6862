"""Entries as one viewer sees them: loaded through the law, with their contents and the counts this viewer may know.

However many entries a page shows, it asks the same number of questions.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlalchemy import Select, func, select

from mixlite.core.db import db
from mixlite.core.rooms import Kind, current_house
from mixlite.entries.comments import Comment
from mixlite.entries.entries import Entry, entries_by_id
from mixlite.entries.marks import Favourite, Like
from mixlite.people.members import Member
from mixlite.policy.visibility import meets


@dataclass
class Shown:
    """An entry on a page."""

    entry: Entry
    content: Any
    kind: Kind
    is_mine: bool
    comment_count: int
    like_count: int
    liked: bool
    favourited: bool
    favourite_of: list[Member] = field(default_factory=list)

    @property
    def card(self) -> str:
        """The template that draws it in a list."""
        return self.kind.card

    @property
    def page(self) -> str:
        """The template that draws it on its own page."""
        return self.kind.page


_COMMENTS = (
    select(Comment.entry_id, func.count())
    .join(Member, Member.id == Comment.author_id)
    .where(Comment.deleted_at.is_(None))
)
_LIKES = select(Like.entry_id, func.count()).join(Member, Member.id == Like.member_id)


class Onlooker(Protocol):
    """A member, or somebody who stands so (id 0): whose eyes the law is asked for."""

    @property
    def id(self) -> Any: ...


def shown(viewer: Onlooker, entry_ids: Sequence[int]) -> list[Shown]:
    """These entries in this order, drawn for `viewer`. The ids must have come through the law."""
    entries = entries_by_id(entry_ids)
    contents = _contents(list(entries.values()))
    comments = _counts(viewer, entry_ids, _COMMENTS, Comment)
    likes = _counts(viewer, entry_ids, _LIKES, Like)
    liked = _marked(viewer, entry_ids, Like)
    favourited = _marked(viewer, entry_ids, Favourite)
    kinds = current_house().kinds
    return [
        Shown(
            entry=entry,
            content=contents[entry.id],
            kind=kinds[entry.kind],
            is_mine=entry.author_id == viewer.id,
            comment_count=comments.get(entry.id, 0),
            like_count=likes.get(entry.id, 0),
            liked=entry.id in liked,
            favourited=entry.id in favourited,
        )
        for entry in (entries[entry_id] for entry_id in entry_ids if entry_id in entries)
        if entry.id in contents
    ]


def _contents(entries: Sequence[Entry]) -> dict[int, Any]:
    """One statement for each kind that the house knows and the page needs."""
    found: dict[int, Any] = {}
    for name, kind in current_house().kinds.items():
        ids = [entry.id for entry in entries if entry.kind == name]
        if ids:
            found.update(kind.load(ids))
    return found


def _counts(
    viewer: Onlooker, entry_ids: Sequence[int], query: Select[int, int], table: type[Comment] | type[Like]
) -> dict[int, int]:
    """How many the viewer could list: what people who do not exist for them made is left out."""
    query = query.where(table.entry_id.in_(set(entry_ids)), meets(viewer.id, Member)).group_by(table.entry_id)
    return dict(db.session.execute(query).all()) if entry_ids else {}


def _marked(viewer: Onlooker, entry_ids: Sequence[int], mark: type[Like] | type[Favourite]) -> set[int]:
    query = select(mark.entry_id).where(mark.member_id == viewer.id, mark.entry_id.in_(set(entry_ids)))
    return set(db.session.scalars(query)) if entry_ids else set()

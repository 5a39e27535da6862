"""Entries as one viewer sees them: loaded through the law, with their contents and the counts this viewer may know.

However many entries a page shows, it asks the same number of questions.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, and_, bindparam, case, exists, func, literal, select

from mixlite.core.db import VIEWER, ask
from mixlite.core.prose import handles_in
from mixlite.core.rooms import Kind, current_house
from mixlite.entries.comments import Comment
from mixlite.entries.entries import Entry, entries_by_id
from mixlite.entries.marks import Favourite, Like
from mixlite.entries.photos import Place, Prints, places_of, prints_of
from mixlite.entries.read_marks import ReadMark
from mixlite.people.members import Member
from mixlite.people.mutes import Mute, is_running
from mixlite.policy.mentioning import handles_met
from mixlite.policy.visibility import meets, shows_photo


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
    # Comments by others that the viewer has not seen, only where the viewer has looked before. For the viewer alone: a
    # page that shows things through somebody else's eyes must not draw it, or it would tell what they have read.
    new_count: int = 0
    first_new: int = 0  # the number of the first of them
    known: frozenset[str] = frozenset()  # the handles in its words that lead to somebody for this viewer
    prints: Prints = field(default_factory=Prints)  # the first of its photos
    place: Place | None = None  # of a photo: what is beside it

    @property
    def lists_readers(self) -> bool:
        """Whether the viewer may see exactly who reads it."""
        return self.is_mine and not self.entry.is_guests

    @property
    def card(self) -> str:
        """The template that draws it in a list."""
        return self.kind.card

    @property
    def page(self) -> str:
        """The template that draws it on its own page."""
        return self.kind.page


def shown(viewer: Member, entry_ids: Sequence[int]) -> list[Shown]:
    """These entries in this order, drawn for `viewer`. The ids must have come through the law."""
    entries = entries_by_id(entry_ids)
    contents = _contents(list(entries.values()))
    comments = _comments(viewer, entry_ids)
    likes = _likes(viewer, entry_ids)
    marked = _marked(viewer, entry_ids)
    liked, favourited = marked[Like.__tablename__], marked[Favourite.__tablename__]
    words = {entry_id: getattr(content, "body", "") or "" for entry_id, content in contents.items()}
    met = handles_met(viewer.id, words.values())
    prints = prints_of(entry_ids, shows_photo(viewer.id))
    photos = [entry_id for entry_id, entry in entries.items() if entry.kind == "photo"]
    places = places_of(photos, shows_photo(viewer.id))
    kinds = current_house().kinds
    return [
        Shown(
            entry=entry,
            content=contents[entry.id],
            kind=kinds[entry.kind],
            is_mine=entry.author_id == viewer.id,
            comment_count=comments[entry.id].all if entry.id in comments else 0,
            like_count=likes.get(entry.id, 0),
            liked=entry.id in liked,
            favourited=entry.id in favourited,
            new_count=(comments[entry.id].new or 0) if entry.id in comments else 0,
            first_new=(comments[entry.id].first_new or 0) if entry.id in comments else 0,
            known=handles_in(words[entry.id]) & met if met else met,
            prints=prints.get(entry.id, Prints()),
            place=places.get(entry.id),
        )
        for entry in (entries[entry_id] for entry_id in entry_ids if entry_id in entries)
        if entry.id in contents
    ]


def titles_of(entry_ids: Sequence[int]) -> list[tuple[Entry, Any]]:
    """These entries in this order, with their authors and their contents: what a list of titles says. The ids must have
    come through the law.
    """
    entries = entries_by_id(entry_ids)
    contents = _contents(list(entries.values()))
    return [(entries[entry_id], contents[entry_id]) for entry_id in entry_ids if entry_id in contents]


def _contents(entries: Sequence[Entry]) -> dict[int, Any]:
    """One statement for each kind that the house knows and the page needs."""
    found: dict[int, Any] = {}
    for name, kind in current_house().kinds.items():
        ids = [entry.id for entry in entries if entry.kind == name]
        if ids:
            found.update(kind.load(ids))
    return found


def seen_number() -> ColumnElement[int | None]:
    """Up to which comment VIEWER has seen what stands under Entry, which ReadMark is joined to from outside.

    Under one's own entry everything is to be seen; under others' only what comes after a visit: before it, nothing is
    said of comments (None).
    """
    return func.coalesce(ReadMark.number, case((Entry.author_id == VIEWER, 0)))


def may_be_news() -> ColumnElement[bool]:
    """Whether a comment can be new to VIEWER at all: nothing of their own, and nothing of those whom they mute."""
    is_muted = exists(select(1).where(Mute.member_id == VIEWER, Mute.muted_id == Comment.author_id, is_running()))
    return and_(Comment.author_id != VIEWER, ~is_muted)


@cache
def _comment_counts() -> Any:
    is_new = and_(Comment.number > seen_number(), may_be_news())
    return (
        select(
            Comment.entry_id,
            func.count().label("all"),
            func.sum(case((is_new, 1), else_=0)).label("new"),
            func.min(case((is_new, Comment.number))).label("first_new"),
        )
        .join(Entry, Entry.id == Comment.entry_id)
        .join(Member, Member.id == Comment.author_id)
        .outerjoin(ReadMark, and_(ReadMark.entry_id == Comment.entry_id, ReadMark.member_id == VIEWER))
        .where(Comment.entry_id.in_(bindparam("ids", expanding=True)), Comment.deleted_at.is_(None))
        .where(meets(VIEWER, Member))
        .group_by(Comment.entry_id)
    )


def _comments(viewer: Member, entry_ids: Sequence[int]) -> dict[int, Any]:
    """By entry: how many comments the viewer could list, how many of them are new, and the first that is."""
    if not entry_ids:
        return {}
    given = {"viewer": viewer.id, "ids": sorted(set(entry_ids))}
    return {row.entry_id: row for row in ask(_comment_counts(), given)}


@cache
def _like_counts() -> Any:
    return (
        select(Like.entry_id, func.count().label("likes"))
        .join(Member, Member.id == Like.member_id)
        .where(Like.entry_id.in_(bindparam("ids", expanding=True)), meets(VIEWER, Member))
        .group_by(Like.entry_id)
    )


def _likes(viewer: Member, entry_ids: Sequence[int]) -> dict[int, int]:
    """How many the viewer could list: what people who do not exist for them made is left out."""
    given = {"viewer": viewer.id, "ids": sorted(set(entry_ids))}
    return {row.entry_id: row.likes for row in ask(_like_counts(), given)} if entry_ids else {}


@cache
def _own_marks() -> Any:
    ids: BindParameter[int] = bindparam("ids", expanding=True)
    likes, favourites = (
        select(literal(mark.__tablename__).label("mark"), mark.entry_id).where(
            mark.member_id == VIEWER, mark.entry_id.in_(ids)
        )
        for mark in (Like, Favourite)
    )
    return likes.union_all(favourites)


def _marked(viewer: Member, entry_ids: Sequence[int]) -> dict[str, set[int]]:
    """What the viewer likes among these, and what is a favourite of theirs."""
    found: dict[str, set[int]] = {Like.__tablename__: set(), Favourite.__tablename__: set()}
    given = {"viewer": viewer.id, "ids": sorted(set(entry_ids))}
    for mark, entry_id in ask(_own_marks(), given) if entry_ids else ():
        found[mark].add(entry_id)
    return found

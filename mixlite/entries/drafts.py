"""Drafts: what a form holds before it is sent, for its author's eyes only.

A draft of something new is known by the nonce of its form: so whatever was published from that form has no draft any
more, even where a last saving was still on its way. A draft of a change is known by its entry.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from sqlalchemy import ForeignKey, Index, Select, String, UniqueConstraint, and_, delete, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from mixlite.core import clock
from mixlite.core.db import Base, BigId, db
from mixlite.core.errors import Conflict, NotHere, Refused
from mixlite.core.language import lazy_gettext as _l
from mixlite.core.once import NONCE_LENGTH, was_sent
from mixlite.core.text import is_blank
from mixlite.entries.entries import Entry

MOST_DRAFTS = 50
CONTENT_LENGTH = 120_000  # of JSON: the longest diary of plain letters five times over
WINDOW_LENGTH = 24
WORDS = ("title", "body")  # the fields that hold words; a draft without any is none

Typed = Mapping[str, Sequence[str]]


class Draft(Base):
    """`content` is what the fields say, as a browser sends it, by name. `version` goes up with every saving.

    `saved_by` is a random word of the browser window that saved it last: a window does not stand in its own way when
    an answer was lost.
    """

    __tablename__ = "drafts"
    __table_args__ = (
        UniqueConstraint("author_id", "nonce"),
        Index("ix_drafts_author_id", "author_id", "saved_at"),
        Index("ix_drafts_entry_id", "entry_id"),
        Base.__table_args__,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(20))
    nonce: Mapped[str] = mapped_column(String(NONCE_LENGTH))
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("entries.id", ondelete="CASCADE"))
    version: Mapped[int] = mapped_column(default=1)
    saved_by: Mapped[str] = mapped_column(String(WINDOW_LENGTH), default="")
    content: Mapped[str] = mapped_column(String(CONTENT_LENGTH))
    saved_at: Mapped[datetime]

    @property
    def typed(self) -> dict[str, list[str]]:
        """What the fields say."""
        found: dict[str, list[str]] = json.loads(self.content)
        return found

    def first(self, name: str) -> str:
        """The words of one field."""
        return next(iter(self.typed.get(name, ())), "")


@dataclass(frozen=True)
class Kept:
    """What another window saved, in plain values: they outlive the transaction that found them."""

    id: int
    version: int
    saved_at: datetime
    title: str
    body: str

    @classmethod
    def of(cls, draft: Draft) -> Self:
        """As it is now."""
        return cls(draft.id, draft.version, draft.saved_at, draft.first("title"), draft.first("body"))


class Overtaken(Conflict):
    """This draft was saved in another window since (409). `kept` is what is there now; None: it is gone."""

    def __init__(self, draft: Draft | None):
        super().__init__(
            _l("This draft was saved in another window meanwhile. Nothing was overwritten.")
            if draft
            else _l("In another window this was published or thrown away. What you typed is still in this one.")
        )
        self.kept = Kept.of(draft) if draft else None


def nonce_of_change(entry_id: int) -> str:
    """By which the draft of a change is known. No form has such a nonce."""
    return f"entry:{entry_id}"


def save_draft(
    author_id: int, *, kind: str, nonce: str, entry_id: int | None, typed: Typed, version: int, window: str
) -> Draft | None:
    """Keep what was typed, in place of `version`, 0 for a first saving; None where there are no words to keep.

    Raises Overtaken when another window was faster, and Refused when there is too much of it.
    """
    content = _content(typed)
    draft = _held(author_id, nonce)
    if draft is None:
        if not has_words(typed):
            return None
        if version or was_sent(author_id, nonce):
            raise Overtaken(None)
        draft = _made(author_id, kind=kind, nonce=nonce, entry_id=entry_id, content=content, window=window)
        if draft is not None:
            return draft
        draft = _held(author_id, nonce)
    if draft is None or draft.content == content:
        return draft
    if draft.version != version and not (window and draft.saved_by == window):
        raise Overtaken(draft)
    if not has_words(typed):
        db.session.delete(draft)
        return None
    draft.content, draft.saved_by, draft.saved_at = content, window, clock.now()
    draft.version += 1
    db.session.flush()
    return draft


def has_words(typed: Typed) -> bool:
    """Whether there is anything to keep."""
    return any(not is_blank(words) for name in WORDS for words in typed.get(name, ()))


def _content(typed: Typed) -> str:
    content = json.dumps({name: list(values) for name, values in sorted(typed.items())}, ensure_ascii=False)
    if len(content) > CONTENT_LENGTH:
        raise Refused(_l("This is too long to be kept as a draft."))
    return content


def _held(author_id: int, nonce: str) -> Draft | None:
    query = select(Draft).where(Draft.author_id == author_id, Draft.nonce == nonce).with_for_update()
    return db.session.scalars(query.execution_options(populate_existing=True)).one_or_none()


def _made(author_id: int, *, kind: str, nonce: str, entry_id: int | None, content: str, window: str) -> Draft | None:
    """None when another window made it in this moment."""
    if (db.session.scalar(select(func.count()).where(Draft.author_id == author_id)) or 0) >= MOST_DRAFTS:
        raise Refused(_l("You have as many drafts as there is room for. Please throw one away first."))
    insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    row: dict[str, Any] = {"author_id": author_id, "kind": kind, "nonce": nonce, "entry_id": entry_id, "version": 1}
    row |= {"content": content, "saved_by": window, "saved_at": clock.now()}
    return db.session.scalars(insert(Draft).values(row).on_conflict_do_nothing().returning(Draft)).one_or_none()


def drafts_of(author_id: int) -> Sequence[Draft]:
    """All of them, the latest first. Those of an entry that is deleted are as invisible as it is."""
    return db.session.scalars(_usable(author_id).order_by(Draft.saved_at.desc(), Draft.id.desc())).all()


def draft_of(author_id: int, draft_id: int) -> Draft:
    """One of them. Raises NotHere for everything else."""
    draft = db.session.scalars(_usable(author_id).where(Draft.id == draft_id)).one_or_none()
    if draft is None:
        raise NotHere
    return draft


def newest_draft(author_id: int, kind: str) -> Draft | None:
    """The latest of something new of this kind."""
    query = select(Draft).where(Draft.author_id == author_id, Draft.kind == kind, Draft.entry_id.is_(None))
    return db.session.scalars(query.order_by(Draft.saved_at.desc(), Draft.id.desc()).limit(1)).one_or_none()


def draft_of_change(author_id: int, entry_id: int) -> Draft | None:
    """Of a change of this entry."""
    query = select(Draft).where(Draft.author_id == author_id, Draft.nonce == nonce_of_change(entry_id))
    return db.session.scalars(query).one_or_none()


def _usable(author_id: int) -> Select[Draft]:
    is_there = and_(Entry.deleted_at.is_(None), Entry.author_id == author_id)
    query = select(Draft).outerjoin(Entry, Entry.id == Draft.entry_id)
    return query.where(Draft.author_id == author_id, or_(Draft.entry_id.is_(None), is_there))


def forget_draft(author_id: int, nonce: str) -> None:
    """What it held was sent."""
    db.session.execute(delete(Draft).where(Draft.author_id == author_id, Draft.nonce == nonce))


def forget_drafts_of(member_id: int) -> None:
    """When somebody is erased."""
    db.session.execute(delete(Draft).where(Draft.author_id == member_id))

"""The entry: the spine that everything a member publishes stands on. Its words live with its kind."""

from collections.abc import Iterable
from datetime import datetime
from functools import cache

from sqlalchemy import CheckConstraint, ForeignKey, Index, Select, String, bindparam, select, text, update
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from mixlite.core import clock, events
from mixlite.core.db import Base, BigId, db
from mixlite.core.errors import Stale
from mixlite.core.language import lazy_gettext as _l
from mixlite.entries.audience import AS_PARENT, Audience, HasAudience
from mixlite.entries.habits import keep_habit
from mixlite.entries.selections import Choice, selection_of
from mixlite.people.members import Member

# A partial index is used only by a query that says its condition in the same literal words (PERFORMANCE.md).
# The words that all friends may read are named one by one: a word that the law does not know yet stands in no feed.
FEED_INDEX = "ix_entries_feed"
IN_FEED = "audience IN ('friends', 'friends_of_friends', 'members') AND deleted_at IS NULL"
CHOSEN_INDEX = "ix_entries_chosen"
FOR_CHOSEN = "audience = 'chosen' AND deleted_at IS NULL"
SELECTION_INDEX = "ix_entries_selection"
OWN_INDEX = "ix_entries_own"
ANSWERED_INDEX = "ix_entries_answered"
ANSWERED = "last_number > 0"
PHOTOS_INDEX = "ix_entries_photos"
IS_PHOTO = "kind = 'photo' AND deleted_at IS NULL"
_WORDS = ", ".join(repr(str(word)) for word in (*Audience, AS_PARENT))


def _index(name: str, *columns: str, where: str) -> Index:
    """Of a part of the table."""
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


class Entry(HasAudience, Base):
    """One thing published by one member.

    `published_at` is the first moment anybody else could read it; `shown_at` is where it stands in lists: the same,
    or when it was written as long as nobody else could. `last_number` counts all comments ever made: numbers never
    return. `revision` counts how often its words or its audience were changed, so that two who edit at once are told.
    `needs_no_answer` is its author's word to readers that nothing is expected of them.

    An entry with a parent is read through it and stands in no list but its parent's. Its own audience says `parent`,
    and the parent of a parent is nothing: the law looks one floor up.
    """

    __tablename__ = "entries"
    __table_args__ = (
        CheckConstraint(f"audience IN ({_WORDS})", name="audience"),
        CheckConstraint(f"(audience = '{AS_PARENT}') = (parent_id IS NOT NULL)", name="child"),
        CheckConstraint("(audience = 'chosen') = (selection_id IS NOT NULL)", name="selection"),
        _index(FEED_INDEX, "author_id", "shown_at", "id", where=IN_FEED),
        _index(CHOSEN_INDEX, "author_id", "shown_at", "id", "selection_id", where=FOR_CHOSEN),
        _index(SELECTION_INDEX, "selection_id", "shown_at", "id", where="selection_id IS NOT NULL"),
        Index(OWN_INDEX, "author_id", "shown_at", "id"),
        _index(ANSWERED_INDEX, "author_id", "shown_at", "id", where=ANSWERED),
        _index(PHOTOS_INDEX, "author_id", "id", where=IS_PHOTO),
        _index("ix_entries_parent_id", "parent_id", "id", where="parent_id IS NOT NULL"),
        Base.__table_args__,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[datetime]
    published_at: Mapped[datetime | None]
    shown_at: Mapped[datetime]
    edited_at: Mapped[datetime | None]
    last_number: Mapped[int] = mapped_column(default=0)
    revision: Mapped[int] = mapped_column(default=1)
    comments_closed_at: Mapped[datetime | None]
    needs_no_answer: Mapped[bool] = mapped_column(default=False)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("entries.id", ondelete="CASCADE"))

    author: Mapped[Member] = relationship(lazy="raise_on_sql")
    parent: Mapped["Entry | None"] = relationship(lazy="raise_on_sql", remote_side="Entry.id")

    @property
    def for_whom(self) -> str:
        """The word of who reads it; of a child, its parent's. For an entry that was loaded by a query of ours.

        Of a guest's it is only that: whom the parent's author chose is not the guest's to know, nor to say.
        """
        return self.parent.audience if self.parent and not self.is_guests else self.audience

    @property
    def is_guests(self) -> bool:
        """Whether it stands in something that somebody else made."""
        return self.parent is not None and self.parent.author_id != self.author_id


def publish(
    author: Member, *, kind: str, audience: str, choice: Choice | None = None, needs_no_answer: bool = False
) -> Entry:
    """Make the entry that a kind's words hang on, and the event of it. `choice` spells out the audience `chosen`.

    Raises Refused when that names nobody.
    """
    now = clock.now()
    is_private = audience == Audience.ONLY_ME
    entry = Entry(
        kind=kind,
        author_id=author.id,
        audience=audience,
        selection_id=selection_for(author.id, audience, choice),
        created_at=now,
        shown_at=now,
        published_at=None if is_private else now,
        needs_no_answer=needs_no_answer,
    )
    db.session.add(entry)
    db.session.flush()
    keep_habit(author.id, kind, audience, entry.selection_id)
    events.record("entry.published", actor_id=author.id, subject_id=entry.id)
    return entry


def publish_below(author: Member, parent: Entry, *, kind: str, as_guest: bool = False) -> Entry:
    """Make an entry that is read through `parent`, which has no parent itself and is the author's own, or another's
    who lets the author add to it (`as_guest`).
    """
    if parent.parent_id is not None or (parent.author_id != author.id) != as_guest:
        raise ValueError("not a parent for this")
    now = clock.now()
    entry = Entry(
        kind=kind,
        author_id=author.id,
        audience=AS_PARENT,
        parent_id=parent.id,
        created_at=now,
        shown_at=now,
        published_at=now,
    )
    db.session.add(entry)
    db.session.flush()
    events.record("entry.added_below", actor_id=author.id, subject_id=entry.id)
    return entry


def selection_for(author_id: int, audience: str, choice: Choice | None) -> int | None:
    """What stands beside the word: a selection for `chosen`, else nothing. Raises Refused for a choice of nobody."""
    return selection_of(author_id, choice or Choice()) if audience == Audience.CHOSEN else None


def change_audience(entry: Entry, audience: str, choice: Choice | None = None) -> None:
    """Narrow or widen. The first time anybody else can read it, it takes its place in lists as new. An older window
    that would change it back without knowing is told, as it is of words.

    Raises Refused for a choice of nobody.
    """
    selection_id = selection_for(entry.author_id, audience, choice)
    if (entry.audience, entry.selection_id) != (audience, selection_id):
        entry.revision += 1
    entry.selection_id = selection_id
    if entry.published_at is None and audience != Audience.ONLY_ME:
        entry.published_at = entry.shown_at = clock.now()
    entry.audience = audience


def hold(entry: Entry, revision: int | None) -> Entry:
    """The entry, held for a change of its words. Raises Stale when they are not those of `revision` any more.

    None asks for nothing: whoever calls did not look.
    """
    query = select(Entry).where(Entry.id == entry.id).with_for_update()
    held = db.session.scalars(query.execution_options(populate_existing=True)).one()
    if revision is not None and held.revision != revision:
        raise Stale(
            _l("This was saved in another window meanwhile. Below is what is saved now; press again to keep yours."),
            held.revision,
        )
    return held


def touch(entry: Entry, *, words_changed: bool) -> None:
    """Note that its author changed it; "edited" is shown only for changed words."""
    if words_changed:
        entry.edited_at = clock.now()
        entry.revision += 1
    db.session.flush()
    events.record("entry.changed", actor_id=entry.author_id, subject_id=entry.id)


def next_comment_number(entry: Entry) -> int:
    """The number of a new comment. Holds the entry's row, so two at once get two numbers."""
    claim = (
        update(Entry).where(Entry.id == entry.id).values(last_number=Entry.last_number + 1).returning(Entry.last_number)
    )
    return db.session.execute(claim.execution_options(synchronize_session=False)).scalar_one()


def entries_by_id(ids: Iterable[int]) -> dict[int, Entry]:
    """With their authors and parents, in one statement."""
    wanted = set(ids)
    return {entry.id: entry for entry in db.session.scalars(_with_authors(), {"ids": wanted})} if wanted else {}


@cache
def _with_authors() -> Select[Entry]:
    """Built once: every list asks it."""
    return (
        select(Entry)
        .where(Entry.id.in_(bindparam("ids", expanding=True)))
        .options(joinedload(Entry.author), joinedload(Entry.parent))
    )

"""What members say of themselves, fact by fact, each with its own audience.

The list of one's friends is one of them: its row holds no words, only who may see the list. Whoever never decided shows
it to every member.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Index, String, func, select, text
from sqlalchemy.orm import Mapped, mapped_column

from mixlite.core.db import Base, BigId, db
from mixlite.core.language import lazy_gettext as _l
from mixlite.entries.audience import Audience, HasAudience

LABEL_LENGTH = 30
VALUE_LENGTH = 300
MOST_FREE = 10
_ONE_OF_EACH = text("kind <> 'free'")


class FactKind(StrEnum):
    """In the order in which a profile shows them."""

    READING = "reading"
    BIRTHDAY = "birthday"
    PLACE = "place"
    SCHOOL = "school"
    WORK = "work"
    INTERESTS = "interests"
    FREE = "free"
    FRIENDS = "friends"


# What each is called, and for whom it is usually meant: what people are called by and what they like to talk about is
# for everybody here; what places them in the world (and could be used to pass for them) is for friends.
NAMES: Mapping[str, Any] = {
    FactKind.READING: _l("How my name is read"),
    FactKind.BIRTHDAY: _l("Birthday"),
    FactKind.PLACE: _l("Lives in"),
    FactKind.SCHOOL: _l("School"),
    FactKind.WORK: _l("Work"),
    FactKind.INTERESTS: _l("Likes"),
    FactKind.FREE: _l("A field of my own"),
    FactKind.FRIENDS: _l("My list of friends"),
}
USUALLY_FOR: Mapping[str, Audience] = {
    FactKind.READING: Audience.MEMBERS,
    FactKind.BIRTHDAY: Audience.FRIENDS,
    FactKind.PLACE: Audience.FRIENDS,
    FactKind.SCHOOL: Audience.FRIENDS,
    FactKind.WORK: Audience.FRIENDS,
    FactKind.INTERESTS: Audience.MEMBERS,
    FactKind.FREE: Audience.FRIENDS,
    FactKind.FRIENDS: Audience.MEMBERS,
}


class Fact(HasAudience, Base):
    """One fact. `label` is the name of a free one. A birthday's `value` is MM-DD or YYYY-MM-DD, and `month_day` is its
    MM-DD, by which the birthdays of a week are found.
    """

    __tablename__ = "facts"
    __table_args__ = (
        CheckConstraint(f"kind IN ({', '.join(repr(kind.value) for kind in FactKind)})", name="kind"),
        CheckConstraint(f"audience IN ({', '.join(repr(word.value) for word in Audience)})", name="audience"),
        CheckConstraint("(audience = 'chosen') = (selection_id IS NOT NULL)", name="selection"),
        Index("ix_facts_author_id", "author_id", "kind", "id"),
        Index(
            "uq_facts_one_of_each",
            "author_id",
            "kind",
            unique=True,
            sqlite_where=_ONE_OF_EACH,
            postgresql_where=_ONE_OF_EACH,
        ),
        Index("ix_facts_month_day", "month_day"),
        Index("ix_facts_selection_id", "selection_id"),
        Base.__table_args__,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    label: Mapped[str] = mapped_column(String(LABEL_LENGTH * 4), default="")
    value: Mapped[str] = mapped_column(String(VALUE_LENGTH * 4), default="")
    month_day: Mapped[str | None] = mapped_column(String(5))

    @property
    def name(self) -> Any:
        """What it is called: of a free one, whatever its member calls it."""
        return self.label if self.kind == FactKind.FREE else NAMES[self.kind]


def in_order(facts: Sequence[Fact]) -> list[Fact]:
    """As a profile shows them."""
    order = {kind.value: number for number, kind in enumerate(FactKind)}
    return sorted(facts, key=lambda fact: (order[fact.kind], fact.id))


def facts_of(member_id: int) -> Sequence[Fact]:
    """All that a member said, for their own eyes, in the order of a profile."""
    query = select(Fact).where(Fact.author_id == member_id, Fact.deleted_at.is_(None))
    return in_order(db.session.scalars(query).all())


def fact_of(member_id: int, kind: str) -> Fact | None:
    """What a member said of this kind, of which there is one at most: not for free ones."""
    query = select(Fact).where(Fact.author_id == member_id, Fact.kind == kind, Fact.deleted_at.is_(None))
    return db.session.scalars(query.execution_options(populate_existing=True)).one_or_none()


def free_fact_of(member_id: int, fact_id: int) -> Fact | None:
    """One of a member's free ones, by id."""
    query = select(Fact).where(Fact.id == fact_id, Fact.author_id == member_id, Fact.kind == FactKind.FREE)
    query = query.where(Fact.deleted_at.is_(None)).execution_options(populate_existing=True)
    return db.session.scalars(query).one_or_none()


def count_of_free_facts(member_id: int) -> int:
    """How many free ones there are."""
    query = select(func.count()).select_from(Fact).where(Fact.author_id == member_id, Fact.kind == FactKind.FREE)
    return db.session.scalar(query.where(Fact.deleted_at.is_(None))) or 0

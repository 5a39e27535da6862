"""What members say of themselves, fact by fact, each with its own audience.

The list of one's friends is one of them: its row holds no words, only who may see the list. Whoever never decided shows
it to every member.
"""

from collections.abc import Sequence
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, String, select, text
from sqlalchemy.orm import Mapped, mapped_column

from mixlite.core.db import Base, BigId, db
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


def facts_of(member_id: int) -> Sequence[Fact]:
    """All that a member said, for their own eyes, in the order of a profile."""
    order = {kind.value: number for number, kind in enumerate(FactKind)}
    found = db.session.scalars(select(Fact).where(Fact.author_id == member_id, Fact.deleted_at.is_(None)))
    return sorted(found, key=lambda fact: (order[fact.kind], fact.id))

"""Read marks: up to which comment a member has seen what stands under an entry. For that member's eyes alone.

When it was read is not kept, and nobody else is ever shown that it was: this is no receipt.
"""

from sqlalchemy import Executable, ForeignKey, Index, delete, literal, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from mixlite.core.db import Base, BigId, db
from mixlite.entries.entries import Entry


class ReadMark(Base):
    """`number` is the highest number of a comment that was on a page this member opened; 0 when there was none."""

    __tablename__ = "read_marks"
    __table_args__ = (Index("ix_read_marks_entry_id", "entry_id"),)

    member_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("entries.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(BigId)


def trace_of_reading(*, member_id: int, entry_id: int, number: int) -> Executable | None:
    """The statement that moves the mark up to `number`; None when it stands there already."""
    seen = db.session.scalar(
        select(ReadMark.number).where(ReadMark.member_id == member_id, ReadMark.entry_id == entry_id)
    )
    return None if seen is not None and seen >= number else _moving(member_id, entry_id, number)


def note_reading(member_id: int, entry_id: int, number: int) -> None:
    """At once: whoever answers has read what stands above."""
    db.session.execute(_moving(member_id, entry_id, number))


def _moving(member_id: int, entry_id: int, number: int) -> Executable:
    """A mark never moves back. It is made out of the entry's own row: one that was erased meanwhile takes no mark."""
    insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    row = select(literal(member_id, BigId), Entry.id, literal(number, BigId)).where(Entry.id == entry_id)
    marked = insert(ReadMark).from_select(["member_id", "entry_id", "number"], row)
    return marked.on_conflict_do_update(
        index_elements=["member_id", "entry_id"],
        set_={"number": marked.excluded.number},
        where=ReadMark.number < marked.excluded.number,
    )


def erase_read_marks(member_id: int) -> None:
    """All of a member's."""
    db.session.execute(delete(ReadMark).where(ReadMark.member_id == member_id))

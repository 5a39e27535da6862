"""People whom a member does not want suggested any more. Nobody else knows."""

from sqlalchemy import ForeignKey, Index, delete, or_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from mixlite.core.db import Base, db


class Dismissal(Base):
    """`member_id` said of `other_id`: not this person."""

    __tablename__ = "dismissals"
    __table_args__ = (Index("ix_dismissals_other_id", "other_id"),)

    member_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), primary_key=True)
    other_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), primary_key=True)


def dismiss(member_id: int, other_id: int) -> None:
    """Once is enough; two at once are one."""
    insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    row = insert(Dismissal).values(member_id=member_id, other_id=other_id)
    db.session.execute(row.on_conflict_do_nothing())


def erase_dismissals(member_id: int) -> None:
    """Theirs and those of them."""
    db.session.execute(delete(Dismissal).where(or_(Dismissal.member_id == member_id, Dismissal.other_id == member_id)))

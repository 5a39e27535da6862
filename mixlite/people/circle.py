"""The circle itself: one row, made by the first migration, and the moment somebody founded it."""

from datetime import datetime

from sqlalchemy import CheckConstraint, update
from sqlalchemy.orm import Mapped, mapped_column

from mixlite.core import clock
from mixlite.core.db import Base, db

THE_CIRCLE = 1


class Circle(Base):
    """The one circle that lives here. Founded when its first host joins."""

    __tablename__ = "circle"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    founded_at: Mapped[datetime | None]


def is_founded() -> bool:
    """Whether the circle has, or had, a host."""
    circle = db.session.get(Circle, THE_CIRCLE, populate_existing=True)
    return circle is not None and circle.founded_at is not None


def found_circle() -> bool:
    """Whoever gets True is the first host; of several at the same moment, one."""
    claim = update(Circle).where(Circle.id == THE_CIRCLE, Circle.founded_at.is_(None)).values(founded_at=clock.now())
    return bool(db.session.execute(claim).rowcount)  # type: ignore[attr-defined]

"""The circle itself: one row, made by the first migration, and the moment somebody founded it."""

from datetime import datetime

from sqlalchemy import CheckConstraint, String, update
from sqlalchemy.orm import Mapped, mapped_column

from mixlite.core import clock
from mixlite.core.db import Base, db

THE_CIRCLE = 1
NAME_LENGTH = 50
WORDS_LENGTH = 5000
NOTICE_LENGTH = 1000


class Circle(Base):
    """The one circle that lives here. Founded when its first host joins.

    An empty `name` means the one in the settings. `welcome` is the host's letter on a newcomer's home, `notice` stands
    on everyone's. `invite_quota` is how many open uses a member may have at a time, `invite_wait_hours` how long they
    wait for their first after joining.
    """

    __tablename__ = "circle"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    founded_at: Mapped[datetime | None]
    name: Mapped[str] = mapped_column(String(NAME_LENGTH * 4), default="")
    welcome: Mapped[str] = mapped_column(String(WORDS_LENGTH * 4), default="")
    rules: Mapped[str] = mapped_column(String(WORDS_LENGTH * 4), default="")
    notice: Mapped[str] = mapped_column(String(NOTICE_LENGTH * 4), default="")
    notice_at: Mapped[datetime | None]
    invite_quota: Mapped[int] = mapped_column(default=5)
    invite_wait_hours: Mapped[int] = mapped_column(default=24)


def is_founded() -> bool:
    """Whether the circle has, or had, a host."""
    circle = db.session.get(Circle, THE_CIRCLE, populate_existing=True)
    return circle is not None and circle.founded_at is not None


def found_circle() -> bool:
    """Whoever gets True is the first host; of several at the same moment, one."""
    claim = update(Circle).where(Circle.id == THE_CIRCLE, Circle.founded_at.is_(None)).values(founded_at=clock.now())
    return bool(db.session.execute(claim).rowcount)  # type: ignore[attr-defined]


def the_circle() -> Circle:
    """The one row. Made by the first migration. Read once for all who ask in the same transaction."""
    session = db.session()
    circle: Circle = session.get_one(Circle, THE_CIRCLE)
    session.info["circle"] = circle  # a session forgets what nobody holds
    return circle

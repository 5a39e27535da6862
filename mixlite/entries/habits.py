"""For whom a member usually writes: what was chosen last for each kind of entry, and the member's own default."""

from functools import cache

from sqlalchemy import ForeignKey, Select, String, bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from mixlite.core.db import VIEWER, Base, ask, db
from mixlite.entries.audience import Audience

FOR_ALL_KINDS = ""


class Habit(Base):
    """`kind` is empty for the member's own default, which is used for a kind that they have not written yet."""

    __tablename__ = "habits"
    __table_args__ = ()

    member_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    audience: Mapped[str] = mapped_column(String(20))
    selection_id: Mapped[int | None] = mapped_column(ForeignKey("selections.id", ondelete="CASCADE"))


def habit_of(member_id: int, kind: str) -> tuple[str, int | None]:
    """The audience that a new entry of this kind begins with, and its selection when that is `chosen`."""
    habits = ask(_habits(), {"viewer": member_id, "kinds": [kind, FOR_ALL_KINDS]})
    found = {name: (audience, selection_id) for name, audience, selection_id in habits}
    return found.get(kind) or found.get(FOR_ALL_KINDS) or (Audience.FRIENDS.value, None)


@cache
def _habits() -> Select[str, str, int | None]:
    query = select(Habit.kind, Habit.audience, Habit.selection_id).where(Habit.member_id == VIEWER)
    return query.where(Habit.kind.in_(bindparam("kinds", expanding=True)))


def keep_habit(member_id: int, kind: str, audience: str, selection_id: int | None) -> None:
    """The next one of this kind begins with this. Of two at the same moment the later one stays."""
    insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    said = {"audience": str(audience), "selection_id": selection_id}
    row = insert(Habit).values(member_id=member_id, kind=kind, **said)
    db.session.execute(row.on_conflict_do_update(index_elements=[Habit.member_id, Habit.kind], set_=said))


def forget_habits(member_id: int) -> None:
    """When somebody is erased."""
    db.session.execute(delete(Habit).where(Habit.member_id == member_id))

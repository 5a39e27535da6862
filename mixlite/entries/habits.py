"""For whom a member usually writes: what was chosen last for each kind of entry, and the member's own default."""

from sqlalchemy import ForeignKey, String, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from mixlite.core.db import Base, db
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
    query = select(Habit).where(Habit.member_id == member_id, Habit.kind.in_((kind, FOR_ALL_KINDS)))
    found = {habit.kind: habit for habit in db.session.scalars(query)}
    habit = found.get(kind) or found.get(FOR_ALL_KINDS)
    return (habit.audience, habit.selection_id) if habit else (Audience.FRIENDS.value, None)


def keep_habit(member_id: int, kind: str, audience: str, selection_id: int | None) -> None:
    """The next one of this kind begins with this. Of two at the same moment the later one stays."""
    insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    said = {"audience": str(audience), "selection_id": selection_id}
    row = insert(Habit).values(member_id=member_id, kind=kind, **said)
    db.session.execute(row.on_conflict_do_update(index_elements=[Habit.member_id, Habit.kind], set_=said))


def forget_habits(member_id: int) -> None:
    """When somebody is erased."""
    db.session.execute(delete(Habit).where(Habit.member_id == member_id))

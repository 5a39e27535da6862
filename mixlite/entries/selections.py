"""The audience `chosen`, spelled out: groups and people among one's friends, with exceptions.

A selection never changes once it is made, and the same choice of the same member is the same row: so many entries share
one, a draft or a habit can remember it, and taking back a change of audience is putting the old number back. What it
means may change: a group follows who is in it, and whoever is a friend no longer reads nothing.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import ForeignKey, Index, Select, String, UniqueConstraint, delete, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from mixlite.core.crypto import fingerprint
from mixlite.core.db import Base, BigId, db
from mixlite.core.errors import Refused
from mixlite.core.language import lazy_gettext as _l
from mixlite.people.friendships import friends_among
from mixlite.people.groups import own_group_ids

MOST_PEOPLE = 1000  # as many as one can have friends


class Selection(Base):
    """One choice of one member. With `all_friends` it names only exceptions: "friends except Ken"."""

    __tablename__ = "selections"
    __table_args__ = (
        UniqueConstraint("owner_id", "fingerprint"),
        Index(
            "ix_selections_all_friends",
            "owner_id",
            sqlite_where=text("all_friends"),
            postgresql_where=text("all_friends"),
        ),
        Base.__table_args__,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"))
    fingerprint: Mapped[str] = mapped_column(String(64))
    all_friends: Mapped[bool]


class SelectionGroup(Base):
    """Everybody in this group, whoever that is when somebody asks. A group that is deleted grants nothing."""

    __tablename__ = "selection_groups"
    __table_args__ = (Index("ix_selection_groups_group_id", "group_id"),)

    selection_id: Mapped[int] = mapped_column(ForeignKey("selections.id", ondelete="CASCADE"), primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("friend_groups.id", ondelete="CASCADE"), primary_key=True)


class SelectionPerson(Base):
    """This person, by name: somebody who may read, or (`is_exception`) somebody who may not, whatever else is said."""

    __tablename__ = "selection_people"
    __table_args__ = (Index("ix_selection_people_member_id", "member_id"),)

    selection_id: Mapped[int] = mapped_column(ForeignKey("selections.id", ondelete="CASCADE"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), primary_key=True)
    is_exception: Mapped[bool]


@dataclass(frozen=True)
class Choice:
    """What a member picks: all friends, or groups and people, and who is left out. Ids of groups and of members."""

    all_friends: bool = False
    groups: frozenset[int] = field(default_factory=frozenset)
    people: frozenset[int] = field(default_factory=frozenset)
    exceptions: frozenset[int] = field(default_factory=frozenset)

    @property
    def is_empty(self) -> bool:
        """Whether nobody at all is named."""
        return not (self.all_friends or self.groups or self.people)


def selection_of(owner_id: int, choice: Choice) -> int:
    """The id of this choice, made now if it is new. What is not the owner's to choose is left out of it.

    Raises Refused when nobody is left.
    """
    usable = _usable(owner_id, choice)
    if usable.is_empty:
        raise Refused(_l("Please choose at least one person or group."), "audience")
    mark = _mark(usable)
    insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    row = {"owner_id": owner_id, "fingerprint": mark, "all_friends": usable.all_friends}
    made: int | None = db.session.scalar(insert(Selection).values(row).on_conflict_do_nothing().returning(Selection.id))
    if made is None:
        return db.session.scalars(_with_mark(owner_id, mark)).one()
    db.session.add_all(SelectionGroup(selection_id=made, group_id=group_id) for group_id in usable.groups)
    for people, is_exception in ((usable.people, False), (usable.exceptions, True)):
        db.session.add_all(_named(made, people, is_exception=is_exception))
    db.session.flush()
    return made


def known_selection(owner_id: int, choice: Choice) -> int | None:
    """The id of this choice if it was made before."""
    return db.session.scalars(_with_mark(owner_id, _mark(_usable(owner_id, choice)))).one_or_none()


def _mark(choice: Choice) -> str:
    parts = [sorted(choice.groups), sorted(choice.people), sorted(choice.exceptions)]
    return fingerprint("selection", choice.all_friends, *parts)


def _with_mark(owner_id: int, mark: str) -> Select[int]:
    return select(Selection.id).where(Selection.owner_id == owner_id, Selection.fingerprint == mark)


def _usable(owner_id: int, choice: Choice) -> Choice:
    """Only groups of one's own and friends of one's own; whoever is an exception is nothing else."""
    friends = friends_among(owner_id, choice.people | choice.exceptions)
    exceptions = choice.exceptions & friends
    if choice.all_friends:
        return Choice(all_friends=True, exceptions=exceptions)
    groups = frozenset(own_group_ids(owner_id, choice.groups))
    return Choice(False, groups, (choice.people & friends) - exceptions, exceptions if groups else frozenset())


def _named(selection_id: int, people: Collection[int], *, is_exception: bool) -> Iterable[SelectionPerson]:
    return [
        SelectionPerson(selection_id=selection_id, member_id=member_id, is_exception=is_exception)
        for member_id in people
    ]


def choices_of(selection_ids: Collection[int]) -> Mapping[int, Choice]:
    """What these selections say, in three statements."""
    ids = set(selection_ids)
    if not ids:
        return {}
    groups: dict[int, set[int]] = {number: set() for number in ids}
    people: dict[tuple[int, bool], set[int]] = {}
    of_groups = select(SelectionGroup.selection_id, SelectionGroup.group_id)
    for number, group_id in db.session.execute(of_groups.where(SelectionGroup.selection_id.in_(ids))):
        groups[number].add(group_id)
    of_people = select(SelectionPerson.selection_id, SelectionPerson.is_exception, SelectionPerson.member_id)
    for number, is_exception, member_id in db.session.execute(of_people.where(SelectionPerson.selection_id.in_(ids))):
        people.setdefault((number, is_exception), set()).add(member_id)
    return {
        number: Choice(
            all_friends,
            frozenset(groups[number]),
            frozenset(people.get((number, False), ())),
            frozenset(people.get((number, True), ())),
        )
        for number, all_friends in db.session.execute(
            select(Selection.id, Selection.all_friends).where(Selection.id.in_(ids))
        )
    }


def erase_selections(member_id: int) -> None:
    """Their own, and their name in everybody's. After their entries and facts, which point at them."""
    db.session.execute(delete(Selection).where(Selection.owner_id == member_id))
    db.session.execute(delete(SelectionPerson).where(SelectionPerson.member_id == member_id))

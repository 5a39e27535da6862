"""The one picker of who can read, as a form sees it and as a page draws it.

A form on the floor of the law: everything that is published asks the same question in the same words, and features do
not know each other. `ForWhom` is mixed into each of their forms; the templates draw it with `fields.audience_picker`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from mixlite.core.db import db
from mixlite.core.forms import Form, Handles, Ids, OneOf, Ticked
from mixlite.core.language import lazy_gettext as _l
from mixlite.entries.audience import WORDS, Audience, HasAudience
from mixlite.entries.entries import Entry
from mixlite.entries.habits import habit_of
from mixlite.entries.selections import MOST_PEOPLE, Choice, choices_of
from mixlite.people.friendships import friends_among
from mixlite.people.groups import MOST_GROUPS, Group, GroupMember, groups_of
from mixlite.people.members import Member, handles_of_ids, ids_of_handles
from mixlite.policy.drafting import Drafted
from mixlite.policy.visibility import counts_of_future_readers

EXCEPT = "friends_except"  # a line of the picker of its own; to the law it is `chosen`
LINES: Any = ["only_me", "chosen", EXCEPT, "friends", "friends_of_friends", "members"]
_LINE_WORDS: Mapping[str, tuple[Any, Any]] = {
    **WORDS,
    Audience.CHOSEN: (_l("Chosen people"), _l("Groups of yours, and friends by name.")),
    Audience.FRIENDS: (_l("Friends"), _l("All your friends.")),
    EXCEPT: (_l("Friends, except …"), _l("All friends but those you name.")),
}


class ForWhom(Form):
    """Who can read what this form makes. `values()` has `audience`, a word, and `choice`, which spells out `chosen`.

    Given its `author`, a new form begins with what they chose last for this `kind`, and people who are named must be
    friends of theirs.
    """

    kind = ""

    audience = OneOf(_l("Who can read this"), choices=LINES, default=Audience.FRIENDS.value)
    groups = Ids(_l("Groups"), limit=MOST_GROUPS, default=frozenset())
    people = Handles(_l("People"), limit=MOST_PEOPLE, default=frozenset())
    exceptions = Handles(_l("Not these people"), limit=MOST_PEOPLE, default=frozenset())
    how_many = Handles(limit=1, default=frozenset())  # the button that only asks how many could read

    def __init__(self, *args: Any, author: Member | None = None, **kwargs: Any):
        if author is not None and "data" not in kwargs:
            kwargs["data"] = as_data(*habit_of(author.id, self.kind))
        super().__init__(*args, **kwargs)
        self.author = author

    @property
    def choice(self) -> Choice:
        """What is picked now, by ids. Whoever nobody has heard of is left out."""
        named = (self.exceptions.data if self._leaves_out else self.people.data | self.exceptions.data) or frozenset()
        ids = ids_of_handles(named)
        return Choice(
            all_friends=self._leaves_out,
            groups=frozenset() if self._leaves_out else self.groups.data,
            people=frozenset(ids[handle] for handle in named - self.exceptions.data if handle in ids),
            exceptions=frozenset(ids[handle] for handle in self.exceptions.data if handle in ids),
        )

    @property
    def word(self) -> str:
        """The audience as the law knows it."""
        return Audience.CHOSEN.value if self._leaves_out else self.audience.data

    @property
    def _leaves_out(self) -> bool:
        return bool(self.audience.data == EXCEPT)

    def values(self) -> dict[str, Any]:
        given = {name: value for name, value in super().values().items() if name not in _PARTS}
        return {**given, "audience": self.word, "choice": self.choice}

    def validate(self, *args: Any, **kwargs: Any) -> bool:
        """Whoever is named must be known as a friend: a name that was mistyped would let nobody in, or out."""
        is_valid: bool = super().validate(*args, **kwargs)
        for field in self._named_fields():
            wrong = self._not_friends(field.data)
            if wrong:
                names = ", ".join(f"@{handle}" for handle in sorted(wrong))
                field.errors = [*field.errors, _l("Not among your friends: %(names)s", names=names)]
                is_valid = False
        if self._leaves_out and not self.exceptions.data:
            self.exceptions.errors = [*self.exceptions.errors, _l("Please name who shall not read it.")]
            is_valid = False
        if self.audience.data == Audience.CHOSEN and not (self.groups.data or self.people.data):
            self.people.errors = [*self.people.errors, _l("Please choose at least one person or group.")]
            is_valid = False
        return is_valid

    def _perform(self, act: Any) -> Any:
        """The button that only asks makes nothing: the page comes back with the numbers."""
        return None if self.how_many.data else super()._perform(act)

    def _named_fields(self) -> Sequence[Any]:
        if self.author is None or self.word != Audience.CHOSEN:
            return ()
        return (self.exceptions,) if self._leaves_out else (self.people, self.exceptions)

    def _not_friends(self, handles: frozenset[str]) -> set[str]:
        ids = ids_of_handles(handles)
        friends = friends_among(self.author.id, ids.values()) if self.author else frozenset()
        return {handle for handle in handles if ids.get(handle) not in friends}


_PARTS = ("groups", "people", "exceptions", "how_many", "preview")


class Written(Drafted, ForWhom):
    """What every form of an entry's words has besides the words."""

    needs_no_answer = Ticked(_l("No answer needed"))
    preview = Handles(limit=1, default=frozenset())  # the button that only shows how it will look

    def _perform(self, act: Any) -> Any:
        """The preview makes nothing either: the page comes back with it."""
        return None if self.preview.data else super()._perform(act)


def as_data(audience: str, selection_id: int | None) -> dict[str, Any]:
    """What the fields of `ForWhom` say for this audience."""
    choice = choices_of([selection_id] if selection_id else []).get(selection_id or 0, Choice())
    handles = handles_of_ids(choice.people | choice.exceptions)
    return {
        "audience": EXCEPT if choice.all_friends else str(audience),
        "groups": choice.groups,
        "people": frozenset(handles[number] for number in choice.people if number in handles),
        "exceptions": frozenset(handles[number] for number in choice.exceptions if number in handles),
    }


def data_of_entry(entry: Entry) -> dict[str, Any]:
    """What the fields of `Written` and of `RevisedForm` say for an entry."""
    return {**data_of(entry), "needs_no_answer": entry.needs_no_answer, "revision": str(entry.revision)}


def data_of(thing: HasAudience) -> dict[str, Any]:
    """What the fields of `ForWhom` say for something that is there already."""
    return as_data(thing.audience, thing.selection_id)


# --- what a page draws ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """One line: its word, its name, what it means, and how many people could read now."""

    value: str
    label: Any
    words: Any
    count: int


@dataclass(frozen=True)
class Picker:
    """The lines, and the author's groups with how many are in each."""

    lines: Sequence[Line]
    groups: Sequence[tuple[Group, int]]

    def line(self, value: str) -> Line:
        """One of them by its word."""
        return next(line for line in self.lines if line.value == value)


def picker(author: Member, form: ForWhom) -> Picker:
    """What the author can choose from, with the number of readers that there would be. Four statements at most."""
    counts = counts_of_future_readers(author, form.choice)
    lines = [Line(value, *_LINE_WORDS[value], _count(counts, form, value)) for value in LINES]
    return Picker(lines, _with_sizes(author, groups_of(author.id)))


def _count(counts: Mapping[str, int], form: ForWhom, value: str) -> int:
    """The number behind `chosen` is known for the line that is picked; of the other of the two nothing is."""
    if value not in (Audience.CHOSEN, EXCEPT):
        return counts[value]
    return counts[Audience.CHOSEN] if form.audience.data == value else 0


def _with_sizes(author: Member, groups: Sequence[Group]) -> Sequence[tuple[Group, int]]:
    if not groups:
        return []
    query = (
        select(GroupMember.group_id, func.count())
        .join(Group, Group.id == GroupMember.group_id)
        .where(Group.owner_id == author.id)
        .group_by(GroupMember.group_id)
    )
    sizes: dict[int, int] = dict(db.session.execute(query).all())
    return [(group, sizes.get(group.id, 0)) for group in groups]

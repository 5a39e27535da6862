"""Whom the people of a synthetic circle choose: their groups, what they choose again and again, and by hand.

Whoever writes something for chosen people has a group of friends, and three habits: the group; three friends by name;
all friends except one. What is by hand is a choice of its own, of one entry. The *guarded* write a great deal, and all
of it for a group in which no viewer is. A viewer's own entry names all of their friends, and twenty groups beside.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

Row = tuple[Any, ...]

IN_GROUP, BY_NAME, BY_HAND = 10, 3, 5  # people in a group, named by habit, named by hand
HABITS = {"group": 45, "names": 20, "except": 20, "by hand": 15}  # of a hundred entries for chosen people
WIDE_GROUPS, IN_WIDE_GROUP = 20, 50


@dataclass
class Choices:
    """The rows of groups and selections, by number, and which selection an entry has."""

    dice: Random
    groups: list[int] = field(default_factory=list)  # their owners; the place in the list plus one is the id
    in_groups: list[tuple[int, int]] = field(default_factory=list)
    selections: list[tuple[int, bool]] = field(default_factory=list)  # owner, all friends
    by_group: list[tuple[int, int]] = field(default_factory=list)
    by_name: list[tuple[int, int, bool]] = field(default_factory=list)
    of_entry: dict[int, int] = field(default_factory=dict)
    _habits: dict[tuple[int, str], int] = field(default_factory=dict)

    def habit(self, author: int, friends: Callable[[int], Sequence[int]]) -> int:
        """A selection for one more entry of an ordinary author."""
        what = self.dice.choices(list(HABITS), list(HABITS.values()))[0]
        if what == "by hand":
            return self.make(author, people=self._some(friends(author), BY_HAND))
        if (author, what) not in self._habits:
            self._habits[author, what] = self._new_habit(author, what, friends(author))
        return self._habits[author, what]

    def guarded(self, author: int, friends: Callable[[int], Sequence[int]]) -> int:
        """Always the same group, among `friends`."""
        if (author, "group") not in self._habits:
            self._habits[author, "group"] = self._new_habit(author, "group", friends(author))
        return self._habits[author, "group"]

    def wide(self, author: int, friends: Sequence[int]) -> int:
        """Everybody by name, and many groups of them."""
        groups = [self._group(author, self._some(friends, IN_WIDE_GROUP)) for _ in range(WIDE_GROUPS)]
        return self.make(author, people=friends, groups=groups)

    def make(
        self, owner: int, people: Sequence[int] = (), groups: Sequence[int] = (), exceptions: Sequence[int] = ()
    ) -> int:
        """A selection; one that names nobody but exceptions is of all friends."""
        self.selections.append((owner, not (people or groups)))
        made = len(self.selections)
        self.by_group += [(made, group) for group in groups]
        named = [(member, False) for member in people] + [(member, True) for member in exceptions]
        self.by_name += [(made, *who) for who in sorted(named)]
        return made

    def tables(self) -> dict[str, tuple[str, Iterator[Row]]]:
        """As those of a circle."""
        return {
            "friend_groups": (
                "id owner_id name",
                ((number, owner, f"group {number}") for number, owner in enumerate(self.groups, 1)),
            ),
            "group_members": ("group_id member_id", iter(self.in_groups)),
            "selections": (
                "id owner_id fingerprint all_friends",
                ((number, owner, str(number), every) for number, (owner, every) in enumerate(self.selections, 1)),
            ),
            "selection_groups": ("selection_id group_id", iter(self.by_group)),
            "selection_people": ("selection_id member_id is_exception", iter(self.by_name)),
        }

    def _new_habit(self, author: int, what: str, friends: Sequence[int]) -> int:
        if what == "group":
            return self.make(author, groups=[self._group(author, self._some(friends, IN_GROUP))])
        if what == "names":
            return self.make(author, people=self._some(friends, BY_NAME))
        return self.make(author, exceptions=self._some(friends, 1))

    def _group(self, owner: int, members: Sequence[int]) -> int:
        self.groups.append(owner)
        self.in_groups += [(len(self.groups), member) for member in sorted(members)]
        return len(self.groups)

    def _some(self, friends: Sequence[int], count: int) -> list[int]:
        return self.dice.sample(friends, min(count, len(friends)))

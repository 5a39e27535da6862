"""A circle of people who do not exist, as rows: how many friends each has, who wrote what for whom, who likes it.

Seeded, so that the same size is the same circle on every machine and on both databases. Friendships are random ties
between members whose numbers of friends follow a truncated power law; a few *viewers*, who join last, have exactly as
many friends as they should. Ids of entries grow with the time they were written. What is for chosen people is in
`choices`. The silent show nobody their list of friends, and of the others some do not either.
"""

import math
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from mixlite.app.bench.choices import Choices
from mixlite.entries.audience import Audience
from mixlite.entries.facts import FactKind

SEED = 2004
YEARS = timedelta(days=3 * 365)
POWER = 1.3  # of the law that numbers of friends follow, between FEWEST and MOST
FEWEST, MOST = 2, 1000
SPREAD = 1.2  # of the lognormal law that numbers of entries follow
AUDIENCES = {
    Audience.MEMBERS: 30,
    Audience.FRIENDS_OF_FRIENDS: 15,
    Audience.FRIENDS: 30,
    Audience.CHOSEN: 20,
    Audience.ONLY_ME: 5,
}
ALWAYS_WRITTEN = tuple(AUDIENCES)  # every viewer wrote one for each
SUSPENDED, GONE, DELETED, BLOCKED = 0.01, 0.005, 0.01, 0.02
DISCREET = 10  # every so many-th member shows their list of friends to friends alone
BLOCKS_OF_VIEWER = 20
GUARDED_TIMES = 10  # as many entries as others write, by each of the guarded
EAGER_FAVOURITES = 100  # of each of the people among whom viewers with the most friends have theirs
WORDS = "The persimmons are nearly ripe, and somebody has hung a lamp at the gate. 柿がもうすぐ熟します。 "

MEMBER_COLUMNS = """
id handle name email password_hash introduction language theme timezone is_host status sponsor_id joined_at
"""

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Size:
    """How large a circle is: members, friends of each and entries of each (both on average)."""

    members: int
    friends: float
    entries: float

    def __str__(self) -> str:
        return f"{self.members}-{self.friends:g}-{self.entries:g}"


@dataclass(frozen=True)
class Group:
    """Viewers of one sort: how many friends, among whom."""

    name: str
    friends: int
    among: range


@dataclass
class Circle:
    """The rows of every table, in the order of their keys, and who the viewers are."""

    size: Size
    now: datetime
    each: int
    viewers: dict[str, list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.dice = Random(SEED)  # noqa: S311 - dice, not secrets
        self.groups = _groups(self.size.members)
        first = self.size.members + 1
        for group in self.groups:
            self.viewers[group.name] = list(range(first, first + self.each))
            first += self.each
        self.people = range(1, first)
        self.status = [self._status(member) for member in self.people]
        self.ties = self._ties()
        self.authors, self.audiences = self._entries()
        self.choices = self._choices()
        ordinary = [m for m in range(1, self.size.members + 1) if self.status[m - 1] == "active"]
        self.viewers["anybody"] = self.dice.sample(ordinary, min(self.each, len(ordinary)))

    def tables(self) -> Mapping[str, tuple[str, Iterator[Row]]]:
        """By table: the columns, and the rows. Columns that are not named have what their model says."""
        return {
            "members": (
                MEMBER_COLUMNS,
                self._members(),
            ),
            "friendships": ("member_id friend_id since", self._friendships()),
            "blocks": ("blocker_id blocked_id created_at", self._blocks()),
            "facts": ("id author_id kind audience", self._lists_of_friends()),
            **self.choices.tables(),
            "entries": (
                "id kind author_id audience selection_id created_at published_at shown_at deleted_at last_number",
                self._entry_rows(),
            ),
            "voices": ("entry_id body", ((n, WORDS) for n in self._entry_ids() if not _is_diary(n))),
            "diaries": (
                "entry_id title body excerpt",
                ((n, WORDS[:30], WORDS * 8, WORDS * 2) for n in self._entry_ids() if _is_diary(n)),
            ),
            "comments": ("id entry_id number author_id text created_at", self._comments()),
            "likes": ("entry_id member_id created_at", self._likes()),
            "favourites": ("entry_id member_id created_at", self._favourites()),
        }

    @property
    def silent(self) -> range:
        """Members who never wrote anything."""
        return _silent(self.size.members)

    def written_at(self, entry_id: int) -> datetime:
        """Evenly over the years."""
        return self.now - YEARS * (1 - entry_id / (len(self.authors) + 1))

    def _status(self, member: int) -> str:
        roll = self.dice.random()
        if member > self.size.members or member in self.silent or member in _guarded(self.size.members):
            return "active"
        return "gone" if roll < GONE else "suspended" if roll < GONE + SUSPENDED else "active"

    def _ties(self) -> list[int]:
        """Every direction of every friendship as one number, in order."""
        base, found = len(self.people) + 1, set[int]()
        stubs = [member for member in range(1, self.size.members + 1) for _ in range(self._wanted())]
        self.dice.shuffle(stubs)
        for one, other in zip(stubs[::2], stubs[1::2], strict=False):
            if one != other:
                found.update((one * base + other, other * base + one))
        for group in self.groups:
            among = [member for member in group.among if self.status[member - 1] == "active"]
            for viewer in self.viewers[group.name]:
                for friend in self.dice.sample(among, group.friends):
                    found.update((viewer * base + friend, friend * base + viewer))
        return sorted(found)

    def _wanted(self) -> int:
        """A number of friends from the truncated power law, stretched so that the mean comes out right."""
        most = min(MOST, self.size.members // 3)
        power, low, high = 1 - POWER, math.pow(FEWEST, 1 - POWER), math.pow(most, 1 - POWER)
        drawn = math.pow(low + self.dice.random() * (high - low), 1 / power)
        mean = power / (power + 1) * (math.pow(most, power + 1) - math.pow(FEWEST, power + 1)) / (high - low)
        return min(most, max(1, round(drawn * self.size.friends / mean)))

    def _entries(self) -> tuple[list[int], list[str]]:
        authors: list[int] = []
        for member in range(1, self.size.members + 1):
            if member not in self.silent and member not in _guarded(self.size.members):
                wanted = self.dice.lognormvariate(math.log(self.size.entries) - SPREAD**2 / 2, SPREAD)
                authors += [member] * round(wanted + self.dice.random() - 0.5)
        for member in _guarded(self.size.members):
            authors += [member] * round(GUARDED_TIMES * self.size.entries)
        self.dice.shuffle(authors)
        audiences = self.dice.choices(list(AUDIENCES), list(AUDIENCES.values()), k=len(authors))
        guarded = _guarded(self.size.members)
        audiences = [Audience.CHOSEN if by in guarded else word for by, word in zip(authors, audiences, strict=True)]
        for members in self.viewers.values():
            for member in members:
                authors += [member] * len(ALWAYS_WRITTEN)
                audiences += ALWAYS_WRITTEN
        return authors, [str(audience) for audience in audiences]

    def _choices(self) -> Choices:
        """What stands behind every entry for chosen people."""
        choices, guarded = Choices(self.dice), _guarded(self.size.members)
        for number, (author, audience) in enumerate(zip(self.authors, self.audiences, strict=True), 1):
            if audience != Audience.CHOSEN:
                continue
            if author > self.size.members:
                made = choices.wide(author, self._friends_of(author))
            elif author in guarded:
                made = choices.guarded(author, self._friends_but_viewers)
            else:
                made = choices.habit(author, self._friends_of)
            choices.of_entry[number] = made
        return choices

    def _friends_of(self, member: int) -> list[int]:
        base = len(self.people) + 1
        first, last = bisect_left(self.ties, member * base), bisect_left(self.ties, (member + 1) * base)
        return [tie % base for tie in self.ties[first:last]]

    def _friends_but_viewers(self, member: int) -> list[int]:
        return [friend for friend in self._friends_of(member) if friend <= self.size.members]

    def _entry_ids(self) -> range:
        return range(1, len(self.authors) + 1)

    def _members(self) -> Iterator[Row]:
        count = len(self.people)
        for member in self.people:
            handle, sponsor = f"m{member}", member // 8 or None
            joined = self.now - YEARS * (1 - member / (count + 1))
            mail = f"{handle}@example.com"
            status = self.status[member - 1]
            yield member, handle, f"Member {member}", mail, "-", WORDS, "en", "", "", False, status, sponsor, joined

    def _friendships(self) -> Iterator[Row]:
        base, days = len(self.people) + 1, YEARS / 1000
        for tie in self.ties:
            one, other = divmod(tie, base)
            yield one, other, self.now - days * ((one * other) % 1000)

    def _blocks(self) -> Iterator[Row]:
        members, pairs = self.size.members, set[tuple[int, int]]()
        for _ in range(int(members * BLOCKED)):
            pairs.add((self.dice.randint(1, members), self.dice.randint(1, members)))
        for viewers in self.viewers.values():
            for viewer in viewers:
                for _ in range(BLOCKS_OF_VIEWER // 2):
                    pairs.add((viewer, self.dice.randint(1, members)))
                    pairs.add((self.dice.randint(1, members), viewer))
        for one, other in sorted(pairs):
            if one != other and not self._are_friends(one, other):
                yield one, other, self.now

    def _lists_of_friends(self) -> Iterator[Row]:
        """For whom they are, of those who decided."""
        for member in range(1, self.size.members + 1):
            if member in self.silent:
                yield member, member, FactKind.FRIENDS.value, Audience.ONLY_ME.value
            elif member % DISCREET == 0:
                yield member, member, FactKind.FRIENDS.value, Audience.FRIENDS.value

    def _are_friends(self, one: int, other: int) -> bool:
        tie = one * (len(self.people) + 1) + other
        place = bisect_left(self.ties, tie)
        return place < len(self.ties) and self.ties[place] == tie

    def _entry_rows(self) -> Iterator[Row]:
        for number in self._entry_ids():
            at, audience = self.written_at(number), self.audiences[number - 1]
            published = None if audience == Audience.ONLY_ME else at
            deleted = self.now if self.dice.random() < DELETED else None
            author = self.authors[number - 1]
            if author > self.size.members:
                deleted = None
            kind = "diary" if _is_diary(number) else "voice"
            last_number, selection = 3 * (number % 4 == 0), self.choices.of_entry.get(number)
            yield number, kind, author, audience, selection, at, published, at, deleted, last_number

    def _comments(self) -> Iterator[Row]:
        comment = 0
        for number in self._entry_ids():
            if number % 4 == 0:
                for place in (1, 2, 3):
                    comment += 1
                    writer = self.dice.randint(1, self.size.members)
                    yield comment, number, place, writer, WORDS, self.written_at(number)

    def _likes(self) -> Iterator[Row]:
        for number in self._entry_ids():
            for member in sorted({self.dice.randint(1, self.size.members) for _ in range(number % 3)}):
                yield number, member, self.written_at(number)

    def _favourites(self) -> Iterator[Row]:
        """One for every third entry, and many by each of the eager."""
        count, base = len(self.authors), len(self.people) + 1
        marks = {number * base + self.dice.randint(1, self.size.members) for number in range(3, count + 1, 3)}
        for member in _eager(self.size.members):
            marks.update(self.dice.randint(1, count) * base + member for _ in range(EAGER_FAVOURITES))
        for mark in sorted(marks):
            number, member = divmod(mark, base)
            yield number, member, self.written_at(number)


def _is_diary(number: int) -> bool:
    return number % 5 == 0


def _silent(members: int) -> range:
    """The first to join; enough of them for a viewer whose friends are all silent."""
    return range(1, 1 + min(members // 3, max(MOST, members // 20)))


def _eager(members: int) -> range:
    """The next to join; they make a great many entries their favourites."""
    return range(_silent(members).stop, _silent(members).stop + min(members // 3, 2 * MOST))


def _guarded(members: int) -> range:
    """The next again; what they write is for a few, and never for a viewer."""
    return range(_eager(members).stop, _eager(members).stop + min(members // 6, 2 * MOST))


def _groups(members: int) -> Sequence[Group]:
    everybody, most = range(_silent(members).stop, members + 1), min(MOST, members // 4)
    return [
        Group("10 friends", min(10, most), everybody),
        Group("100 friends", min(100, most), everybody),
        Group("1000 friends", most, _eager(members)),
        Group("1000 silent", most, _silent(members)),
        Group("1000 guarded", min(MOST, members // 8), _guarded(members)),
    ]

"""Who the people of the demo are and what they wrote, read and checked here.

`cast/` holds one TOML file for each of them, with what they wrote in the last year; `cast/earlier/` what was written in
the two years before, by season; `cast/late/` those who came after the 34 of the published network.

Only friends of an author answer or mark what the author wrote, so everything in the files can be played through the
site's own rules.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any

from mixlite.app.demo import karate
from mixlite.core.config import LANGUAGES
from mixlite.core.text import characters, clean_line, clean_text, is_blank
from mixlite.entries.audience import OFFERED, Audience
from mixlite.entries.comments import COMMENT_LENGTH
from mixlite.entries.facts import LABEL_LENGTH, USUALLY_FOR, VALUE_LENGTH, FactKind
from mixlite.features.diary.models import BODY_LENGTH, TITLE_LENGTH
from mixlite.features.voice.models import VOICE_LENGTH
from mixlite.people.friendships import MESSAGE_LENGTH
from mixlite.people.groups import NAME_LENGTH as GROUP_NAME_LENGTH

CAST = Path(__file__).parent / "cast"
EARLIER, LATE = "earlier", "late"  # folders in it
INTRODUCTION_MOST = 400  # shorter than the site allows: a profile of the demo is read at a glance
LETTER_MOST = 900
_ANY_LEAP_YEAR = 2000
_POINTER = re.compile(r">>(\d+)")


class BadScript(Exception):
    """The files of the cast say something that cannot be played; the message lists all of it."""


@dataclass(frozen=True)
class Day:
    """A day of any year, and a time on the clock of the town."""

    month: int
    day: int
    at: time

    def in_year(self, year: int) -> date:
        """The day in that year; 29 February becomes the 28th where there is none."""
        is_leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        return date(year, self.month, 28 if (self.month, self.day) == (2, 29) and not is_leap else self.day)


@dataclass(frozen=True)
class Line:
    """A comment. `when` is set only where its words need a certain moment."""

    by: str
    text: str
    when: Day | None


@dataclass(frozen=True)
class Chosen:
    """The audience `chosen`: groups by name, people and exceptions by handle. Without either: all friends."""

    groups: Sequence[str]
    people: Sequence[str]
    exceptions: Sequence[str]


@dataclass(frozen=True)
class Saying:
    """A fact of a profile. A birthday may be said as `in_days`: so many days after the demo is built."""

    kind: str
    label: str
    value: str
    in_days: int | None
    audience: str
    chosen: Chosen | None


@dataclass(frozen=True)
class Circle:
    """A group of somebody's friends."""

    name: str
    people: Sequence[str]


@dataclass(frozen=True)
class Words:
    """What can be changed and kept: a text, with a title if it is a diary entry's."""

    title: str
    body: str


@dataclass(frozen=True)
class Piece:
    """A diary entry (with a title) or a voice (without), and what friends did with it.

    `ago` is how many years before the last one it was written; `before` are the words that stood there first, oldest
    first; `is_closed` that its author closed the comments after the last one.
    """

    author: str
    when: Day
    title: str
    body: str
    audience: str
    chosen: Chosen | None
    liked_by: Sequence[str]
    favourite_of: Sequence[str]
    comments: Sequence[Line]
    ago: int = 0
    before: Sequence[Words] = ()
    needs_no_answer: bool = False
    is_closed: bool = False

    @property
    def kind(self) -> str:
        """Diary or voice."""
        return "diary" if self.title else "voice"

    @property
    def versions(self) -> Sequence[Words]:
        """Everything that it said, the first words first."""
        return [*self.before, Words(self.title, self.body)]

    @property
    def name(self) -> str:
        """Where to find it in the files."""
        years = f" ({self.ago} before)" if self.ago else ""
        return f"{self.author} {self.when.month:02}-{self.when.day:02} {self.when.at:%H:%M}{years}"


@dataclass(frozen=True)
class Asking:
    """A friend request that waits for an answer: asked so many days ago, at least one, of somebody who is no friend."""

    whom: str
    days: int
    at: time
    message: str


@dataclass(frozen=True)
class Unfinished:
    """A draft, left so many days ago."""

    words: Words
    days: int


@dataclass(frozen=True)
class Break:
    """A break from a friend: begun so many days ago, for so many."""

    whom: str
    since: int
    days: int


@dataclass(frozen=True)
class Arrival:
    """How somebody came who is none of the 34: by whom, with which letter, how long ago."""

    by: str
    letter: str
    before: timedelta


@dataclass(frozen=True)
class Person:
    """One of the cast."""

    seat: int
    handle: str
    name: str
    language: str
    introduction: str
    letter: str
    facts: Sequence[Saying]
    groups: Sequence[Circle]
    pieces: Sequence[Piece]
    asking: Sequence[Asking]
    drafts: Sequence[Unfinished] = ()
    breaks: Sequence[Break] = ()
    arrival: Arrival | None = None


def read_cast(folder: Path = CAST) -> Mapping[int, Person]:
    """Everybody by seat. Raises BadScript with every problem found."""
    people = [_person(path) for path in sorted(folder.glob("*.toml"))]
    earlier = [piece for path in sorted((folder / EARLIER).glob("*.toml")) for piece in _earlier(path)]
    people = [replace(each, pieces=[*each.pieces, *_by(each.handle, earlier)]) for each in people]
    if problems := [*_problems(people), *_by_nobody(earlier, people)]:
        raise BadScript("\n".join(problems))
    return {person.seat: person for person in sorted(people, key=lambda person: person.seat)}


def read_latecomers(cast: Mapping[int, Person], folder: Path = CAST / LATE) -> Sequence[Person]:
    """Those who came after the 34, in order of arrival. Their only friend is who invited them. Raises BadScript."""
    people = [_person(path) for path in sorted(folder.glob("*.toml"))]
    handles = {person.handle for person in cast.values()}
    if problems := [problem for person in people for problem in _problems_of_latecomer(person, handles)]:
        raise BadScript("\n".join(problems))
    return sorted(people, key=lambda person: person.seat)


def _earlier(path: Path) -> Iterator[Piece]:
    """The pieces of one season; the file says how many years ago, and each piece by whom."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        for kind in ("diary", "voice"):
            for piece in table.get(kind, ()):
                yield _piece(piece["by"], kind, piece, ago=table["ago"])
    except (tomllib.TOMLDecodeError, KeyError, ValueError) as error:
        raise BadScript(f"{path.name}: {type(error).__name__}: {error}") from error


def _by(handle: str, pieces: Sequence[Piece]) -> Iterator[Piece]:
    return (piece for piece in pieces if piece.author == handle)


def _by_nobody(pieces: Sequence[Piece], people: Sequence[Person]) -> Iterator[str]:
    handles = {person.handle for person in people}
    return (f"{piece.name}: by nobody of the cast" for piece in pieces if piece.author not in handles)


def _person(path: Path) -> Person:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        pieces = [_piece(table["handle"], kind, piece) for kind in ("diary", "voice") for piece in table.get(kind, ())]
        return Person(
            seat=table["seat"],
            handle=table["handle"],
            name=clean_line(table["name"]),
            language=table["language"],
            introduction=clean_text(table["introduction"]),
            letter=clean_text(table["letter"]),
            facts=[_saying(fact) for fact in table.get("facts", ())],
            groups=[Circle(clean_line(each["name"]), each["people"]) for each in table.get("groups", ())],
            pieces=pieces,
            asking=[_asking(asking) for asking in table.get("asking", ())],
            drafts=[Unfinished(_words(draft), draft["days"]) for draft in table.get("drafts", ())],
            breaks=[Break(each["whom"], each["since"], each["days"]) for each in table.get("breaks", ())],
            arrival=_arrival(table["arrival"]) if "arrival" in table else None,
        )
    except (tomllib.TOMLDecodeError, KeyError, ValueError) as error:
        raise BadScript(f"{path.name}: {type(error).__name__}: {error}") from error


def _piece(author: str, kind: str, table: Mapping[str, Any], ago: int = 0) -> Piece:
    return Piece(
        author=author,
        when=_day(table["on"], table["at"]),
        title=clean_line(table["title"]) if kind == "diary" else "",
        body=clean_text(table["body"]),
        audience=table["audience"],
        chosen=_chosen(table),
        liked_by=table.get("liked_by", ()),
        favourite_of=table.get("favourite_of", ()),
        comments=[_line(line) for line in table.get("comments", ())],
        ago=ago,
        before=[_words(words) for words in table.get("before", ())],
        needs_no_answer=table.get("needs_no_answer", False),
        is_closed=table.get("is_closed", False),
    )


def _words(table: Mapping[str, Any]) -> Words:
    return Words(clean_line(table.get("title", "")), clean_text(table["body"]))


def _arrival(table: Mapping[str, Any]) -> Arrival:
    return Arrival(table["by"], clean_text(table["letter"]), timedelta(**table["before"]))


def _saying(table: Mapping[str, Any]) -> Saying:
    kind, in_days = table["kind"], table.get("in_days")
    return Saying(
        kind=kind,
        label=clean_line(table.get("label", "")),
        value=clean_text(table.get("value", "")) if in_days is None else "",
        in_days=in_days,
        audience=table.get("audience", USUALLY_FOR[FactKind(kind)].value),
        chosen=_chosen(table),
    )


def _chosen(table: Mapping[str, Any]) -> Chosen | None:
    """Spelled out in the same table as the word."""
    if table.get("audience") != Audience.CHOSEN:
        return None
    return Chosen(table.get("groups", ()), table.get("people", ()), table.get("but", ()))


def _asking(table: Mapping[str, Any]) -> Asking:
    at = time.fromisoformat(table["at"])
    return Asking(whom=table["whom"], days=table["days"], at=at, message=clean_text(table["message"]))


def _line(table: Mapping[str, Any]) -> Line:
    when = _day(table["on"], table["at"]) if "on" in table else None
    return Line(by=table["by"], text=clean_text(table["text"]), when=when)


def _day(on: str, at: str) -> Day:
    month, day = (int(part) for part in on.split("-"))
    return Day(*date(_ANY_LEAP_YEAR, month, day).timetuple()[1:3], at=time.fromisoformat(at))


def _problems(people: Sequence[Person]) -> Iterator[str]:
    seats = sorted(person.seat for person in people)
    if seats != list(range(1, karate.PEOPLE + 1)):
        yield f"the seats are {seats}, not 1 to {karate.PEOPLE} once each"
        return
    handles = {person.seat: person.handle for person in people}
    for person in people:
        friends = {handles[seat] for seat in karate.friends_of(person.seat)}
        yield from _problems_with(person)
        yield from _problems_in_groups(person, friends)
        yield from _problems_in_facts(person, friends)
        for asking in person.asking:
            yield from _problems_asking(person, asking, set(handles.values()) - friends)
        yield from (f"{person.handle}: a break from {each.whom}" for each in person.breaks if each.whom not in friends)
        yield from _problems_in_pieces(person, friends)


def _problems_of_latecomer(person: Person, handles: set[str]) -> Iterator[str]:
    if person.seat <= karate.PEOPLE or person.handle in handles:
        yield f"{person.handle}: one of the 34"
    if person.arrival is None or person.arrival.by not in handles:
        yield f"{person.handle}: invited by nobody"
    else:
        yield from _problems_in_pieces(person, {person.arrival.by})


def _problems_in_pieces(person: Person, friends: set[str]) -> Iterator[str]:
    for piece in person.pieces:
        readers = _readers(piece, person, friends)
        yield from (f"{piece.name}: {problem}" for problem in _problems_in(piece, readers))
        yield from (f"{piece.name}: {problem}" for problem in _problems_of_choice(piece.chosen, person, friends))


def _problems_with(person: Person) -> Iterator[str]:
    if person.language not in LANGUAGES:
        yield f"{person.handle}: language {person.language}"
    for field, text, most in (
        ("introduction", person.introduction, INTRODUCTION_MOST),
        ("letter", person.letter, LETTER_MOST),
    ):
        yield from _out_of_bounds(f"{person.handle}: {field}", text, most)
    names = [piece.name for piece in person.pieces]
    yield from (f"{name}: two at once" for name in set(names) if names.count(name) > 1)


def _problems_asking(person: Person, asking: Asking, strangers: set[str]) -> Iterator[str]:
    name = f"{person.handle} asking {asking.whom}"
    if asking.whom not in strangers - {person.handle}:
        yield f"{name}: friends already, or nobody"
    if asking.days < 1:
        yield f"{name}: today is too late"
    yield from _out_of_bounds(name, asking.message, MESSAGE_LENGTH)


def _problems_in_groups(person: Person, friends: set[str]) -> Iterator[str]:
    for group in person.groups:
        yield from _out_of_bounds(f"{person.handle}: group", group.name, GROUP_NAME_LENGTH)
        if not group.people or set(group.people) - friends:
            yield f"{person.handle}: group {group.name}: nobody, or somebody who is no friend"


def _problems_in_facts(person: Person, friends: set[str]) -> Iterator[str]:
    kinds = [fact.kind for fact in person.facts if fact.kind != FactKind.FREE]
    yield from (f"{person.handle}: two facts, {kind}" for kind in set(kinds) if kinds.count(kind) > 1)
    for fact in person.facts:
        name = f"{person.handle}: {fact.label or fact.kind}"
        if fact.audience not in OFFERED:
            yield f"{name}: audience {fact.audience}"
        yield from (f"{name}: {problem}" for problem in _problems_of_choice(fact.chosen, person, friends))
        if fact.kind == FactKind.FREE:
            yield from _out_of_bounds(f"{name}: label", fact.label, LABEL_LENGTH)
        if fact.kind != FactKind.FRIENDS and fact.in_days is None:
            yield from _out_of_bounds(name, fact.value, VALUE_LENGTH)


def _problems_of_choice(chosen: Chosen | None, person: Person, friends: set[str]) -> Iterator[str]:
    if chosen is None:
        return
    yield from (f"group {name} is none" for name in set(chosen.groups) - {group.name for group in person.groups})
    yield from (f"{handle} is no friend" for handle in {*chosen.people, *chosen.exceptions} - friends)


def _readers(piece: Piece, person: Person, friends: set[str]) -> set[str]:
    """Which friends of its author can read it."""
    if piece.chosen is None:
        return friends if piece.audience != Audience.ONLY_ME else set()
    named = {handle for group in person.groups if group.name in piece.chosen.groups for handle in group.people}
    named |= set(piece.chosen.people)
    return (named or friends) - set(piece.chosen.exceptions)


def _problems_in(piece: Piece, readers: set[str]) -> Iterator[str]:
    if piece.audience not in OFFERED:
        yield f"audience {piece.audience}"
    for words in piece.versions:
        if piece.kind == "diary":
            yield from _out_of_bounds("title", words.title, TITLE_LENGTH)
        yield from _out_of_bounds("body", words.body, BODY_LENGTH if piece.kind == "diary" else VOICE_LENGTH)
    for word, handles in (("liked", piece.liked_by), ("favoured", piece.favourite_of)):
        yield from (f"{word} by {handle}, who is no friend who can read it" for handle in set(handles) - readers)
        if len(set(handles)) < len(handles):
            yield f"{word} twice by one person"
    yield from _problems_under(piece, readers)


def _problems_under(piece: Piece, readers: set[str]) -> Iterator[str]:
    for number, line in enumerate(piece.comments, start=1):
        if line.by not in readers and not (line.by == piece.author and readers):
            yield f"comment {number} by {line.by}, who is no friend who can read it"
        yield from _out_of_bounds(f"comment {number}", line.text, COMMENT_LENGTH)
        for pointed in _POINTER.findall(line.text):
            if not 0 < int(pointed) < number:
                yield f"comment {number} points at {pointed}"


def _out_of_bounds(name: str, text: str, most: int) -> Iterator[str]:
    if is_blank(text):
        yield f"{name} is empty"
    if characters(text) > most:
        yield f"{name} has {characters(text)} characters, {characters(text) - most} too many"

"""The three years of the demo, played through the site's own verbs in the order in which it happened."""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from functools import partial
from itertools import groupby
from typing import Any

from mixlite.app.demo import karate
from mixlite.app.demo.hosts import House, read_house
from mixlite.app.demo.portraits import PORTRAITS
from mixlite.app.demo.script import Chosen, Circle, Person, Piece, Unfinished, Words
from mixlite.app.demo.times import Calendar, Timed
from mixlite.core import clock
from mixlite.core.db import writing
from mixlite.core.prose import excerpt
from mixlite.entries.entries import Entry
from mixlite.entries.facts import FactKind
from mixlite.entries.selections import Choice
from mixlite.features.accounts.verbs import sign_out
from mixlite.features.diary.models import EXCERPT_LENGTH
from mixlite.features.diary.verbs import publish_diary, revise_diary
from mixlite.features.drafts.verbs import keep_draft
from mixlite.features.friends.verbs import accept_request, ask_to_be_friends, end_friendship, mute
from mixlite.features.groups.verbs import make_group, put_in
from mixlite.features.invitations.models import Invitation
from mixlite.features.invitations.verbs import join_circle, revoke_invitation, write_invitation
from mixlite.features.portraits.verbs import choose_portrait
from mixlite.features.profiles.verbs import add_free_fact, describe_oneself, state_fact
from mixlite.features.reading.verbs import add_comment, close_comments, favour, like
from mixlite.features.voice.verbs import post_voice, revise_voice
from mixlite.people.friendships import request_between
from mixlite.people.members import Member

WEEKS_OF_JOINING = 9
DEVICE = "the demo"
BETWEEN_VERSIONS = timedelta(minutes=6)

Say = Callable[[str], object]


@dataclass(frozen=True)
class Act:
    """Something somebody did."""

    at: datetime
    do: Callable[[], object]


# Who asked for another link lately: days ago, uses, days it is good for; the last one was taken back.
OPEN_INVITATIONS = (("rosa", 2, 5, 30), ("hiraku", 6, 1, 21))
REVOKED_INVITATION = ("michiko", 8, 3, 14)


@dataclass
class Counts:
    """How much there is so far."""

    entries: int = 0
    comments: int = 0
    marks: int = 0


@dataclass
class Years:
    """Everybody, and what they did until `now`."""

    cast: Mapping[int, Person]
    late: Sequence[Person]
    password_hash: str
    now: datetime
    house: House = field(default_factory=read_house)
    counts: Counts = field(default_factory=Counts)

    def __post_init__(self) -> None:
        self.calendar = Calendar(self.now)
        self._everybody = [*self.cast.values(), *self.late]
        self._people = {person.handle: person for person in self._everybody}
        self._members: dict[str, Member] = {}
        self._invitations: dict[str, Invitation] = {}
        self._entries: dict[str, Entry] = {}
        self._groups: dict[tuple[str, str], int] = {}
        everything = (self.calendar.timed(piece) for person in self._everybody for piece in person.pieces)
        self._timed = sorted((timed for timed in everything if timed), key=lambda timed: (timed.at, timed.piece.name))
        self._founded = self._timed[0].at.replace(hour=9, minute=0) - timedelta(weeks=WEEKS_OF_JOINING)
        self._joined: dict[int, datetime] = {}

    def member(self, handle: str) -> Member:
        """Once they have come."""
        return self._members[handle]

    def play(self, say: Say) -> None:
        """Do it all, a month in one transaction, and say how far it is."""
        acts = sorted(self._acts(), key=lambda act: act.at)
        for (year, month), some in groupby(acts, key=lambda act: (act.at.year, act.at.month)):
            with writing():
                for act in some:
                    with clock.at(act.at):
                        act.do()
            counts = self.counts
            say(
                f"  {year}-{month:02}: {len(self._members)} people, {counts.entries:,} entries, "
                f"{counts.comments:,} comments, {counts.marks:,} marks"
            )

    def _acts(self) -> Iterator[Act]:
        yield from self._arrivals()
        yield from self._befriending()
        settled = self._timed[0].at - timedelta(minutes=1)
        for person in self.cast.values():
            yield Act(settled, partial(self._introduce, person))
        for person in self.late:
            yield from self._coming_late(person)
        for timed in self._timed:
            yield from self._writing(timed)
        yield from self._loose_ends()
        for at, do in self.house.acts(self.calendar, self._founded, self._members, self._entries):
            yield Act(at, do)

    # --- how they came ------------------------------------------------------------------------------------------------

    def _arrivals(self) -> Iterator[Act]:
        """The founder, then everybody through the letter of whoever the tree says, one after the other."""
        dice = random.Random("arrivals")
        self._joined[karate.INSTRUCTOR] = self._founded
        yield Act(self._founded, self._founding)
        for inviter, pairs in groupby(karate.invitation_tree(), key=lambda pair: pair[0]):
            guests = [guest for _inviter, guest in pairs]
            moment = _daytime(self._joined[inviter] + timedelta(hours=dice.uniform(8, 30)), dice)
            yield Act(moment, partial(self._invite, self.cast[inviter], uses=len(guests)))
            for guest in guests:
                moment = _daytime(moment + timedelta(hours=dice.uniform(5, 40)), dice)
                self._joined[guest] = moment
                yield Act(moment, partial(self._join, self.cast[guest], self.cast[inviter].handle))

    def _befriending(self) -> Iterator[Act]:
        """The ties that no invitation made; and the two leaders, who do not talk, end what the invitation made."""
        dice = random.Random("befriending")
        made = {(min(pair), max(pair)) for pair in karate.invitation_tree()}
        for pair in sorted(karate.TIES - made):
            asked, asker = sorted(pair, key=lambda seat: self._joined[seat])
            moment = _daytime(self._joined[asker] + timedelta(hours=dice.uniform(3, 200)), dice)
            answer = _daytime(moment + timedelta(hours=dice.uniform(2, 40)), dice)
            both = self.cast[asker].handle, self.cast[asked].handle
            yield Act(moment, partial(self._ask, *both))
            yield Act(answer, partial(self._accept, *both))
        leaders = (self.cast[seat].handle for seat in (karate.INSTRUCTOR, karate.ADMINISTRATOR))
        yield Act(self._founded + timedelta(weeks=WEEKS_OF_JOINING // 2), partial(self._part, *leaders))

    def _coming_late(self, person: Person) -> Iterator[Act]:
        """Somebody who is none of the 34, through a letter of their own."""
        if person.arrival is None:
            return
        at = self.now - person.arrival.before
        yield Act(at - timedelta(hours=20), partial(self._write_to, person))
        yield Act(at, partial(self._join, person, person.handle))

    def _write_to(self, person: Person) -> None:
        if person.arrival is not None:
            inviter, letter = self._members[person.arrival.by], person.arrival.letter
            self._invitations[person.handle] = write_invitation(inviter, letter=letter, uses=1, days=14)

    def _founding(self) -> None:
        first = write_invitation(None, letter="", uses=1, days=7)
        founder = self.cast[karate.INSTRUCTOR]
        self._invitations[""] = first
        self._join(founder, "")

    def _invite(self, inviter: Person, *, uses: int) -> None:
        member = self._members[inviter.handle]
        self._invitations[inviter.handle] = write_invitation(member, letter=inviter.letter, uses=uses, days=60)

    def _join(self, person: Person, inviter: str) -> None:
        member = join_circle(
            None,
            self._invitations[inviter].token or "",
            name=person.name,
            handle=person.handle,
            email=f"{person.handle}@example.jp",
            password_hash=self.password_hash,
            language=person.language,
            device=DEVICE,
        )
        if person.introduction:
            describe_oneself(member, name=person.name, introduction=person.introduction)
        if person.handle in PORTRAITS:
            choose_portrait(member, portrait=PORTRAITS[person.handle])
        member.email_confirmed_at = member.joined_at
        sign_out(member)
        self._members[person.handle] = member

    def _ask(self, asker: str, asked: str, message: str = "") -> None:
        ask_to_be_friends(self._members[asker], self._members[asked], message=message)

    def _accept(self, asker: str, asked: str) -> None:
        request = request_between(self._members[asker].id, self._members[asked].id)
        if request is not None:
            accept_request(self._members[asked], request.id)

    def _part(self, one: str, other: str) -> None:
        end_friendship(self._members[one], self._members[other])

    def _introduce(self, person: Person) -> None:
        """Once everybody is there: the groups somebody keeps, and what their profile says, each for whom it is."""
        member = self._members[person.handle]
        for group in person.groups:
            self._groups[person.handle, group.name] = self._gather(member, group)
        for fact in person.facts:
            given: dict[str, Any] = {"audience": fact.audience, "choice": self.choice(person.handle, fact.chosen)}
            if fact.kind == FactKind.FREE:
                add_free_fact(member, label=fact.label, value=fact.value, **given)
            else:
                value = fact.value if fact.in_days is None else self.calendar.month_day(fact.in_days)
                state_fact(member, fact.kind, value=value, **given)

    def _gather(self, member: Member, group: Circle) -> int:
        return put_in(member, make_group(member, name=group.name), people=group.people).id

    def choice(self, handle: str, chosen: Chosen | None) -> Choice | None:
        """For whom, in the ids of this site; None for what is not `chosen`."""
        if chosen is None:
            return None
        people, exceptions = (
            frozenset(self._members[name].id for name in names) for names in (chosen.people, chosen.exceptions)
        )
        groups = frozenset(self._groups[handle, name] for name in chosen.groups)
        return Choice(not (groups or people), groups, people, exceptions)

    # --- what they wrote ----------------------------------------------------------------------------------------------

    def _writing(self, timed: Timed) -> Iterator[Act]:
        """A piece, and what friends did with it."""
        piece = timed.piece
        yield Act(timed.at, partial(self._publish, piece))
        for words, at in zip(piece.versions[1:], self._versions(timed), strict=True):
            yield Act(at, partial(self._revise, piece, words))
        for line, at in zip(piece.comments, timed.comments, strict=True):
            yield Act(at, partial(self._comment, piece.name, line.by, line.text))
        for handle, at in zip(piece.liked_by, timed.likes, strict=True):
            yield Act(at, partial(self._mark, like, piece.name, handle))
        for handle, at in zip(piece.favourite_of, timed.favourites, strict=True):
            yield Act(at, partial(self._mark, favour, piece.name, handle))
        if piece.is_closed:
            yield Act(max((timed.at, *timed.comments)) + timedelta(seconds=50), partial(self._close, piece))

    def _versions(self, timed: Timed) -> Sequence[datetime]:
        """When the words were changed: soon after each other, as one does who reads their own words once more."""
        return [timed.at + BETWEEN_VERSIONS * number for number in range(1, len(timed.piece.before) + 1)]

    def _publish(self, piece: Piece) -> None:
        words = piece.versions[0]
        author, given = self._members[piece.author], self._given(piece)
        if piece.kind == "diary":
            first_words = excerpt(words.body, EXCERPT_LENGTH)
            entry = publish_diary(author, title=words.title, body=words.body, excerpt=first_words, **given)
        else:
            entry = post_voice(author, body=words.body, **given)
        self._entries[piece.name] = entry
        self.counts.entries += 1

    def _revise(self, piece: Piece, words: Words) -> None:
        author, entry, given = self._members[piece.author], self._entries[piece.name], self._given(piece)
        if piece.kind == "diary":
            first_words = excerpt(words.body, EXCERPT_LENGTH)
            revise_diary(author, entry, title=words.title, body=words.body, excerpt=first_words, **given)
        else:
            revise_voice(author, entry, body=words.body, **given)

    def _given(self, piece: Piece) -> dict[str, Any]:
        choice = self.choice(piece.author, piece.chosen)
        return {"audience": piece.audience, "choice": choice, "needs_no_answer": piece.needs_no_answer}

    def _close(self, piece: Piece) -> None:
        close_comments(self._members[piece.author], self._entries[piece.name])

    def _comment(self, name: str, handle: str, text: str) -> None:
        add_comment(self._members[handle], self._entries[name], body=text)
        self.counts.comments += 1

    def _mark(self, verb: Callable[[Member, Entry], None], name: str, handle: str) -> None:
        verb(self._members[handle], self._entries[name])
        self.counts.marks += 1

    # --- what is still open -------------------------------------------------------------------------------------------

    def _loose_ends(self) -> Iterator[Act]:
        for person in self.cast.values():
            for asking in person.asking:
                at = self.calendar.days_ago(asking.days, asking.at)
                yield Act(at, partial(self._ask, person.handle, asking.whom, asking.message))
            for number, draft in enumerate(person.drafts):
                yield Act(self.calendar.days_ago(draft.days, time(21, 40)), partial(self._keep, person, number, draft))
            for each in person.breaks:
                at = self.calendar.days_ago(each.since, time(20, 15))
                yield Act(at, partial(self._take_a_break, person.handle, each.whom, each.days))
        for handle, days, uses, good_for in (*OPEN_INVITATIONS, REVOKED_INVITATION):
            yield Act(
                self.calendar.days_ago(days, time(19, 5)), partial(self._invite_again, handle, uses=uses, days=good_for)
            )
        handle, days, *_ = REVOKED_INVITATION
        yield Act(self.calendar.days_ago(days - 1, time(7, 40)), partial(self._revoke, handle))

    def _keep(self, person: Person, number: int, draft: Unfinished) -> None:
        kind = "diary" if draft.words.title else "voice"
        typed = {"title": [draft.words.title], "body": [draft.words.body], "audience": ["friends"]}
        keep_draft(
            self._members[person.handle],
            kind=kind,
            nonce=f"{person.handle}-{number}",
            entry_id=None,
            typed=typed if draft.words.title else {name: typed[name] for name in ("body", "audience")},
            version=0,
            window="",
        )

    def _take_a_break(self, handle: str, whom: str, days: int) -> None:
        mute(self._members[handle], self._members[whom], days=days)

    def _invite_again(self, handle: str, *, uses: int, days: int) -> None:
        letter = self._people[handle].letter
        self._invitations[handle] = write_invitation(self._members[handle], letter=letter, uses=uses, days=days)

    def _revoke(self, handle: str) -> None:
        revoke_invitation(self._members[handle], self._invitations[handle].id)


def _daytime(moment: datetime, dice: random.Random) -> datetime:
    """This moment, or, if it is at night, some time the next morning."""
    if 7 <= moment.hour < 23:
        return moment
    morning = moment if moment.hour < 7 else moment + timedelta(hours=8)
    return morning.replace(hour=7, minute=0) + timedelta(minutes=dice.uniform(0, 150))

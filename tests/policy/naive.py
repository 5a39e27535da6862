"""The rules of the site once more, in sets and loops: what the words of the design say, without a database.

Nothing here is clever or fast, and nothing is taken from the code that it judges. Every act answers what a person would
see of it: "done", or "not here" (it does not exist for them), or "not yours".
"""

from dataclasses import dataclass, field
from datetime import datetime

DONE, NOT_HERE, NOT_YOURS = "done", "not here", "not yours"


@dataclass
class Person:
    is_here: bool = True
    blocks: set[int] = field(default_factory=set)


@dataclass
class Remark:
    author: int
    is_removed: bool = False


@dataclass
class Thing:
    author: int
    kind: str
    audience: str
    words: str
    published_at: datetime | None
    shown_at: datetime
    is_deleted: bool = False
    is_edited: bool = False
    remarks: dict[int, Remark] = field(default_factory=dict)  # by number
    last_number: int = 0
    likes: dict[int, datetime] = field(default_factory=dict)
    favourites: dict[int, datetime] = field(default_factory=dict)


@dataclass
class Asked:
    """`asker` asked `asked`; one for each pair."""

    asker: int
    asked: int
    is_declined: bool = False


@dataclass
class World:
    """Who is there, how they stand to each other, and what they wrote."""

    now: datetime
    people: dict[int, Person] = field(default_factory=dict)
    friendships: set[frozenset[int]] = field(default_factory=set)
    requests: dict[frozenset[int], Asked] = field(default_factory=dict)
    things: dict[int, Thing] = field(default_factory=dict)

    # --- who sees what: the law ---------------------------------------------------------------------------------

    def meets(self, me: int, other: int) -> bool:
        """They are here, and neither of us has blocked the other."""
        if not self.people[other].is_here:
            return False
        return other not in self.people[me].blocks and me not in self.people[other].blocks

    def are_friends(self, one: int, other: int) -> bool:
        return frozenset((one, other)) in self.friendships

    def share_a_friend(self, one: int, other: int) -> bool:
        """Somebody who is here is friends with both."""
        for between, person in self.people.items():
            if person.is_here and self.are_friends(one, between) and self.are_friends(between, other):
                return True
        return False

    def sees(self, me: int, thing: Thing) -> bool:
        if thing.is_deleted:
            return False
        if thing.author == me:
            return True
        if not self.meets(me, thing.author):
            return False
        if thing.audience == "friends":
            return self.are_friends(me, thing.author)
        if thing.audience == "friends_of_friends":
            return self.are_friends(me, thing.author) or self.share_a_friend(me, thing.author)
        return thing.audience == "members"

    # --- what follows from it -----------------------------------------------------------------------------------

    def here(self) -> list[int]:
        return [number for number, person in self.people.items() if person.is_here]

    def visible(self, me: int) -> set[int]:
        return {number for number, thing in self.things.items() if self.sees(me, thing)}

    def readers(self, number: int) -> set[int]:
        """Everybody who is here and sees it, but not its author."""
        thing = self.things[number]
        return {someone for someone in self.here() if someone != thing.author and self.sees(someone, thing)}

    def future_readers(self, author: int, audience: str) -> int:
        """How many would read it, if the author wrote something for this audience now."""
        thing = Thing(author, "voice", audience, "", self.now, self.now)
        return len([someone for someone in self.here() if someone != author and self.sees(someone, thing)])

    def feed(self, me: int) -> list[tuple[datetime, int]]:
        """What my friends and I wrote, as far as I see it; the newest first."""
        found = []
        for number in self.visible(me):
            thing = self.things[number]
            if thing.author == me or self.are_friends(me, thing.author):
                found.append((thing.shown_at, number))
        return sorted(found, reverse=True)

    def written_by(self, me: int, author: int) -> list[tuple[datetime, int]]:
        """Somebody's profile as I see it."""
        mine = [number for number in self.visible(me) if self.things[number].author == author]
        return sorted(((self.things[number].shown_at, number) for number in mine), reverse=True)

    def favourites_of(self, me: int, member: int) -> list[tuple[datetime, int]]:
        """What somebody recommends, as far as I see it."""
        found = [number for number in self.visible(me) if member in self.things[number].favourites]
        return sorted(((self.things[number].favourites[member], number) for number in found), reverse=True)

    def recommended_to(self, me: int) -> list[int]:
        """My friends' favourites that I see and did not write: each once, where its latest recommendation puts it."""
        latest: dict[int, datetime] = {}
        for number in self.visible(me):
            thing = self.things[number]
            for member, moment in thing.favourites.items():
                if thing.author != me and self.are_friends(me, member) and self.meets(me, member):
                    latest[number] = max(moment, latest.get(number, moment))
        return sorted(latest, key=lambda number: (latest[number], number), reverse=True)

    def remarks_seen(self, me: int, number: int) -> list[int]:
        """The numbers under an entry. What is removed, and what people wrote whom I do not meet, leaves a gap."""
        found = []
        for remark_number, remark in sorted(self.things[number].remarks.items()):
            if not remark.is_removed and self.meets(me, remark.author):
                found.append(remark_number)
        return found

    def likers_seen(self, me: int, number: int) -> list[int]:
        """The latest first."""
        likes = self.things[number].likes
        return sorted((who for who in likes if self.meets(me, who)), key=lambda who: (likes[who], who), reverse=True)

    def friends_seen(self, me: int, member: int) -> set[int]:
        return {other for other in self.people if self.are_friends(member, other) and self.meets(me, other)}

    def waiting_for(self, me: int) -> set[int]:
        """Who asked me, whom I have not answered."""
        waiting = set()
        for asked in self.requests.values():
            if asked.asked == me and not asked.is_declined and self.people[asked.asker].is_here:
                waiting.add(asked.asker)
        return waiting

    # --- what people do -----------------------------------------------------------------------------------------

    def join(self, member: int, inviter: int | None) -> None:
        self.people[member] = Person()
        if inviter is not None:
            self.friendships.add(frozenset((member, inviter)))

    def ask(self, me: int, other: int) -> str:
        if not self.meets(me, other):
            return NOT_HERE
        pair = frozenset((me, other))
        if me == other or pair in self.friendships:
            return DONE
        if pair not in self.requests:
            self.requests[pair] = Asked(me, other)
        elif self.requests[pair].asker == other:
            self._befriend(pair)
        return DONE

    def accept(self, me: int, pair: frozenset[int]) -> str:
        asked = self.requests.get(pair)
        if asked is None or asked.asked != me or not self.meets(me, asked.asker):
            return NOT_HERE
        if not asked.is_declined:
            self._befriend(pair)
        return DONE

    def decline(self, me: int, pair: frozenset[int]) -> str:
        asked = self.requests.get(pair)
        if asked is None or asked.asked != me or not self.meets(me, asked.asker):
            return NOT_HERE
        asked.is_declined = True
        return DONE

    def _befriend(self, pair: frozenset[int]) -> None:
        self.friendships.add(pair)
        del self.requests[pair]

    def end(self, me: int, other: int) -> str:
        if not self.meets(me, other):
            return NOT_HERE
        self.friendships.discard(frozenset((me, other)))
        return DONE

    def block(self, me: int, other: int) -> str:
        if me == other or not self.meets(me, other):
            return NOT_HERE
        self.people[me].blocks.add(other)
        self.friendships.discard(frozenset((me, other)))
        self.requests.pop(frozenset((me, other)), None)
        return DONE

    def unblock(self, me: int, other: int) -> str:
        self.people[me].blocks.discard(other)
        return DONE

    def publish(self, me: int, number: int, kind: str, audience: str, words: str) -> None:
        published_at = None if audience == "only_me" else self.now
        self.things[number] = Thing(me, kind, audience, words, published_at, self.now)

    def revise(self, me: int, number: int, audience: str, words: str) -> str:
        thing = self.things[number]
        if not self.sees(me, thing):
            return NOT_HERE
        if thing.author != me:
            return NOT_YOURS
        if thing.published_at is None and audience != "only_me":
            thing.published_at = thing.shown_at = self.now  # the first moment anybody else could read it
        thing.is_edited = thing.is_edited or thing.words != words
        thing.audience, thing.words = audience, words
        return DONE

    def delete(self, me: int, number: int) -> str:
        thing = self.things[number]
        if not self.sees(me, thing):
            return NOT_HERE
        if thing.author != me:
            return NOT_YOURS
        thing.is_deleted = True
        return DONE

    def remark(self, me: int, number: int) -> str:
        thing = self.things[number]
        if not self.sees(me, thing):
            return NOT_HERE
        thing.last_number += 1
        thing.remarks[thing.last_number] = Remark(me)
        return DONE

    def remove_remark(self, me: int, number: int, remark_number: int) -> str:
        thing = self.things[number]
        if not self.sees(me, thing) or remark_number not in self.remarks_seen(me, number):
            return NOT_HERE
        if me not in (thing.author, thing.remarks[remark_number].author):
            return NOT_YOURS
        thing.remarks[remark_number].is_removed = True
        return DONE

    def mark(self, me: int, number: int, which: str) -> str:
        thing = self.things[number]
        if not self.sees(me, thing):
            return NOT_HERE
        marks = thing.likes if which == "like" else thing.favourites
        marks.setdefault(me, self.now)
        return DONE

    def unmark(self, me: int, number: int, which: str) -> str:
        thing = self.things[number]
        if not self.sees(me, thing):
            return NOT_HERE
        marks = thing.likes if which == "like" else thing.favourites
        marks.pop(me, None)
        return DONE

"""The rules of the site once more, in sets and loops: what the words of the design say, without a database.

Nothing here is clever or fast, and nothing is taken from the code that it judges. Every act answers what a person would
see of it: "done", or "not here" (it does not exist for them), or "not yours".
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

DONE, NOT_HERE, NOT_YOURS, REFUSED = "done", "not here", "not yours", "refused"
UNDO_FOR = timedelta(seconds=10)


@dataclass(frozen=True)
class Picked:
    """Who was chosen, as it was meant when it was chosen: all friends but some, or groups and people but some."""

    all_friends: bool = False
    groups: frozenset[int] = frozenset()
    people: frozenset[int] = frozenset()
    exceptions: frozenset[int] = frozenset()


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
    picked: Picked | None = None
    is_deleted: bool = False
    deleted_at: datetime | None = None
    deleted_by: int = 0
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
    is_withdrawn: bool = False


@dataclass
class World:
    """Who is there, how they stand to each other, and what they wrote."""

    now: datetime
    people: dict[int, Person] = field(default_factory=dict)
    friendships: set[frozenset[int]] = field(default_factory=set)
    requests: dict[frozenset[int], Asked] = field(default_factory=dict)
    things: dict[int, Thing] = field(default_factory=dict)
    groups: dict[int, tuple[int, set[int]]] = field(default_factory=dict)  # of whom, and who is in it
    mutes: dict[tuple[int, int], datetime | None] = field(default_factory=dict)  # until when
    lists: dict[int, str] = field(default_factory=dict)  # for whom somebody's list of friends is, once they decided
    dismissed: set[tuple[int, int]] = field(default_factory=set)

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
        if thing.audience == "chosen":
            return self.are_friends(me, thing.author) and self.is_picked(me, thing.picked)
        return self.is_for(me, thing.audience, thing.author)

    def is_for(self, me: int, audience: str, author: int) -> bool:
        """Whether this word includes me, who meet the author and am not them."""
        if audience == "friends":
            return self.are_friends(me, author)
        if audience == "friends_of_friends":
            return self.are_friends(me, author) or self.share_a_friend(me, author)
        return audience == "members"

    def is_picked(self, me: int, picked: Picked | None) -> bool:
        """By name, by a group as it is now, or as one of all friends; an exception is out, whatever else is said."""
        if picked is None or me in picked.exceptions:
            return False
        if picked.all_friends or me in picked.people:
            return True
        return any(me in self.groups[group][1] for group in picked.groups if group in self.groups)

    def shows_friends(self, me: int, member: int) -> bool:
        """Everybody who meets them sees the list of somebody who never decided."""
        if me == member or member not in self.lists:
            return True
        return self.meets(me, member) and self.is_for(me, self.lists[member], member)

    def is_muted(self, me: int, other: int) -> bool:
        if (me, other) not in self.mutes:
            return False
        until = self.mutes[me, other]
        return until is None or until > self.now

    # --- what follows from it -----------------------------------------------------------------------------------

    def here(self) -> list[int]:
        return [number for number, person in self.people.items() if person.is_here]

    def visible(self, me: int) -> set[int]:
        return {number for number, thing in self.things.items() if self.sees(me, thing)}

    def readers(self, number: int) -> set[int]:
        """Everybody who is here and sees it, but not its author."""
        thing = self.things[number]
        return {someone for someone in self.here() if someone != thing.author and self.sees(someone, thing)}

    def future_readers(self, author: int, audience: str, picked: Picked | None = None) -> int:
        """How many would read it, if the author wrote something for this audience now."""
        thing = Thing(author, "voice", audience, "", self.now, self.now, picked)
        return len([someone for someone in self.here() if someone != author and self.sees(someone, thing)])

    def feed(self, me: int) -> list[tuple[datetime, int]]:
        """What my friends and I wrote, as far as I see it; the newest first."""
        found = []
        for number in self.visible(me):
            thing = self.things[number]
            is_friends = self.are_friends(me, thing.author) and not self.is_muted(me, thing.author)
            if thing.author == me or is_friends:
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
        """My friends' favourite diary entries that I see and did not write: each once, by its latest recommendation."""
        latest: dict[int, datetime] = {}
        for number in self.visible(me):
            thing = self.things[number]
            for member, moment in thing.favourites.items():
                is_heard = not self.is_muted(me, member) and not self.is_muted(me, thing.author)
                if (
                    thing.kind == "diary"
                    and thing.author != me
                    and is_heard
                    and self.are_friends(me, member)
                    and self.meets(me, member)
                ):
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
        """Nobody, where the list is not for me."""
        if not self.shows_friends(me, member):
            return set()
        return {other for other in self.people if self.are_friends(member, other) and self.meets(me, other)}

    def waiting_for(self, me: int) -> set[int]:
        """Who asked me, whom I have not answered."""
        waiting = set()
        for asked in self.requests.values():
            if (
                asked.asked == me
                and not asked.is_declined
                and not asked.is_withdrawn
                and self.people[asked.asker].is_here
            ):
                waiting.add(asked.asker)
        return waiting

    def is_usable(self, me: int, member: int) -> bool:
        """Whether ties of this person's may be used to show me something."""
        return self.meets(me, member) and self.shows_friends(me, member)

    def way_to(self, me: int, member: int) -> list[int]:
        """Over whom I am connected with somebody: breadth first, the earliest to join first, two people at most."""
        if not self.is_usable(me, member):
            return []
        mine = [other for other in sorted(self.people) if self.are_friends(me, other) and self.is_usable(me, other)]
        for one in mine:
            if self.are_friends(one, member):
                return [one]
        for one in mine:
            for two in sorted(self.people):
                is_between = two != me and self.are_friends(one, two) and self.are_friends(two, member)
                if is_between and self.is_usable(me, two):
                    return [one, two]
        return []

    def suggested_to(self, me: int) -> list[tuple[int, int]]:
        """People I may know, with over how many; whoever has the most first."""
        found = []
        for other in sorted(self.people):
            known = other == me or self.are_friends(me, other) or frozenset((me, other)) in self.requests
            if known or (me, other) in self.dismissed or self.is_muted(me, other) or not self.is_usable(me, other):
                continue
            over = [
                friend
                for friend in self.people
                if self.are_friends(me, friend)
                and self.are_friends(friend, other)
                and self.is_usable(me, friend)
                and not self.is_muted(me, friend)
            ]
            if over:
                found.append((other, len(over)))
        return sorted(found, key=lambda pair: (-pair[1], pair[0]))

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
        asked = self.requests.get(pair)
        if asked is None or (asked.asker == other and asked.is_withdrawn):
            self.requests[pair] = Asked(me, other)
        elif asked.asker == other:
            self._befriend(pair)
        else:
            asked.is_withdrawn = False  # whoever declined it is not asked again
        return DONE

    def withdraw(self, me: int, pair: frozenset[int]) -> str:
        asked = self.requests.get(pair)
        if asked is None or asked.asker != me or asked.is_withdrawn or not self.meets(me, asked.asked):
            return NOT_HERE
        self._close(pair)
        self.dismissed.add((me, asked.asked))
        return DONE

    def _close(self, pair: frozenset[int]) -> None:
        """Gone to who asked; but who declined is not asked again."""
        if pair in self.requests and self.requests[pair].is_declined:
            self.requests[pair].is_withdrawn = True
        else:
            self.requests.pop(pair, None)

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
        if self.are_friends(me, other):
            self.dismissed |= {(me, other), (other, me)}
        self._part(me, other)
        return DONE

    def _part(self, me: int, other: int) -> None:
        self.friendships.discard(frozenset((me, other)))
        for owner, people in self.groups.values():
            if owner in (me, other):
                people.difference_update({me, other} - {owner})

    def mute(self, me: int, other: int, days: int) -> str:
        if me == other or not self.meets(me, other):
            return NOT_HERE
        self.mutes[me, other] = self.now + timedelta(days=days) if days else None
        return DONE

    def unmute(self, me: int, other: int) -> str:
        self.mutes.pop((me, other), None)
        return DONE

    def make_group(self, me: int, number: int) -> None:
        self.groups[number] = (me, set())

    def put_in(self, group: int, other: int) -> str:
        owner, people = self.groups[group]
        if not self.are_friends(owner, other) or not self.people[other].is_here:
            return REFUSED
        people.add(other)
        return DONE

    def usable(self, me: int, picked: Picked) -> Picked:
        """What of it is mine to choose: groups of my own, friends of my own."""
        exceptions = frozenset(other for other in picked.exceptions if self.are_friends(me, other))
        if picked.all_friends:
            return Picked(all_friends=True, exceptions=exceptions)
        groups = frozenset(group for group in picked.groups if self.groups.get(group, (0,))[0] == me)
        people = frozenset(other for other in picked.people if self.are_friends(me, other)) - exceptions
        return Picked(False, groups, people, exceptions if groups else frozenset())

    def block(self, me: int, other: int) -> str:
        if me == other or not self.meets(me, other):
            return NOT_HERE
        self.people[me].blocks.add(other)
        self._part(me, other)
        self._close(frozenset((me, other)))
        self.dismissed |= {(me, other), (other, me)}
        self.mutes.pop((me, other), None)
        self.mutes.pop((other, me), None)
        return DONE

    def unblock(self, me: int, other: int) -> str:
        self.people[me].blocks.discard(other)
        return DONE

    def publish(self, me: int, number: int, kind: str, audience: str, words: str, picked: Picked | None) -> None:
        published_at = None if audience == "only_me" else self.now
        self.things[number] = Thing(me, kind, audience, words, published_at, self.now, picked)

    def revise(self, me: int, number: int, audience: str, words: str, picked: Picked | None) -> str:
        thing = self.things[number]
        if not self.sees(me, thing):
            return NOT_HERE
        if thing.author != me:
            return NOT_YOURS
        if audience == "chosen" and not (picked and (picked.all_friends or picked.groups or picked.people)):
            return REFUSED
        if thing.published_at is None and audience != "only_me":
            thing.published_at = thing.shown_at = self.now  # the first moment anybody else could read it
        thing.is_edited = thing.is_edited or thing.words != words
        thing.audience, thing.words, thing.picked = audience, words, picked
        return DONE

    def delete(self, me: int, number: int) -> str:
        thing = self.things[number]
        if not self.sees(me, thing):
            return NOT_HERE
        if thing.author != me:
            return NOT_YOURS
        thing.is_deleted, thing.deleted_at, thing.deleted_by = True, self.now, me
        return DONE

    def restore(self, me: int, number: int) -> str:
        """By whoever deleted it, for ten seconds."""
        thing = self.things[number]
        is_late = thing.deleted_at is None or self.now >= thing.deleted_at + UNDO_FOR
        if not thing.is_deleted or thing.deleted_by != me or is_late:
            return NOT_HERE
        thing.is_deleted = False
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

"""What the page of readers says of an entry, against what everybody comes upon who looks everywhere.

Random small sites: people who befriend, block and take breaks, and who write for every audience there is, with groups
and exceptions, and change their minds about it. Then each of them reads all that can be reached by links, and tries
every address that they could guess. Whoever came upon a word of an entry is one of its readers, and nobody else is.
"""

import re
from random import Random

import pytest

from mixlite.core.db import db, writing
from mixlite.entries.entries import Entry
from mixlite.entries.selections import Choice
from mixlite.features.friends.verbs import block, end_friendship, mute, unblock
from mixlite.features.profiles.verbs import state_fact
from mixlite.features.reading.verbs import add_comment, favour, like
from mixlite.people.friendships import are_friends
from mixlite.policy.visibility import does_meet, visible_ids
from tests.support.crawl import reachable
from tests.support.site import Client, Site

OTHER_AUDIENCES = ("only_me", "friends", "friends_of_friends", "members")
ENTRIES_EACH = 2
# The desks of one's own settings show nothing of others and are most of all pages; S17 reads them too.
DULL = re.compile(r"/(settings|host|invitations|preferences|preview|drafts|report)\b")


class SmallSite:
    """Six people of whom one may be suspended, and what they wrote."""

    def __init__(self, site: Site, dice: Random):
        self.site = site
        self.dice = dice
        self.authors: dict[int, str] = {}
        self.words: dict[int, str] = {}  # of each entry: stands in it and in the comments under it, and nowhere else
        self.people = self._people()
        self._ties()
        self._writing()
        self._marks()
        self._afterthoughts()

    def _people(self) -> list[str]:
        people = ["host"]
        self.site.join("host")
        for n in range(1, 6):
            people.append(f"m{n}")
            self.site.join(people[-1], self.dice.choice(people[:-1]))
        return people

    def _two(self) -> tuple[str, str]:
        one, other = self.dice.sample(self.people, 2)
        return one, other

    def _friends(self, one: str, other: str) -> bool:
        with self.site.inside():
            return are_friends(self.site.ids[one], self.site.ids[other])

    def _meet(self, one: str, other: str) -> bool:
        with self.site.inside():
            return does_meet(self.site.member(one), self.site.ids[other])

    def _ties(self) -> None:
        for _ in range(self.dice.randrange(6)):
            one, other = self._two()
            if not self._friends(one, other):
                self.site.befriend(one, other)
        for _ in range(self.dice.randrange(3)):
            one, other = self._two()
            self.site.do(mute, one, other, days=0)
        for person in self.people:
            if self.dice.random() < 0.3:
                self.site.do(state_fact, person, "friends", value="", audience=self.dice.choice(OTHER_AUDIENCES))

    def _writing(self) -> None:
        for person in self.people:
            mine = [other for other in self.people if other != person and self._friends(person, other)]
            chosen = frozenset(self.dice.sample(mine, self.dice.randrange(len(mine) + 1)))
            group = self.site.group(person, f"group of {person}", " ".join(chosen))
            for _ in range(ENTRIES_EACH):
                choice = self._choice(mine, group) if self.dice.random() < 0.3 else None
                audience = "chosen" if choice else self.dice.choice(OTHER_AUDIENCES)
                write = self.dice.choice((self.site.diary, self.site.voice))
                word = f"crawl-{len(self.authors)}-end"
                entry_id = write(person, audience, body=word, choice=choice)
                self.authors[entry_id], self.words[entry_id] = person, word

    def _choice(self, friends: list[str], group: int) -> Choice | None:
        if not friends:
            return None
        some = " ".join(self.dice.sample(friends, self.dice.randrange(len(friends)) + 1))
        but = self.dice.choice(friends) if self.dice.random() < 0.6 else ""
        way = self.dice.choice(("people", "group", "all"))
        if way == "people":
            return self.site.choice(some)
        if way == "all":
            return self.site.choice(all_friends=True, exceptions=but)
        return self.site.choice(" ".join(set(some.split()) - {but}), groups=[group], exceptions=but)

    def _marks(self) -> None:
        """Comments, likes and favourites by some who can read it: they lead others here, or must not."""
        for entry_id in self.authors:
            for person in self.dice.sample(self.people, 3):
                with self.site.inside(), writing():
                    reader, entry = self.site.member(person), db.session.get_one(Entry, entry_id)
                    if visible_ids(reader, [entry_id]):
                        add_comment(reader, entry, body=self.words[entry_id])
                        like(reader, entry)
                        favour(reader, entry)

    def _afterthoughts(self) -> None:
        """When everything is written: friendships end, people block and are unblocked, somebody is suspended."""
        for _ in range(self.dice.randrange(3)):
            one, other = self._two()
            if self._meet(one, other):
                self.site.do(self.dice.choice((block, end_friendship)), one, other)
        if self.dice.random() < 0.3:
            one, other = self._two()
            if self._meet(one, other):
                self.site.do(block, one, other)
                self.site.do(unblock, one, other)
        if self.dice.random() < 0.4:
            with self.site.inside(), writing():  # the host's act is in a log that cannot be wiped
                self.site.member(self.people.pop()).status = "suspended"

    # --- what each comes upon ---------------------------------------------------------------------------------------

    def found_by(self, person: str) -> set[int]:
        """The entries of which this person can see a word, anywhere."""
        client = self.site.sign_in(person)
        guessed = [f"/@{handle}{more}" for handle in self.site.ids for more in ("", "/diary", "/favourites")]
        known = [path for path in ["/", *guessed] if client.get(path).status_code == 200]
        texts = [text for _path, text in reachable(client, known, but=DULL)]
        texts += [client.get(f"/entries/{entry_id}").text for entry_id in self.authors]
        words = {word for text in texts for word in re.findall(r"crawl-\d+-end", text)}
        return {entry_id for entry_id, word in self.words.items() if word in words}

    def said_readers(self, client: Client, entry_id: int) -> set[str]:
        """Whom the author's page names, all pages of it."""
        path: str | None = f"/entries/{entry_id}/readers"
        said: set[str] = set()
        count = None
        while path:
            text = client.get(path).text
            people = text.partition('class="paper"')[2].partition("</section>")[0]
            said |= set(re.findall(r'href="/@(\w+)"', people))
            older = re.search(r'href="(/entries/\d+/readers\?[^"]*after=[^"]*)"', people)
            path = older[1].replace("&amp;", "&") if older else None
            count = re.search(r"<b>([\d,]+) (?:person|people)</b>", text)
        assert len(said) == (int(count[1].replace(",", "")) if count else 0)
        return said


def check(site: Site, number: int) -> None:
    site.wipe()
    small = SmallSite(site, Random(number))
    found = {person: small.found_by(person) for person in small.people}
    for entry_id, author in small.authors.items():
        if author not in small.people:  # suspended: nobody can ask, and nobody reads
            assert not any(entry_id in theirs for theirs in found.values()), f"site {number}, entry {entry_id}"
            continue
        assert entry_id in found[author], "their own"
        said = small.said_readers(site.sign_in(author), entry_id)
        readers = {person for person, theirs in found.items() if person != author and entry_id in theirs}
        assert said == readers, f"site {number}, entry {entry_id} of {author}"


@pytest.fixture
def quiet_site(lasting_site: Site) -> Site:
    return lasting_site.without_throttles()


@pytest.mark.timeout(600)
def test_the_readers_of_an_entry_are_those_who_find_it(quiet_site: Site) -> None:
    for number in range(4 if quiet_site.settings.is_sqlite else 2):
        check(quiet_site, number)


@pytest.mark.soak
@pytest.mark.timeout(0)
def test_the_readers_of_an_entry_are_those_who_find_it_on_a_hundred_sites(quiet_site: Site) -> None:
    for number in range(100):
        check(quiet_site, number)

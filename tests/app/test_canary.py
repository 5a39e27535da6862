"""S17: private things hold words that stand nowhere else; then everything is read, as every kind of viewer.

The words must not be where they do not belong, and they must be where they do: else the test could not fail.
"""

import logging
import re
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from mixlite.app.worker import build_workshop
from mixlite.core import clock
from mixlite.core.db import db, writing
from mixlite.core.mail import Letter
from mixlite.core.storage import storage
from mixlite.entries.entries import Entry
from mixlite.entries.media import Media, folder_of, take_in
from mixlite.entries.photos import Sent
from mixlite.features.photos.verbs import publish_album, revise_photo
from mixlite.features.profiles.verbs import add_free_fact, state_fact
from mixlite.features.reading.verbs import add_comment, favour, like
from mixlite.people.mutes import set_mute
from tests.app.everywhere import MISSING_ID
from tests.support.crawl import reachable
from tests.support.site import Client, Site, gather

# Who may read what the author wrote for these. `buddy` is a second friend of the author's, in a group of theirs.
READERS = {
    "only_me": set(),
    "friends": {"friend", "buddy"},
    "friends_of_friends": {"friend", "buddy", "second"},
    "members": {"friend", "buddy", "second", "stranger", "host"},
    "by name": {"friend"},
    "by group": {"buddy"},
    "but one": {"buddy"},
    "group but one": set(),
}
VIEWERS = ("", "stranger", "friend", "second", "blocked", "host", "buddy")  # "": somebody who is not signed in
FACTS = ("reading", "place", "school", "work", "interests")
GROUP = "canary-group-name"
MENTIONS = "@stranger @friend @second @blocked @host @buddy"


class Canaries:
    """A site with a word for every private thing, and which viewers may come upon it."""

    def __init__(self, site: Site):
        self.site = site.without_throttles()
        gather(site)
        site.join("buddy", "author")
        self.group = site.group("author", GROUP, "buddy friend")
        alone = site.group("author", f"{GROUP}-two", "buddy")
        self.choices = {
            "by name": site.choice("friend"),
            "by group": site.choice(groups=[alone]),
            "but one": site.choice(all_friends=True, exceptions="friend"),
            "group but one": site.choice(groups=[self.group], exceptions="friend buddy"),
        }
        self.seers: dict[str, set[str]] = {}
        self.entries: list[int] = []
        for audience in READERS:
            self._write(audience)
            self._show(audience)
            self._say(audience)
        for audience, kind in zip(READERS, FACTS, strict=False):
            given = self._for(audience)
            site.do(state_fact, "author", kind, value=self._word("fact", kind, audience), **given)

    def _for(self, audience: str) -> dict[str, Any]:
        choice = self.choices.get(audience)
        return {"audience": "chosen" if choice else audience, "choice": choice}

    def _word(self, *parts: str) -> str:
        """A new word, which those may read who are in the audience named last."""
        word = "-".join(("canary", *parts)).replace(" ", "-").replace("_", "-") + "-end"
        self.seers[word] = READERS[parts[-1]]
        return word

    def _write(self, audience: str) -> None:
        """A diary entry and a voice that name everybody, a comment and marks under each."""
        given, title = self._for(audience), self._word("title", audience)
        diary = self.site.diary("author", title=title, body=f"{self._word('body', audience)} {MENTIONS}", **given)
        voice = self.site.voice("author", body=f"{self._word('voice', audience)} {MENTIONS}", **given)
        for entry_id in (diary, voice):
            with self.site.inside(), writing():
                author, entry = self.site.member("author"), db.session.get_one(Entry, entry_id)
                add_comment(author, entry, body=self._word(f"comment-{entry_id}", audience))
                for reader in sorted(READERS[audience] & {"friend", "buddy"}):
                    like(self.site.member(reader), entry)
                    favour(self.site.member(reader), entry)
            self.entries.append(entry_id)

    def _show(self, audience: str) -> None:
        """An album of one picture that has words, a description, a comment and a like."""
        with self.site.inside():
            token = take_in(self.site.ids["author"], BytesIO(b"no picture yet"), "a.jpg")
            with writing():  # as the worker would leave it; of its bytes others tests speak
                ready = {"state": "ready", "width": 8, "height": 8, "colour": "aabbcc", "widths": "8", "lengths": "9"}
                db.session.execute(update(Media).where(Media.token == token).values(ready))
            storage().put(f"{folder_of(token)}/0/small", b"a picture")
        alt = self._word("alt", audience)
        words = {"title": self._word("album", audience), "body": self._word("album-body", audience)}
        album = int(
            self.site.do(publish_album, "author", pictures=Sent([token], {token: alt}), **words, **self._for(audience))
        )
        with self.site.inside(), writing():
            author = self.site.member("author")
            photo = db.session.scalars(select(Entry).where(Entry.parent_id == album)).one()
            revise_photo(author, photo, body=self._word("caption", audience), alt=alt)
            add_comment(author, photo, body=self._word("photo-comment", audience))
            for reader in sorted(READERS[audience] & {"friend", "buddy"}):
                like(self.site.member(reader), photo)
            self.entries += [album, photo.id]

    def _say(self, audience: str) -> None:
        label = self._word("label", audience)[:30]
        self.seers[label] = self.seers.pop(self._word("label", audience))
        given = self._for(audience)
        self.site.do(add_free_fact, "author", label=label, value=self._word("free", audience), **given)

    def client(self, viewer: str) -> Client:
        return self.site.sign_in(viewer) if viewer else self.site.client()

    def everything_read_by(self, viewer: str) -> Iterator[str]:
        """Every page that links lead to, every address there is, with and without a question in it, and every act."""
        client = self.client(viewer)
        start = ["/"] if viewer in ("", "blocked") else ["/", "/@author", "/@author/diary"]
        for _path, text in reachable(client, start):
            yield text
        for path in self.addresses():
            answer = client.get(path)
            yield f"{answer.get_data().decode(errors='replace')} {answer.headers}"  # of a zip, too

    def addresses(self) -> Iterator[str]:
        """Every address that answers GET, about the author and all that is theirs, and about nothing at all."""
        adapter = self.site.app.url_map.bind("localhost")
        for rule in self.site.app.url_map.iter_rules():
            if "GET" not in (rule.methods or ()) or rule.endpoint == "static":
                continue
            for entry_id in (*self.entries, MISSING_ID) if "entry_id" in rule.arguments else (1,):
                words = {"handle": "author", "token": "x" * 32, "kind": "place", "name": "entry", "slug": "author"}
                values = {name: words.get(name, entry_id) for name in rule.arguments}
                address = adapter.build(rule.endpoint, values)
                yield address
                yield f"{address}?q=canary&after=canary&when=2026&as=author&words=canary"

    def acts(self, client: Client) -> Iterator[str]:
        """What comes back from acting on what may be hidden."""
        token = client.csrf_token()
        for entry_id in self.entries:
            for act in ("like", "favourite", "comments", "comments/1/remove", "edit", "delete"):
                sent = {"csrf_token": token, "body": "", "title": "", "audience": "nobody"}
                yield client.http.post(f"/entries/{entry_id}/{act}", data=sent).text


@pytest.fixture
def canaries(site: Site) -> Canaries:
    return Canaries(site)


def found_in(texts: Iterator[str]) -> set[str]:
    """The canaries, and the name of a group, in any of these."""
    found: set[str] = set()
    for text in texts:
        found |= set(re.findall(r"canary-[a-z0-9-]+", text))
    return found


@pytest.mark.parametrize("viewer", VIEWERS)
def test_s17_every_viewer_comes_upon_exactly_what_is_meant_for_them(
    canaries: Canaries, viewer: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Links, addresses guessed, questions asked, errors, what acting on hidden things answers; and the log."""
    meant = {word for word, seers in canaries.seers.items() if viewer in seers}
    with caplog.at_level(logging.DEBUG):
        found = found_in(canaries.everything_read_by(viewer))
        answered = found_in(canaries.acts(canaries.client(viewer)))
    assert found - meant == set(), "leaked"
    assert meant - found == set(), "cannot be found, so its absence elsewhere proves nothing"
    assert answered <= meant
    assert caplog.records or not viewer, "not even the sign-in was logged"
    assert found_in(record.getMessage() for record in caplog.records) == set()


def test_s17_the_author_comes_upon_all_of_it(canaries: Canaries) -> None:
    """The names of their groups too, which no other viewer's page may know."""
    assert found_in(canaries.everything_read_by("author")) == {*canaries.seers, GROUP, f"{GROUP}-two"}


def test_s17_mails_know_no_private_word(canaries: Canaries) -> None:
    """With all that the worker makes of what was published, liked and commented on: in the spool and in the outbox."""
    site = canaries.site
    with site.app.app_context(), clock.at(clock.now() + timedelta(minutes=1)):
        workshop = build_workshop()
        for _ in range(3):
            workshop.sweep()
    with site.inside():
        letters = [repr(row) for row in db.session.execute(select(Letter.__table__))]
    outbox = Path(site.settings.instance) / "outbox"
    mails = [path.read_text(errors="replace") for path in outbox.rglob("*") if path.is_file()]
    assert letters
    assert mails
    assert found_in(iter(letters + mails)) == set()


def test_s17_nobody_can_tell_that_somebody_takes_a_break_from_them(canaries: Canaries) -> None:
    """A mute has no words: so every page of everybody else is the same as before, and the muter's own is not."""
    site = canaries.site
    site.diary("friend", "friends", title="Of the friend")
    viewers = ("friend", "second", "host", "stranger")
    before = {viewer: _pages(site.sign_in(viewer)) for viewer in (*viewers, "author")}
    with site.inside(), writing():
        set_mute(site.ids["author"], site.ids["friend"], None)
    after = {viewer: _pages(site.sign_in(viewer)) for viewer in (*viewers, "author")}
    assert [viewer for viewer in before if before[viewer] != after[viewer]] == ["author"]


def _pages(client: Client) -> dict[str, str]:
    """All that can be reached, without what is new each time: tokens, and the list of one's own devices."""
    new_each_time = re.compile(r'(?:value|href|action)="[^"]*[A-Za-z0-9_.-]{20,}[^"]*"')
    found = {path: new_each_time.sub("", text) for path, text in reachable(client) if "after=" not in path}
    return {path: text for path, text in found.items() if not path.startswith(("/settings/", "/host"))}

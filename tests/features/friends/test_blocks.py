"""S22: after a block neither of the two exists for the other, wherever they look, and nobody is told."""

import re

import pytest

from mixlite.core.db import db
from mixlite.entries.entries import Entry
from mixlite.features.friends.verbs import ask_to_be_friends, block, unblock
from mixlite.features.reading.verbs import add_comment, favour, like
from mixlite.people.friendships import are_friends, request_between
from tests.support.crawl import reachable
from tests.support.site import Site


class Story:
    """Zelda invited Quentin; then much was written, by both and to each other, also in places of third people.

    Words of one end in -zzzzzz, of the other in -qqqqqq: any trace can be found, and no random token looks like one.
    """

    def __init__(self, site: Site):
        self.site = site
        site.join("host")
        site.join("zelda", "host", name="Zelda")
        site.join("quentin", "zelda", name="Quentin")
        site.join("third", "zelda", name="Third")
        site.befriend("third", "quentin")
        site.join("newcomer", "zelda", name="Newcomer")  # "invited by Zelda", for all to read
        site.join("guest", "quentin", name="Guest")
        self.entries: dict[str, list[int]] = {"zelda": [], "quentin": []}
        for who, mark in (("zelda", "zzzzzz"), ("quentin", "qqqqqq")):
            for audience in ("members", "friends"):
                self.entries[who].append(site.diary(who, audience, f"title-{mark}", f"body-{mark}"))
                self.entries[who].append(site.voice(who, audience, f"voice-{mark}"))
        self.thread = site.diary("third", "members", "A thread")
        for who, mark in (("zelda", "zzzzzz"), ("quentin", "qqqqqq"), ("zelda", "zzzzzz")):
            self._on(add_comment, who, self.thread, body=f"comment-{mark}")
        for who in ("zelda", "quentin"):
            for verb in (like, favour):
                self._on(verb, who, self.thread)
        for entry_id in self.entries["zelda"]:
            for verb in (like, favour):
                self._on(verb, "third", entry_id)

    def _on(self, verb, who: str, entry_id: int, **kwargs: str) -> None:
        with self.site.inside():
            entry = db.session.get_one(Entry, entry_id)
        self.site.do(verb, who, entry, **kwargs)

    def traces(self, reader: str, of: str) -> list[str]:
        """Every page that the reader can reach, on which a name or a word of the other stands."""
        mark = {"zelda": "-zzzzzz", "quentin": "-qqqqqq"}[of]
        traces = re.compile(rf"{of}|{mark}\b", re.IGNORECASE)
        pages = dict(reachable(self.site.sign_in(reader)))
        assert len(pages) > 20
        assert f"/entries/{self.thread}" in pages
        return sorted(path for path, text in pages.items() if traces.search(text))


@pytest.fixture
def story(any_site: Site) -> Story:
    return Story(any_site)


def test_s22_the_story_leaves_traces_before_anybody_blocks(story: Story):
    """What the other tests look for can be found."""
    for reader, of in (("quentin", "zelda"), ("zelda", "quentin")):
        found = story.traces(reader, of)
        assert {"/", f"/@{of}", f"/entries/{story.thread}", "/@third/friends"} <= set(found)


@pytest.mark.parametrize("blocker", ["zelda", "quentin"])
def test_s22_no_trace_on_any_page(story: Story, blocker: str):
    """Whoever blocks whom. The one place that still knows the name is the blocker's own list of blocks."""
    blocked = "quentin" if blocker == "zelda" else "zelda"
    story.site.do(block, blocker, blocked)
    assert story.traces(blocked, of=blocker) == []
    assert story.traces(blocker, of=blocked) == ["/settings/privacy"]
    # For everybody else nothing has changed.
    assert {f"/@{blocker}", f"/entries/{story.thread}"} <= set(story.traces("third", of=blocker))


@pytest.mark.parametrize("blocker", ["zelda", "quentin"])
def test_s22_hidden_is_missing_for_both(story: Story, blocker: str):
    other = {"zelda": "quentin", "quentin": "zelda"}
    story.site.do(block, blocker, other[blocker])
    for reader in ("zelda", "quentin"):
        client, hidden = story.site.sign_in(reader), other[reader]
        missing = client.get("/@nobody_at_all").data
        pages = [f"/@{hidden}{tab}" for tab in ("", "/diary", "/friends", "/favourites")]
        for number in story.entries[hidden]:
            pages += [f"/entries/{number}{tab}" for tab in ("", "/edit", "/readers", "/delete")]
        for path in pages:
            answer = client.get(path)
            assert (answer.status_code, answer.data) == (404, missing), path
        acts = [f"/@{hidden}/{act}" for act in ("friend", "friend/end", "block")]
        for number in story.entries[hidden]:
            acts += [f"/entries/{number}/{act}" for act in ("like", "favourite", "comments", "delete")]
        if reader != blocker:
            acts.append(f"/@{hidden}/unblock")
        sent = {"csrf_token": client.csrf_token(), "body": "hello?"}
        missing = client.http.post("/@nobody_at_all/friend", data=sent).data
        for path in acts:
            answer = client.http.post(path, data=sent)
            assert (answer.status_code, answer.data) == (404, missing), path


def test_s22_the_friendship_ends_and_does_not_come_back(story: Story):
    story.site.do(block, "quentin", "zelda")
    story.site.do(unblock, "quentin", "zelda")
    with story.site.inside():
        assert not are_friends(story.site.ids["zelda"], story.site.ids["quentin"])
    assert story.traces("quentin", of="zelda") != []
    friends_only = story.entries["zelda"][2:]
    quentin = story.site.sign_in("quentin")
    assert {quentin.get(f"/entries/{number}").status_code for number in friends_only} == {404}


@pytest.mark.parametrize("blocker", ["ann", "bob"])
def test_s22_a_pending_request_dies_with_the_block(any_site: Site, blocker: str):
    site = any_site
    site.join("host")
    for handle in ("ann", "bob"):
        site.join(handle, "host")
    site.do(ask_to_be_friends, "ann", "bob", message="please")
    with site.inside():
        request = request_between(site.ids["ann"], site.ids["bob"])
        assert request is not None
        request_id = request.id
    ann, bob = site.sign_in("ann"), site.sign_in("bob")
    assert "please" in bob.get("/friends/requests").text
    client, other = (ann, "bob") if blocker == "ann" else (bob, "ann")
    assert client.submit(f"/@{other}", "Block").status_code == 303
    for reader in (ann, bob):
        assert "please" not in reader.get("/friends/requests").text
        assert reader.post(f"/friends/requests/{request_id}/accept").status_code == 404
    client.post(f"/@{other}/unblock")
    with site.inside():
        assert request_between(site.ids["ann"], site.ids["bob"]) is None
        assert not are_friends(site.ids["ann"], site.ids["bob"])
    assert bob.post(f"/friends/requests/{request_id}/accept").status_code == 404


@pytest.mark.parametrize("blocker", ["ann", "bob"])
def test_s22_whoever_was_declined_is_not_heard_again_after_a_block(any_site: Site, blocker: str):
    """Nor can they tell: to them it is as after a block before any answer."""
    site = any_site
    site.join("host")
    for handle in ("ann", "bob"):
        site.join(handle, "host")
    ann, bob = site.sign_in("ann"), site.sign_in("bob")
    site.do(ask_to_be_friends, "ann", "bob", message="please")
    bob.submit("/friends/requests", "Decline")
    other = "bob" if blocker == "ann" else "ann"
    site.do(block, blocker, other)
    site.do(unblock, blocker, other)
    assert "bob" not in ann.get("/friends/requests").text.lower()
    assert "bob" not in ann.get("/friends").text.lower()
    ann.submit("/@bob", "Ask to be friends", message="please, please")
    assert "Bob" in ann.get("/friends/requests").text
    assert "please" not in bob.get("/friends/requests").text
    bob.submit("/@ann", "Ask to be friends")  # who declined may still think better of it
    with site.inside():
        assert are_friends(site.ids["ann"], site.ids["bob"])


def test_s22_the_blocked_person_is_told_nothing(any_site: Site):
    """Their pages are those of somebody for whom the other has never joined."""
    site = any_site
    site.join("host")
    site.join("ann", "host")
    ann = site.sign_in("ann")
    paths = ("/", "/friends", "/friends/requests", "/settings/privacy", "/@ann", "/invitations")
    before = {path: words(ann.get(path).text) for path in paths}
    site.join("bob", "host")
    assert {path: words(ann.get(path).text) for path in paths} != before
    site.do(block, "bob", "ann")
    assert {path: words(ann.get(path).text) for path in paths} == before


def words(html: str) -> str:
    """What a page says. How many people the circle has is the same for everybody."""
    return re.sub(r"\b\d+ (?:members|people)\b", "", " ".join(re.sub(r"<[^>]*>", " ", html).split()))

"""S21: nothing changes until the other has agreed, and nothing is left when it has ended."""

import re

import pytest

from mixlite.people.friendships import are_friends, request_between
from mixlite.policy.visibility import count_of_readers, readers_of
from tests.support.site import Client, Site

SECRET = "persimmons in October"
EVERYWHERE = ("/", "/@ann", "/@ann/friends", "/friends", "/friends/requests", "/@host/friends")


class Two:
    """Ann, who writes for friends, and bob, who is nobody to her yet. Both know the host."""

    def __init__(self, site: Site):
        self.site = site
        site.join("host")
        for handle in ("ann", "bob"):
            site.join(handle, "host")
        self.entry_id = site.diary("ann", "friends", SECRET)
        self.ann, self.bob = site.sign_in("ann"), site.sign_in("bob")

    def bob_reads(self) -> bool:
        """By the old link, on home, on her profile and by the list of readers alike."""
        reads = self.bob.get(f"/entries/{self.entry_id}").status_code == 200
        assert (SECRET in self.bob.get("/").text) == reads
        assert (SECRET in self.bob.get("/@ann").text) == reads
        assert (SECRET in self.bob.get("/@ann/diary").text) == reads
        assert ("@bob" in self.ann.get(f"/entries/{self.entry_id}/readers").text) == reads
        with self.site.inside():
            assert ("bob" in {member.handle for member in readers_of(self.entry_id, 100)}) == reads
            assert count_of_readers(self.entry_id) == 1 + reads  # the host, and bob
            assert are_friends(self.site.ids["ann"], self.site.ids["bob"]) == reads
            assert are_friends(self.site.ids["bob"], self.site.ids["ann"]) == reads
        return reads

    def request_id(self) -> int:
        with self.site.inside():
            request = request_between(self.site.ids["ann"], self.site.ids["bob"])
            assert request is not None
            return request.id


@pytest.fixture
def two(any_site: Site) -> Two:
    return Two(any_site)


def words(html: str) -> str:
    """What a page says to its reader, buttons included."""
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


def names_on(client: Client, path: str) -> set[str]:
    """Whom the page links to, apart from its reader."""
    main = client.get(path).text.partition("<main")[2]
    return {handle for handle in ("host", "ann", "bob") if f'href="/@{handle}"' in main}


def test_s21_asking_gives_nothing(two: Two):
    assert not two.bob_reads()
    answer = two.bob.submit("/@ann", "Ask to be friends", message="Do you remember me?")
    assert answer.status_code == 303
    assert not two.bob_reads()
    assert "Do you remember me?" in two.ann.get("/friends/requests").text
    assert "bob" not in names_on(two.ann, "/friends")
    assert "ann" not in names_on(two.bob, "/friends")
    # Neither answering for her nor asking again helps.
    for path in (f"/friends/requests/{two.request_id()}/accept", "/@ann/friend", "/@bob/friend"):
        two.bob.post(path)
    assert not two.bob_reads()


@pytest.mark.parametrize("who", ["bob", "host"])
def test_s21_only_who_was_asked_can_answer(two: Two, who: str):
    two.bob.submit("/@ann", "Ask to be friends", message="")
    client = two.site.sign_in(who)
    for answer in ("accept", "decline"):
        foreign = client.post(f"/friends/requests/{two.request_id()}/{answer}")
        missing = client.post(f"/friends/requests/4711/{answer}")
        assert (foreign.status_code, foreign.data) == (404, missing.data)
    with two.site.inside():
        request = request_between(two.site.ids["ann"], two.site.ids["bob"])
        assert request is not None
        assert request.declined_at is None


def test_s21_declining_gives_nothing_and_is_not_told(two: Two):
    two.bob.submit("/@ann", "Ask to be friends", message="")
    before = {path: words(two.bob.get(path).text) for path in EVERYWHERE}
    two.ann.submit("/friends/requests", "Decline")
    assert not two.bob_reads()
    assert {path: words(two.bob.get(path).text) for path in EVERYWHERE} == before
    assert "@bob" not in two.ann.get("/friends/requests").text
    assert "@bob" not in two.ann.get("/").text.partition("<main")[2].partition("New in the house")[0]


def test_s21_accepting_gives_everything_to_both(two: Two):
    two.bob.submit("/@ann", "Ask to be friends", message="")
    two.ann.submit("/friends/requests", "Accept")
    assert two.bob_reads()
    assert "bob" in names_on(two.ann, "/friends")
    assert "ann" in names_on(two.bob, "/friends")
    his = two.site.voice("bob", "friends", "a word of bob")
    assert two.ann.get(f"/entries/{his}").status_code == 200
    assert "a word of bob" in two.ann.get("/").text


@pytest.mark.parametrize("who", ["ann", "bob"])
def test_s21_ending_takes_effect_on_the_next_request(two: Two, who: str):
    two.site.befriend("bob", "ann")
    assert two.bob_reads()
    his = two.site.voice("bob", "friends", "a word of bob")
    page = two.bob.get(f"/entries/{two.entry_id}")  # open in another tab
    client, other = (two.ann, "bob") if who == "ann" else (two.bob, "ann")
    assert client.submit(f"/@{other}", "End friendship").status_code == 303
    assert not two.bob_reads()
    assert two.ann.get(f"/entries/{his}").status_code == 404
    assert "a word of bob" not in two.ann.get("/").text
    assert "bob" not in names_on(two.ann, "/friends")
    assert "ann" not in names_on(two.bob, "/friends")
    # The page that was open is of no use either: its buttons find nothing.
    missing = two.bob.post("/entries/4711/like")
    for button, typed in (("Comment", {"body": "still here?"}), ("Like", {}), ("Favourite", {})):
        answer = two.bob.submit(page, button, **typed)
        assert (answer.status_code, answer.data) == (404, missing.data)
    assert "still here?" not in two.ann.get(f"/entries/{two.entry_id}").text


def test_s21_narrowing_takes_effect_on_the_next_request(two: Two):
    two.site.befriend("bob", "ann")
    two.bob.submit(f"/entries/{two.entry_id}", "Favourite")
    assert SECRET in two.bob.get("/@bob/favourites").text
    answer = two.ann.submit(f"/entries/{two.entry_id}/edit", "Save", audience="only_me")
    assert answer.status_code == 303
    hidden, missing = two.bob.get(f"/entries/{two.entry_id}"), two.bob.get("/entries/4711")
    assert (hidden.status_code, hidden.data) == (404, missing.data)
    for path in ("/", "/@ann", "/@ann/diary", "/@bob/favourites"):
        assert SECRET not in two.bob.get(path).text
    assert SECRET in two.ann.get("/@ann/diary").text


def test_a_friend_of_a_friend_reads_no_friends_entry(two: Two):
    """Both are friends of the host; that is not enough."""
    assert "host" in names_on(two.bob, "/friends")
    assert not two.bob_reads()

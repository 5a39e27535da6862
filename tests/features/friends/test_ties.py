"""Requests taken back, lists of friends that are not for everybody, how people are connected, whom one may know."""

import re

import pytest

from mixlite.core.db import db, writing
from mixlite.entries.facts import Fact
from mixlite.features.friends.queries import connection, suggestions
from mixlite.people.friendships import FriendRequest
from tests.support.site import Cast, Site

# --- taking a request back --------------------------------------------------------------------------------------------


def requests(site: Site) -> list[tuple[int, bool, bool]]:
    with site.inside():
        rows = db.session.query(FriendRequest)
        return [(row.asker_id, row.declined_at is not None, row.withdrawn_at is not None) for row in rows]


def test_a_request_is_taken_back_and_nobody_is_told(site: Site, cast: Cast):
    author, stranger = site.sign_in("author"), site.sign_in("stranger")
    author.submit("/@stranger", "Ask to be friends", message="Hello.")
    assert "Hello." in stranger.get("/friends/requests").text
    author.submit("/friends/requests", "Withdraw")
    assert "Hello." not in stranger.get("/friends/requests").text
    assert requests(site) == []
    assert "Ask to be friends" in author.get("/@stranger").text
    assert stranger.post("/friends/requests/1/accept").status_code == 404


def test_who_declined_is_not_asked_again_and_who_asked_cannot_tell(site: Site, cast: Cast):
    author, stranger = site.sign_in("author"), site.sign_in("stranger")
    author.submit("/@stranger", "Ask to be friends", message="Hello.")
    stranger.submit("/friends/requests", "Decline")
    author.submit("/@stranger", "Withdraw")
    assert "Ask to be friends" in author.get("/@stranger").text
    assert "/@stranger" not in author.get("/friends/requests").text
    author.submit("/@stranger", "Ask to be friends", message="Please!")
    assert "You asked to be friends" in author.get("/@stranger").text
    assert "Please!" not in stranger.get("/friends/requests").text
    assert "would like to be" not in stranger.get("/").text
    author.submit("/@stranger", "Withdraw")
    stranger.submit("/@author", "Ask to be friends", message="Now I would.")  # not friends at once: nobody asks them
    assert "Now I would." in author.get("/friends/requests").text


def test_only_the_asker_takes_a_request_back(site: Site, cast: Cast):
    site.sign_in("author").submit("/@stranger", "Ask to be friends", message="")
    for who in ("stranger", "friend", "host"):
        reader = site.sign_in(who)
        answer, missing = reader.post("/friends/requests/1/withdraw"), reader.post("/friends/requests/4711/withdraw")
        assert (answer.status_code, answer.data) == (404, missing.data)
    assert requests(site) == [(site.ids["author"], False, False)]


# --- lists of friends -------------------------------------------------------------------------------------------------


def show_friends_to(site: Site, who: str, audience: str) -> None:
    with site.inside(), writing():
        db.session.query(Fact).filter_by(author_id=site.ids[who], kind="friends").delete()
        db.session.add(Fact(author_id=site.ids[who], kind="friends", audience=audience))


def body(text: str) -> str:
    """What a page says, without its secrets and who looks."""
    return re.sub(r'value="[^"]{20,}"', "", text[text.index("<main") : text.index("</main>")])


def test_a_hidden_list_of_friends_looks_like_no_friends_at_all(site: Site, cast: Cast):
    stranger = site.sign_in("stranger")
    assert "/@friend" in stranger.get("/@author/friends").text
    show_friends_to(site, "author", "friends")
    for path in ("/@author", "/@author/friends"):
        page = stranger.get(path).text
        assert "/@friend" not in body(page).replace("/@friends", "")
        assert "/@second" not in body(page)
    assert "Nobody on this shelf yet" in stranger.get("/@author/friends").text
    assert "/@author" in body(site.sign_in("friend").get("/@author/friends").text)
    assert "/@friend" in site.sign_in("author").get("/@author/friends").text


# --- how people are connected -----------------------------------------------------------------------------------------


@pytest.fixture
def chain(any_site: Site) -> Site:
    """a - b - c - d - e, and the host apart from them."""
    from mixlite.features.friends.verbs import end_friendship

    any_site.join("host")
    for handle in "abcde":
        any_site.join(handle * 3, "host")
        any_site.do(end_friendship, handle * 3, "host")
    for one, other in ("ab", "bc", "cd", "de"):
        any_site.befriend(one * 3, other * 3)
    return any_site


def way(site: Site, one: str, other: str) -> list[str]:
    with site.inside():
        return [member.handle for member in connection(site.member(one), site.member(other))]


def test_the_way_to_somebody_within_three_steps(chain: Site):
    assert way(chain, "aaa", "ccc") == ["bbb"]
    assert way(chain, "aaa", "ddd") == ["bbb", "ccc"]
    assert way(chain, "ddd", "aaa") == ["ccc", "bbb"]
    assert way(chain, "aaa", "eee") == []
    assert way(chain, "host", "aaa") == []
    page = chain.sign_in("aaa").get("/@ddd").text
    assert "How you are connected" in page
    assert "How you are connected" not in chain.sign_in("aaa").get("/@bbb").text
    assert "How you are connected" not in chain.sign_in("host").get("/@ddd").text


@pytest.mark.parametrize("hiding", ["bbb", "ccc", "ddd"])
def test_a_tie_is_used_only_if_both_ends_let_it(chain: Site, hiding: str):
    """Whoever of the three keeps their list from aaa breaks the way; to their own friends nothing changes."""
    show_friends_to(chain, hiding, "only_me")
    assert way(chain, "aaa", "ddd") == []


def test_the_way_does_not_lead_over_people_who_are_not_there(chain: Site):
    from mixlite.features.friends.verbs import block

    chain.befriend("aaa", "host")
    chain.befriend("host", "ccc")
    assert way(chain, "aaa", "ccc") == ["host"]  # of two ways the one over who joined first
    chain.do(block, "aaa", "host")
    assert way(chain, "aaa", "ccc") == ["bbb"]
    chain.do(block, "bbb", "ccc")
    assert way(chain, "aaa", "ccc") == []


# --- whom one may know ------------------------------------------------------------------------------------------------


def suggested(site: Site, who: str) -> list[tuple[str, list[str], int]]:
    with site.inside():
        found = suggestions(site.member(who))
        return [(each.member.handle, [friend.handle for friend in each.over], each.count) for each in found]


def test_friends_of_friends_are_suggested_with_over_whom(chain: Site):
    assert suggested(chain, "aaa") == [("ccc", ["bbb"], 1)]
    assert suggested(chain, "bbb") == [("ddd", ["ccc"], 1)]
    assert suggested(chain, "host") == []
    aaa = chain.sign_in("aaa")
    assert "/@ccc" in aaa.get("/friends").text
    aaa.submit("/friends", "Not this person")
    assert suggested(chain, "aaa") == []
    assert "/@ccc" not in aaa.get("/friends").text


@pytest.mark.parametrize("hiding", ["bbb", "ccc"])
def test_suggestions_leak_no_tie_that_is_not_shown(chain: Site, hiding: str):
    show_friends_to(chain, hiding, "only_me")
    assert suggested(chain, "aaa") == []


def test_nobody_is_suggested_whom_one_asked_muted_or_blocked(chain: Site):
    from mixlite.features.friends.verbs import ask_to_be_friends, block, mute, unmute

    chain.do(mute, "aaa", "ccc", days=1)
    assert suggested(chain, "aaa") == []
    chain.do(unmute, "aaa", "ccc")
    chain.do(ask_to_be_friends, "ccc", "aaa", message="")
    assert suggested(chain, "aaa") == suggested(chain, "ccc")[:0] == []
    chain.do(block, "bbb", "ddd")
    assert suggested(chain, "bbb") == []

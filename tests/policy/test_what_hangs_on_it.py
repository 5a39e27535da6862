"""Comments, likes and favourites are seen if their entry is seen and their maker is met; the rest leaves no number."""

import re
from collections.abc import Callable

import pytest
from sqlalchemy import update

from mixlite.core.db import db, writing
from mixlite.entries.entries import Entry
from mixlite.features.friends.verbs import block, unblock
from mixlite.features.reading.queries import likers_of
from mixlite.features.reading.verbs import add_comment, favour, like, remove_comment
from mixlite.people.members import Member
from mixlite.policy.showing import shown
from mixlite.policy.visibility import visible_entry
from tests.support.site import Site


class Thread:
    """An entry of ann's that everybody reads, under which ann, bob and carl have spoken in turn."""

    def __init__(self, site: Site):
        self.site = site
        site.join("host")
        for handle in ("ann", "bob", "carl", "dora"):
            site.join(handle, "host")
        self.entry_id = site.voice("ann", "members")
        for handle in ("ann", "bob", "carl", "bob"):
            self.comment(handle)

    def on_entry(self, verb: Callable[..., object], who: str, *args: object, **kwargs: object) -> None:
        with self.site.inside():
            entry = db.session.get_one(Entry, self.entry_id)
        self.site.do(verb, who, entry, *args, **kwargs)

    def comment(self, who: str) -> None:
        self.on_entry(add_comment, who, body=f"words of {who}")

    def numbers(self, who: str) -> list[int]:
        """On the page as it is sent, whose count must say the same."""
        page = self.site.sign_in(who).get(f"/entries/{self.entry_id}").text
        numbers = [int(number) for number in re.findall(r'id="c(\d+)"', page)]
        assert self.counts(who)[0] == len(numbers)
        return numbers

    def counts(self, who: str) -> tuple[int, int]:
        with self.site.inside():
            viewer = self.site.member(who)
            item = shown(viewer, [self.entry_id])[0]
            assert len(likers_of(viewer, item.entry, 100)) == item.like_count
            return item.comment_count, item.like_count

    def set_status(self, who: str, status: str) -> None:
        with self.site.inside(), writing():
            db.session.execute(update(Member).where(Member.handle == who).values(status=status))


@pytest.fixture
def thread(any_site: Site) -> Thread:
    return Thread(any_site)


def test_s18_a_hidden_comment_leaves_a_gap_and_is_not_counted(thread: Thread):
    assert thread.numbers("carl") == thread.numbers("dora") == [1, 2, 3, 4]
    thread.site.do(block, "bob", "carl")
    assert thread.numbers("carl") == [1, 3]
    assert thread.numbers("bob") == [1, 2, 4]
    assert thread.numbers("dora") == thread.numbers("ann") == [1, 2, 3, 4]
    thread.site.do(unblock, "bob", "carl")
    assert thread.numbers("carl") == [1, 2, 3, 4]


def test_s18_who_is_not_here_is_not_heard(thread: Thread):
    thread.set_status("bob", "suspended")
    assert thread.numbers("carl") == [1, 3]
    thread.set_status("bob", "active")
    assert thread.numbers("carl") == [1, 2, 3, 4]


def test_s26_a_number_never_comes_back(thread: Thread):
    """Removed, erased, or the highest of all: the next comment is one more than there ever were."""
    from mixlite.app.worker import build_workshop
    from mixlite.core import clock
    from mixlite.core.events import LEASE
    from mixlite.entries.comments import Comment

    thread.on_entry(remove_comment, "bob", 4)
    thread.on_entry(remove_comment, "ann", 2)
    assert thread.numbers("dora") == [1, 3]
    thread.comment("carl")
    assert thread.numbers("dora") == [1, 3, 5]
    with thread.site.inside(), clock.at(clock.now() + LEASE):
        build_workshop().sweep()
    with thread.site.inside():
        kept = [comment.number for comment in db.session.query(Comment).order_by(Comment.number)]
    assert kept == [1, 3, 5]
    thread.comment("bob")
    assert thread.numbers("dora") == [1, 3, 5, 6]


def test_s18_the_last_number_is_never_given_twice_though_nobody_sees_it(thread: Thread):
    thread.site.do(block, "bob", "carl")
    thread.on_entry(remove_comment, "bob", 4)
    thread.comment("carl")
    assert thread.numbers("bob") == [1, 2]
    assert thread.numbers("carl") == [1, 3, 5]


def test_s18_a_comment_that_is_hidden_cannot_be_removed_by_its_number(thread: Thread):
    thread.site.do(block, "bob", "carl")
    carl = thread.site.sign_in("carl")
    hidden = carl.post(f"/entries/{thread.entry_id}/comments/2/remove")
    missing = carl.post(f"/entries/{thread.entry_id}/comments/99/remove")
    assert (hidden.status_code, hidden.data) == (404, missing.data)
    assert thread.numbers("dora") == [1, 2, 3, 4]


def test_s19_likes_of_people_who_are_not_met_are_not_counted(thread: Thread):
    for who in ("bob", "carl", "dora"):
        thread.on_entry(like, who)
    thread.site.do(block, "carl", "bob")
    assert [thread.counts(who)[1] for who in ("ann", "dora", "bob", "carl")] == [3, 3, 2, 2]
    thread.set_status("dora", "gone")
    assert [thread.counts(who)[1] for who in ("ann", "bob", "carl")] == [2, 1, 1]
    page = thread.site.sign_in("bob").get(f"/entries/{thread.entry_id}").text
    assert "Carl" not in page
    assert "Dora" not in page


def test_s19_favourites_recommend_nothing_to_people_who_are_not_met(any_site: Site):
    """Bob's favourite stands on carl's home as long as they are friends, and dora's entry is one that carl may read."""
    site = any_site
    site.join("host")
    for handle in ("bob", "carl", "dora"):
        site.join(handle, "host")
    site.befriend("bob", "carl")
    site.befriend("bob", "dora")
    for_all, for_friends = site.diary("dora", "members", "for all"), site.diary("dora", "friends", "for friends")
    for entry_id in (for_all, for_friends):
        with site.inside():
            entry = visible_entry(site.member("bob"), entry_id)
        site.do(favour, "bob", entry)
    carl, host = site.sign_in("carl"), site.sign_in("host")
    assert "for all" in carl.get("/").text
    assert "for friends" not in carl.get("/").text
    assert "for all" in carl.get("/@bob/favourites").text
    assert "for friends" not in carl.get("/@bob/favourites").text
    assert "for friends" in host.get("/@bob/favourites").text  # the host is dora's friend
    site.do(block, "dora", "carl")
    assert "for all" not in carl.get("/").text + carl.get("/@bob/favourites").text
    site.do(unblock, "dora", "carl")
    site.do(block, "carl", "bob")
    assert "for all" not in carl.get("/").text
    assert carl.get("/@bob/favourites").status_code == 404

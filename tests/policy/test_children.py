"""What has a parent is read through it: by the same people, in every direction that the law is asked."""

import pytest
from sqlalchemy import select

from mixlite.core import clock
from mixlite.core.db import db, writing
from mixlite.entries.audience import Audience
from mixlite.entries.entries import Entry, change_audience, publish, publish_below
from mixlite.features.friends.verbs import block
from mixlite.people.members import Member
from mixlite.policy.visibility import (
    Guise,
    count_of_readers,
    feed_ids,
    readers_of,
    visible_ids,
    would_see,
)
from tests.support.site import Site, gather

WORDS = [word for word in Audience if word not in (Audience.COMMUNITY, Audience.PUBLIC)]


def _family(site: Site, audience: str, author: str = "author") -> tuple[int, int]:
    """An entry and one below it."""
    with site.inside(), writing():
        member = site.member(author)
        choice = site.choice("friend") if audience == Audience.CHOSEN else None
        parent = publish(member, kind="album", audience=audience, choice=choice)
        return parent.id, publish_below(member, parent, kind="photo").id


def _readers(site: Site, entry_id: int) -> set[str]:
    found = set()
    for handle in site.ids:
        with site.inside():
            if visible_ids(site.member(handle), [entry_id]):
                found.add(handle)
    return found


def _agree(site: Site, parent: int, child: int) -> set[str]:
    """The readers of both, who must be the same however it is asked."""
    readers = _readers(site, parent)
    assert _readers(site, child) == readers
    with site.inside():
        listed = {member.handle for member in readers_of(child, 100)}
        assert listed == {member.handle for member in readers_of(parent, 100)} == readers - {"author"}
        assert count_of_readers(child) == count_of_readers(parent) == len(listed)
        for guise in Guise:
            seen = set(db.session.scalars(select(Entry.id).where(would_see(guise, Entry))))
            assert (parent in seen) == (child in seen)
    return readers


@pytest.mark.parametrize("audience", WORDS)
def test_s14_a_child_is_read_by_whom_its_parent_is_read(any_site: Site, audience: str):
    gather(any_site)
    parent, child = _family(any_site, audience)
    readers = _agree(any_site, parent, child)
    assert "author" in readers
    assert ("friend" in readers) == (audience != Audience.ONLY_ME)
    assert not readers & {"blocked", "blocker"}


def test_s23_what_happens_to_the_parent_happens_to_the_child(any_site: Site):
    gather(any_site)
    parent, child = _family(any_site, Audience.MEMBERS)
    assert "stranger" in _agree(any_site, parent, child)
    with any_site.inside(), writing():
        change_audience(db.session.get_one(Entry, parent), Audience.FRIENDS)
    assert _agree(any_site, parent, child) == {"author", "friend"}
    any_site.do(block, "author", "friend")
    assert _agree(any_site, parent, child) == {"author"}
    with any_site.inside(), writing():
        db.session.get_one(Entry, parent).deleted_at = clock.now()
    assert _agree(any_site, parent, child) == set()


def test_a_deleted_child_is_gone_and_its_parent_is_not(any_site: Site):
    gather(any_site)
    parent, child = _family(any_site, Audience.FRIENDS)
    with any_site.inside(), writing():
        db.session.get_one(Entry, child).deleted_at = clock.now()
    assert _readers(any_site, child) == set()
    assert _readers(any_site, parent) == {"author", "friend"}
    with any_site.inside():
        assert list(readers_of(child, 100)) == []
        assert count_of_readers(child) == 0


def test_a_child_stands_in_no_feed_not_even_in_its_author_s(any_site: Site):
    gather(any_site)
    parent, child = _family(any_site, Audience.MEMBERS)
    for handle in ("author", "friend"):
        with any_site.inside():
            ids = [entry_id for _at, entry_id in feed_ids(any_site.ids[handle], 20)]
            assert parent in ids
            assert child not in ids


def test_only_one_s_own_entry_without_a_parent_can_be_a_parent(any_site: Site):
    gather(any_site)
    parent, child = _family(any_site, Audience.MEMBERS)
    with any_site.inside(), writing():
        friend, author = any_site.member("friend"), any_site.member("author")
        with pytest.raises(ValueError, match="not a parent"):
            publish_below(friend, db.session.get_one(Entry, parent), kind="photo")
        with pytest.raises(ValueError, match="not a parent"):
            publish_below(author, db.session.get_one(Entry, child), kind="photo")


def test_who_is_suspended_or_gone_takes_their_albums_with_them(any_site: Site):
    gather(any_site)
    parent, child = _family(any_site, Audience.MEMBERS)
    with any_site.inside(), writing():
        db.session.get_one(Member, any_site.ids["author"]).status = "suspended"
    for handle in ("friend", "stranger"):
        with any_site.inside():
            assert visible_ids(any_site.member(handle), [parent, child]) == set()

"""Albums to which friends add: who may, who sees what came from whom, and what nobody learns by it."""

import re

import pytest

from mixlite.app.worker import build_workshop
from mixlite.core.db import db
from mixlite.entries.photos import Contributor, Photo
from mixlite.features.friends.verbs import block, end_friendship, unblock
from mixlite.features.profiles.verbs import state_fact
from mixlite.policy.mentioning import readers_to_mention
from mixlite.policy.visibility import visible_entry
from tests.features.photos.test_albums import entry_of, photo_ids, picture, publish, sources, work
from tests.support.site import Client, Site, gather


def share(author: Client, album: str, *handles: str) -> int:
    people = " ".join(f"@{handle}" for handle in handles)
    return int(author.submit(f"{album}/contributors", "Save", people=people).status_code)


def add(client: Client, album: str) -> int:
    answer = client.post(f"{entry_of(album)}/photos/add", {"files": [(picture(colour="navy"), "g.jpg")]})
    return int(answer.status_code)


def shared_album(site: Site, audience: str = "members") -> tuple[str, int, int]:
    """An album of the author's with a photo of theirs and one of the friend's: its address, and both ids."""
    author, friend = site.sign_in("author"), site.sign_in("friend")
    album = publish(author, picture(), audience=audience)
    assert share(author, album, "friend") == 303
    assert add(friend, album) == 303
    work(site)
    own, guests = photo_ids(author, album)
    return album, own, guests


def test_a_friend_who_was_named_adds_to_an_album(any_site):
    gather(any_site)
    author, friend, stranger = (any_site.sign_in(handle) for handle in ("author", "friend", "stranger"))
    album = publish(author, picture(), audience="members")
    assert add(friend, album) == 403
    assert "Add pictures" not in friend.get(album).text
    assert share(author, album, "friend") == 303
    assert "Add pictures" in friend.get(album).text
    assert add(friend, album) == 303
    assert add(stranger, album) == 403
    work(any_site)
    assert len(sources(stranger, album)) == 2
    page = stranger.get(album).text
    assert "Pictures come from" in page
    assert share(author, album) == 303, "nobody any more"
    assert add(friend, album) == 403
    assert len(sources(stranger, album)) == 2, "what was added stays"


def test_only_friends_are_named_and_only_by_the_author(site, cast):
    author, friend = site.sign_in("author"), site.sign_in("friend")
    album = publish(author, picture())
    refused = author.submit(f"{album}/contributors", "Save", people="@stranger @nobody_here")
    assert refused.status_code == 422
    assert "@nobody_here, @stranger" in refused.text
    assert friend.get(f"{album}/contributors").status_code == 403
    assert site.sign_in("stranger").get(f"{album}/contributors").status_code == 404
    assert site.client().get(f"{album}/contributors").status_code == 303
    diary = site.diary("author", "friends")
    assert author.get(f"/albums/{diary}/contributors").status_code == 404
    with site.inside():
        assert db.session.query(Contributor).count() == 0


def test_whoever_is_no_friend_any_more_adds_nothing(site, cast):
    album, _own, _guests = shared_album(site)
    site.do(end_friendship, "author", "friend")
    friend = site.sign_in("friend")
    assert friend.get(album).status_code == 200
    assert add(friend, album) == 403
    assert "Pictures come from" not in friend.get(album).text
    assert share(site.sign_in("author"), album) == 303


def test_s17_a_guest_s_photo_is_not_there_for_whom_they_do_not_exist(any_site):
    gather(any_site)
    album, own, guests = shared_album(any_site)
    stranger = any_site.sign_in("stranger")
    source = sources(stranger, album)[1]
    assert stranger.get(source).status_code == stranger.get(f"/entries/{guests}").status_code == 200
    assert "2 of 2" in stranger.get(f"/entries/{guests}").text
    any_site.do(block, "friend", "stranger")
    assert stranger.get(source).status_code == stranger.get(f"/entries/{guests}").status_code == 404
    assert photo_ids(stranger, album) == [own]
    assert "1 picture" in stranger.get(album).text
    assert "1 of 1" in stranger.get(f"/entries/{own}").text
    assert f"/entries/{guests}" not in stranger.get(f"/entries/{own}").text
    assert f"/entries/{guests}" not in stranger.get("/@author/photos").text
    assert f"/entries/{guests}" not in stranger.get("/@author").text
    assert "Pictures come from" not in stranger.get(album).text
    assert len(zip_names(stranger, album)) == 1
    assert len(zip_names(any_site.sign_in("friend"), album)) == 2


@pytest.mark.parametrize("blocker", ["author", "friend"])
def test_s22_a_block_takes_back_what_either_added_to_albums_of_the_other(any_site, blocker):
    """Neither could find it any more, to delete it."""
    gather(any_site)
    album, own, guests = shared_album(any_site)
    stranger = any_site.sign_in("stranger")
    other = "friend" if blocker == "author" else "author"
    any_site.do(block, blocker, other)
    assert photo_ids(stranger, album) == [own]
    assert stranger.get(f"/entries/{guests}").status_code == 404
    any_site.do(unblock, blocker, other)
    any_site.befriend("author", "friend")
    assert add(any_site.sign_in("friend"), album) == 403, "nobody named them anew"


def test_s17_who_adds_to_an_album_does_not_tell_who_is_whose_friend(any_site):
    gather(any_site)
    album, _own, _guests = shared_album(any_site)
    stranger = any_site.sign_in("stranger")
    assert "Pictures come from" in stranger.get(album).text
    for member in ("author", "friend"):
        any_site.do(state_fact, member, "friends", value="", audience="only_me")
    assert "Pictures come from" not in stranger.get(album).text
    assert "Pictures come from" in any_site.sign_in("author").get(album).text


def zip_names(client: Client, album: str) -> list[bytes]:
    content = client.get(f"{album}/zip").data
    return re.findall(rb"PK\x01\x02.{42}(\d{3}\.webp)", content, re.DOTALL)


def test_s14_a_guest_does_not_learn_who_reads_the_album(any_site):
    gather(any_site)
    album, _own, guests = shared_album(any_site, "friends_of_friends")
    author, friend = any_site.sign_in("author"), any_site.sign_in("friend")
    page = friend.get(f"/entries/{guests}").text
    assert "people can read this" not in page
    assert f"/entries/{guests}/readers" not in page
    assert 'data-audience="friends_of_friends"' not in page
    assert friend.get(f"/entries/{guests}/readers").status_code == 403
    assert author.get(f"/entries/{guests}/readers").status_code == 403
    assert author.get(f"{entry_of(album)}/readers").status_code == 200
    for who in ("author", "stranger", "nobody", ""):
        assert friend.get(f"/settings/view-as/{guests}?who={who}").status_code == 404
    with any_site.inside():
        member = any_site.member("friend")
        found = readers_to_mention(member, visible_entry(member, guests), "")
        assert {each.handle for each in found} <= {"author", "friend"}, "no list of who can read it"


def test_each_changes_their_own_and_the_author_takes_away(site, cast):
    album, own, guests = shared_album(site)
    author, friend = site.sign_in("author"), site.sign_in("friend")
    assert friend.submit(f"/entries/{guests}/edit", "Save", body="By me", alt="A wall").status_code == 303
    assert author.get(f"/entries/{guests}/edit").status_code == 403
    assert friend.get(f"/entries/{own}/edit").status_code == friend.get(f"/entries/{own}/delete").status_code == 403
    sent = {"photo": [str(own), str(guests)], "was": ["", ""], "alt": ["Mine", "Changed"]}
    author.post(f"{entry_of(album)}/photos/describe", sent)
    with site.inside():
        alts = {photo.entry_id: photo.alt for photo in db.session.query(Photo)}
    assert alts == {own: "Mine", guests: "A wall"}
    assert author.post(f"/entries/{guests}/cover").status_code == 404
    other = publish(author, picture(), audience="members", title="Other")
    target = other.rpartition("/")[2]
    moved = author.post(f"{entry_of(album)}/photos/move", {"chosen": [str(guests)], "to": target})
    assert moved.status_code == 422, "somebody else's picture is not taken elsewhere"
    assert author.post(f"/entries/{guests}/earlier").status_code == 303
    assert photo_ids(friend, album) == [guests, own]
    assert author.submit(f"/entries/{guests}/delete", "Delete").status_code == 303
    assert photo_ids(friend, album) == [own]
    assert author.post(f"/entries/{guests}/restore").status_code == 303
    assert photo_ids(friend, album) == [guests, own]
    assert friend.submit(f"/entries/{guests}/delete", "Delete").status_code == 303
    assert photo_ids(friend, album) == [own]


@pytest.mark.parametrize("audience", ["only_me", "friends"])
def test_a_narrowed_album_takes_the_guests_photos_along(site, cast, audience):
    album, _own, guests = shared_album(site)
    author, friend = site.sign_in("author"), site.sign_in("friend")
    author.submit(f"{entry_of(album)}/edit", "Save", title="T", audience=audience)
    assert site.sign_in("stranger").get(f"/entries/{guests}").status_code == 404
    assert friend.get(f"/entries/{guests}").status_code == (404 if audience == "only_me" else 200)
    with site.inside():
        build_workshop().sweep()

"""How often each page asks the database: the same however much there is, and within a budget."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import insert

from mixlite.core import clock, memory
from mixlite.core.crypto import hash_password
from mixlite.core.db import db, writing
from mixlite.entries.comments import Comment
from mixlite.entries.entries import Entry
from mixlite.entries.facts import Fact
from mixlite.entries.marks import Favourite, Like
from mixlite.entries.media import Media
from mixlite.entries.photos import Photo
from mixlite.features.diary.models import Diary
from mixlite.features.invitations.models import Invitation
from mixlite.features.photos.models import Album
from mixlite.features.voice.models import Voice
from mixlite.people.friendships import FriendRequest, Friendship
from mixlite.people.members import Member
from tests.support.site import Site

# What a page may ask at most, the question who is asking included.
BUDGETS = {
    "/": 48,  # the host's: notices of the house, reports, arrivals, comments; what is new; a year ago; birthdays; draft
    "/entries/{entry}": 17,
    "/entries/{entry}/readers": 16,
    "/entries/{entry}/edit": 15,
    "/@friend0": 29,  # with how we are connected, breaks and groups
    "/@host": 23,
    "/@host/diary": 15,
    "/@host/diary?when=2026": 15,
    "/@host/friends": 6,
    "/@host/favourites": 13,
    "/friends": 7,
    "/friends/requests": 5,
    "/invitations": 6,
    "/diary/new": 7,
    "/voice/new": 7,
    "/albums/new": 6,
    "/@host/photos": 11,
    "/drafts": 4,
    "/settings/profile": 4,
    "/settings/profile/facts/place": 12,
    "/settings/profile/facts/free": 11,
    "/settings/privacy": 5,
    "/settings/audiences": 9,
    "/settings/audiences/default": 9,
    "/settings/view-as?who=friend0": 18,
    "/settings/view-as/{entry}?who=friend0": 18,
    "/preferences": 3,
}


def _grow(site: Site, first: int, last: int) -> None:
    """The host gets friends `first` to `last`, each with entries and what hangs on them, a request, an invitation."""
    now = clock.now()
    stored = hash_password("seven ripe persimmons")
    host = site.ids["host"]
    with writing():
        for number in range(first, last):
            moment = now - timedelta(minutes=number)
            member = _member(f"friend{number}", stored, host, moment)
            asker = _member(f"asker{number}", stored, host, moment)
            db.session.add_all([member, asker])
            db.session.flush()
            low, high = sorted((asker.id, host))
            rows = {"member_id": host, "friend_id": member.id, "since": moment}
            db.session.execute(insert(Friendship), [rows, {**rows, "member_id": member.id, "friend_id": host}])
            request = {"asker_id": asker.id, "asked_id": host, "low_id": low, "high_id": high, "created_at": moment}
            db.session.add(FriendRequest(**request))
            db.session.add(_invitation(host, number, moment))
            _facts(member.id, moment)
            for author in (member.id, host):
                _entries(author, member.id, host, moment)
                _album(author, moment)


def _facts(author: int, moment) -> None:
    """A birthday in this week, and what else a profile shows."""
    given = {"author_id": author, "audience": "friends"}
    day = f"{moment:%m-%d}"
    db.session.add(Fact(**given, kind="birthday", value=day, month_day=day))
    db.session.add_all(Fact(**given, kind="free", label="L", value="V") for _ in range(3))


def _member(handle: str, stored: str, sponsor: int, moment) -> Member:
    given = {"handle": handle, "name": handle, "email": f"{handle}@example.com", "password_hash": stored}
    return Member(**given, sponsor_id=sponsor, joined_at=moment)


def _invitation(inviter: int, number: int, moment) -> Invitation:
    return Invitation(
        inviter_id=inviter,
        salt=f"salt{number}",
        token_hash=f"{number:064}",
        uses_total=1,
        uses_left=1,
        created_at=moment,
        expires_at=moment + timedelta(days=9),
    )


def _entries(author: int, friend: int, host: int, moment) -> None:
    for kind in ("diary", "voice"):
        given = {"kind": kind, "author_id": author, "audience": "friends", "created_at": moment}
        entry = Entry(**given, shown_at=moment, published_at=moment, last_number=2)
        db.session.add(entry)
        db.session.flush()
        words = {"title": "T", "excerpt": "B"} if kind == "diary" else {}
        db.session.add((Diary if kind == "diary" else Voice)(entry_id=entry.id, body="B", **words))
        for number, who in enumerate((friend, host), 1):
            db.session.add(Comment(entry_id=entry.id, number=number, author_id=who, text="C", created_at=moment))
            db.session.add_all(
                [mark(entry_id=entry.id, member_id=who, created_at=moment) for mark in (Like, Favourite)]
            )


def _album(author: int, moment) -> None:
    """With two pictures."""
    given = {"author_id": author, "created_at": moment, "shown_at": moment, "published_at": moment}
    album = Entry(kind="album", audience="friends", **given)
    db.session.add(album)
    db.session.flush()
    db.session.add(Album(entry_id=album.id, title="T", body="B"))
    for position in range(2):
        photo = Entry(kind="photo", audience="parent", parent_id=album.id, **given)
        db.session.add(photo)
        db.session.flush()
        db.session.add(Photo(entry_id=photo.id, parent_id=album.id, position=position))
        sizes = {"size": 1, "bytes": 1, "width": 9, "height": 9, "colour": "aabbcc", "widths": "9", "lengths": "1"}
        times = {"due_at": moment, "touched_at": moment, "created_at": moment, "settled_at": moment}
        names = {"token": f"token{photo.id}", "owner_id": author, "file_name": "f", "state": "ready"}
        db.session.add(Media(entry_id=photo.id, **names, **sizes, **times))


def _more_on_one_entry(site: Site, entry: int, first: int, last: int) -> None:
    """Comments and likes by everybody, on the page that is looked at."""
    with writing():
        for number in range(first, last):
            who = site.member(f"friend{number}").id
            for offset in (0, 1):
                place = 2 * number + offset + 10
                db.session.add(Comment(entry_id=entry, number=place, author_id=who, text="C", created_at=clock.now()))
            db.session.add_all(
                mark(entry_id=entry, member_id=who, created_at=clock.now())
                for mark in (Like, Favourite)
                if db.session.get(mark, (entry, who)) is None
            )


def _counts(site: Site, entry: int) -> dict[str, int]:
    client = site.sign_in("host")
    counts = {}
    for path in BUDGETS:
        address = path.format(entry=entry)
        client.get(address)
        with site.inside():
            memory.forget()
        with site.statements() as statements:
            assert client.get(address).status_code == 200, address
        counts[path] = len(statements)
    return counts


def test_every_page_asks_the_same_number_of_questions_however_much_there_is(any_site):
    any_site.join("host")
    entry = any_site.diary("host")
    with any_site.inside():
        _grow(any_site, 0, 3)
        _more_on_one_entry(any_site, entry, 0, 3)
    few = _counts(any_site, entry)
    with any_site.inside():
        _grow(any_site, 3, 30)
        _more_on_one_entry(any_site, entry, 3, 30)
    many = _counts(any_site, entry)
    assert many == few
    over = {path: (count, BUDGETS[path]) for path, count in many.items() if count > BUDGETS[path]}
    assert not over, over


def test_a_second_page_costs_no_more_than_the_first(site):
    site.join("host")
    with site.inside():
        _grow(site, 0, 70)
    client = site.sign_in("host")
    for path, other in (("/", "home"), ("/friends", "friends"), ("/@host/diary", "diary"), ("/invitations", "all")):
        page = client.get(path)
        older = next(link for link in _links(page.text) if "after=" in link)
        with site.inside():
            memory.forget()
        with site.statements() as first:
            client.get(path)
        with site.statements() as second:
            assert client.get(older).status_code == 200, other
        assert len(second) <= len(first), path


def _links(text: str) -> list[str]:
    return [link.replace("&amp;", "&") for link in re.findall(r'href="([^"]+)"', text)]


@pytest.mark.parametrize("path", ["/sign-in", "/", "/healthz", "/nothing", "/friends", "/entries/1"])
def test_who_is_not_signed_in_costs_the_database_hardly_anything(site, path):
    """The name of the house, where the page says it."""
    site.join("host")
    client = site.client()
    with site.statements() as statements:
        client.get(path)
    assert all("FROM circle" in statement for statement in statements)
    assert len(statements) <= 1


def test_files_cost_the_database_nothing_for_members_either(site):
    site.join("host")
    client = site.sign_in("host")
    sheet = site.app.extensions["mixlite.assets"].address("mixlite.css")
    with site.statements() as statements:
        assert client.get(sheet).status_code == 200
    assert list(statements) == []

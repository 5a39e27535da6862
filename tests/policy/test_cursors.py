"""S20: a cursor belongs to one list and one viewer. Any other is the first page, and never shows what is hidden."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from mixlite.core import clock
from mixlite.core.db import db
from mixlite.core.paging import Cursors
from mixlite.entries.entries import Entry
from mixlite.features.friends.verbs import end_friendship
from mixlite.features.reading.verbs import delete_entry, favour
from mixlite.features.voice.verbs import revise_voice
from tests.people.races import give_friends
from tests.support.site import Client, Site

BEGINNING = datetime(2026, 5, 1, tzinfo=UTC)
LISTS = ("/", "/@author", "/@author/diary", "/@author/favourites", "/@author/friends", "/friends", "/invitations")
MARKS = {
    "/": r'<article[^>]* id="e(\d+)"',  # friends' favourites beside the feed are another list
    "/@author": r'<article[^>]* id="e(\d+)"',  # and favourites beside the latest
    "/@author/friends": r'href="/@(author_\d+)"',
    "/friends": r'href="/@(reader_\d+)"',
    "/invitations": r'action="/invitations/(\d+)/revoke"',
}


@dataclass(frozen=True)
class Listed:
    """One page of a list: what stands there, in order, and where it says that it goes on."""

    items: list[str]
    older: str | None


def look(client: Client, address: str) -> Listed:
    answer = client.get(address)
    assert answer.status_code == 200
    main = answer.text.partition("<main")[2].partition("</main>")[0]
    mark = MARKS.get(address.partition("?")[0], r'href="/entries/(\d+)"')
    goes_on = re.search(r'href="([^"]*[?&;]after=[^"]*)"', main)
    return Listed(list(dict.fromkeys(re.findall(mark, main))), goes_on[1].replace("&amp;", "&") if goes_on else None)


def listed(client: Client, address: str) -> list[str]:
    return look(client, address).items


def older(client: Client, address: str) -> str | None:
    return look(client, address).older


def walk(client: Client, address: str | None) -> Iterator[list[str]]:
    """Page after page, each read when it is asked for, by the link that the page before it carried."""
    while address:
        page = look(client, address)
        yield page.items
        address = page.older


@pytest.fixture(scope="module")
def long_lists(lasting_site: Site) -> Site:
    """Author and reader are friends, and every list has more than one page."""
    site = lasting_site
    site.join("host")
    site.join("author", "host")
    site.join("reader", "author")
    for n in range(35):
        with clock.at(BEGINNING + timedelta(minutes=n // 3)):  # three at the same moment
            entry_id = site.diary("author", "members", f"Day {n}")
            with site.inside():
                entry = db.session.get_one(Entry, entry_id)
            site.do(favour, "author", entry)
    for n in range(21):
        site.invite("reader", letter=f"Letter {n}")
    give_friends(site, "author", 65)
    give_friends(site, "reader", 65)
    return site


@pytest.mark.parametrize("path", LISTS)
def test_s20_pages_hold_everything_once(long_lists: Site, path: str):
    pages = list(walk(long_lists.sign_in("reader"), path))
    everything = [item for page in pages for item in page]
    assert len(pages) > 1
    assert len(everything) == len(set(everything))
    assert len(everything) == {"/friends": 65, "/@author/friends": 65, "/invitations": 21}.get(path, 35)


@pytest.mark.parametrize("path", LISTS)
def test_s20_a_tampered_cursor_is_page_one(long_lists: Site, path: str):
    client = long_lists.sign_in("reader")
    first = listed(client, path)
    right = older(client, path)
    assert right is not None
    cursor = right.partition("after=")[2].partition("&")[0]
    assert listed(client, right) != first
    payload, _dot, signature = cursor.rpartition(".")
    wrong = [
        "",
        "x",
        "9" * 30,
        cursor + "a",
        payload,
        f"{payload}x.{signature}",
        cursor.swapcase(),
        "%00%ff",
        "a" * 5000,
    ]
    for value in wrong:
        assert listed(client, f"{path}?after={value}") == first, value


@pytest.mark.parametrize("path", LISTS)
def test_s20_a_cursor_of_somebody_else_or_of_another_list_is_page_one(long_lists: Site, path: str):
    reader, author = long_lists.sign_in("reader"), long_lists.sign_in("author")
    first = listed(reader, path)
    foreign = older(author, path) or older(author, "/")
    others = [older(reader, LISTS[LISTS.index(path) - n]) for n in (1, 2)]
    for address in (foreign, *others):
        assert address is not None
        assert listed(reader, f"{path}?after={address.partition('after=')[2]}") == first


def test_s20_a_cursor_says_nothing_but_where(long_lists: Site):
    """Signed with this instance's key: what somebody else's key signed is nothing."""
    with long_lists.inside():
        reader = long_lists.ids["reader"]
        cursors = Cursors("home", reader)
        position = (BEGINNING, 7)
        assert cursors.read(cursors.after(position)) == position
        for other in (Cursors("home", reader + 1), Cursors("friends", reader), Cursors("home1", reader)):
            assert other.read(cursors.after(position)) is None


# ---------------------------------------------------------------------------------------- while the world goes on


def test_s20_no_row_is_skipped_or_doubled_while_entries_arrive(any_site: Site):
    any_site.join("host")
    any_site.join("reader", "host")
    with clock.at(BEGINNING):
        written = [str(any_site.voice("host")) for _ in range(45)]  # all at one moment
    client = any_site.sign_in("reader")
    seen: list[str] = []
    for page in walk(client, "/"):
        seen += page
        any_site.voice("host")
        any_site.voice("reader")
    assert seen == written[::-1]


def test_s20_an_old_cursor_shows_only_what_may_be_read_now(any_site: Site):
    """Deleted, narrowed, or written by somebody who is a friend no longer, after the first page was read."""
    site = any_site
    site.join("host")
    site.join("friend", "host")
    site.join("reader", "host")
    site.befriend("reader", "friend")
    with clock.at(BEGINNING):
        by_friend = [str(site.voice("friend")) for _ in range(3)]
        deleted, narrowed, kept = (str(site.voice("host")) for _ in range(3))
    for _ in range(20):
        site.voice("host")
    client = site.sign_in("reader")
    second_page = older(client, "/")
    assert second_page is not None
    assert listed(client, second_page) == [kept, narrowed, deleted, *by_friend[::-1]]
    with site.inside():
        going, narrowing = (db.session.get_one(Entry, int(number)) for number in (deleted, narrowed))
    site.do(delete_entry, "host", going)
    site.do(revise_voice, "host", narrowing, body="mine", audience="only_me")
    site.do(end_friendship, "friend", "reader")
    assert listed(client, second_page) == [kept]

"""Home: what friends wrote, by day, newest first; and the front of the house."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from mixlite.core import clock
from mixlite.features.friends.verbs import ask_to_be_friends
from mixlite.features.reading.verbs import favour
from mixlite.policy.visibility import visible_entry

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def test_the_front_of_the_house_shows_nobody(site, cast):
    """Signed out: what this place is and the door; no name, no count, no word of anybody."""
    site.diary("author", "members", title="A secret of ours")
    page = site.client().get("/")
    assert page.status_code == 200
    for word in ("author", 'friend"', "Author", "secret of ours", "7 people", "@"):
        assert word not in page.text, word
    assert [form.buttons for form in site.client().forms(page) if "Sign in" in form.buttons]


def test_home_is_friends_and_oneself_newest_first_grouped_by_the_readers_day(site, cast):
    written = [("author", 0, "written today"), ("friend", 1, "written the day before"), ("author", 3, "older one")]
    for who, days, words in written:
        with clock.at(NOON - timedelta(days=days)):
            site.voice(who, "friends", body=words)
    with clock.at(NOON - timedelta(hours=1)):
        site.voice("stranger", "members", body="a stranger's word")
        site.voice("author", "only_me", body="a word to myself")
    with clock.at(NOON):
        page = site.sign_in("author").get("/").text
        places = [
            page.index(words) for words in ("written today", "a word to myself", "written the day before", "older one")
        ]
        assert places == sorted(places)
        assert "a stranger" not in page
        headings = [page.index(words) for words in ("Today, Sunday", "Yesterday, Saturday", "Thursday 19 November")]
        assert headings == sorted(headings)
        friends_page = site.sign_in("friend").get("/").text
        assert "a word to myself" not in friends_page
        assert "older one" in friends_page


def test_home_is_paged_with_real_links_without_gap_or_repetition_and_ends(site, cast):
    for number in range(45):
        with clock.at(NOON - timedelta(minutes=number // 2)):
            site.voice("author" if number % 2 else "friend", "friends", body=f"voice number {number}.")
    client = site.sign_in("author")
    path, seen, pages = "/", [], 0
    while path:
        text = client.get(path).text
        pages += 1
        seen += [int(number) for number in re.findall(r"voice number (\d+)\.", text)]
        older = re.search(r'href="(/\?after=[^"]+)"', text)
        path = older[1] if older else ""
    assert pages == 3
    assert len(seen) == len(set(seen)) == 45
    assert sorted(seen) == list(range(45))


def test_requests_and_friends_favourites_stand_on_home(site, cast):
    entry = site.diary("second", "members", title="Worth reading")
    site.do(lambda member: favour(member, visible_entry(member, entry)), "friend")
    site.do(ask_to_be_friends, "stranger", "author", message="")
    page = site.sign_in("author").get("/").text
    assert "/friends/requests" in page
    assert "Worth reading" in page
    assert "Worth reading" not in site.sign_in("stranger").get("/").text


def test_friends_favourites_are_diary_entries_and_say_who_recommends_them(site, cast):
    """However many voices were marked since."""
    diary = site.diary("friend", "friends", title="Worth a while")
    hidden = site.diary("second", "friends", title="Not for the author")
    voices = [site.voice("second", "members", body=f"Voice {number}.") for number in range(65)]
    for entry in (diary, hidden, *voices):
        site.do(lambda member, entry=entry: favour(member, visible_entry(member, entry)), "friend")
    page = site.sign_in("author").get("/").text
    shelf = page[page.index("Favourites of your friends") :].split("</section>")[0]
    assert "Worth a while" in shelf
    assert "A favourite of <bdi>Friend</bdi>" in shelf
    assert "Voice" not in shelf
    assert "Not for the author" not in page


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_new_members_empty_home_says_what_to_do(site, language):
    site.join("host", language=language)
    page = site.sign_in("host").get("/")
    assert page.status_code == 200
    assert f'lang="{language}"' in page.text
    assert "/invitations" in page.text

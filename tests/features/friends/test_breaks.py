"""A break from somebody: home shows less of them, they cannot tell, and nothing else changes."""

import re
from datetime import timedelta

import pytest

from mixlite.core import clock
from mixlite.core.db import db
from mixlite.entries.entries import Entry
from mixlite.features.reading.verbs import favour
from tests.support.site import Cast, Site


@pytest.fixture
def entry(site: Site, cast: Cast) -> int:
    return site.diary("friend", "members", title="By the friend")


def main(text: str) -> str:
    """What a page says, without its secrets."""
    return re.sub(r'value="[^"]{20,}"', "", text[text.index("<main") : text.index("</main>")])


def test_home_shows_less_of_them_and_everything_else_stays(site: Site, cast: Cast, entry: int):
    author, friend = site.sign_in("author"), site.sign_in("friend")
    before = main(friend.get("/@author").text)
    answer = author.post("/@friend/break", {"days": "7"})
    assert answer.status_code == 303
    assert "By the friend" not in author.get("/").text
    assert "By the friend" in author.get("/@friend").text
    assert author.get(f"/entries/{entry}").status_code == 200
    assert main(friend.get("/@author").text) == before, "they cannot tell"
    for path in ("/", "/@author", "/friends", "/settings/privacy"):
        assert "taking a break" not in friend.get(path).text
    assert "You are taking a break" in author.get("/@friend").text
    assert "End the break" not in friend.get("/settings/privacy").text
    author.submit("/settings/privacy", "End the break")
    assert "By the friend" in author.get("/").text


def test_a_break_ends_by_itself(site: Site, cast: Cast, entry: int):
    site.sign_in("author").post("/@friend/break", {"days": "7"})
    with clock.at(clock.now() + timedelta(days=6, hours=23)):
        assert "By the friend" not in site.sign_in("author").get("/").text
    with clock.at(clock.now() + timedelta(days=7, minutes=1)):
        author = site.sign_in("author")
        assert "By the friend" in author.get("/").text
        assert "You are taking a break" not in author.get("/@friend").text
        assert "End the break" not in author.get("/settings/privacy").text


def test_until_one_ends_it(site: Site, cast: Cast, entry: int):
    site.sign_in("author").post("/@friend/break", {"days": "0"})
    with clock.at(clock.now() + timedelta(days=5000)):
        assert "By the friend" not in site.sign_in("author").get("/").text


def test_their_recommendations_and_their_newness_rest_too(site: Site, cast: Cast):
    by_second = site.diary("second", "members", title="By the second")
    with site.inside():
        row = db.session.get_one(Entry, by_second)
    site.do(favour, "friend", row)
    author = site.sign_in("author")
    assert "By the second" in author.get("/").text
    author.post("/@friend/break", {"days": "1"})
    assert "By the second" not in author.get("/").text
    assert "/@stranger" in author.get("/").text, "new in the house"
    author.post("/@stranger/break", {"days": "1"})
    assert "/@stranger" not in author.get("/").text


@pytest.mark.parametrize("days", ["", "2", "-1", "1e9", "x"])
def test_a_break_lasts_as_long_as_can_be_chosen(site: Site, cast: Cast, days: str, entry: int):
    author = site.sign_in("author")
    author.post("/@friend/break", {"days": days})
    assert "By the friend" in author.get("/").text


@pytest.mark.parametrize("who", ["blocked", "blocker", "nobody_here"])
def test_nobody_takes_a_break_from_who_is_not_there(site: Site, cast: Cast, who: str):
    assert site.sign_in("author").post(f"/@{who}/break", {"days": "1"}).status_code == 404
    assert site.sign_in("author").post(f"/@{who}/break/end").status_code == 404


def test_from_oneself_there_is_no_break(site: Site, cast: Cast):
    author = site.sign_in("author")
    assert author.post("/@author/break", {"days": "1"}).status_code == 404
    assert "Take a break" not in author.get("/@author").text

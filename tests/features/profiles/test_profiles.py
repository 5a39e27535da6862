"""A member's own page and its tabs."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from mixlite.core import clock
from mixlite.features.reading.verbs import favour
from mixlite.policy.visibility import visible_entry
from tests.app.everywhere import everything


def test_a_profile_shows_what_this_viewer_may_read(site, cast):
    for audience in ("only_me", "friends", "members"):
        site.diary("author", audience, title=f"For {audience}")
    shown = {
        "author": ["only_me", "friends", "members"],
        "friend": ["friends", "members"],
        "second": ["members"],
        "stranger": ["members"],
        "host": ["members"],
    }
    for who, audiences in shown.items():
        client = site.sign_in(who)
        for path in ("/@author", "/@author/diary"):
            text = client.get(path).text
            for audience in ("only_me", "friends", "members"):
                assert (f"For {audience}" in text) == (audience in audiences), (who, path, audience)


def test_s19_friends_are_counted_and_listed_only_as_far_as_they_exist_for_the_viewer(site, cast):
    """The stranger's friend list for somebody whom the stranger's friend has blocked."""
    site.befriend("second", "stranger")
    site.befriend("second", "blocker")
    for viewer, expected in (("friend", {"friend", "stranger", "blocker"}), ("author", {"friend", "stranger"})):
        client = site.sign_in(viewer)
        text = client.get("/@second/friends").text
        found = set(re.findall(r'href="/@(friend|stranger|blocker)"', text))
        assert found == expected, viewer
        (count,) = set(re.findall(r"\b(\d+)\b(?= friends?\b)", client.get("/@second").text)) or {None}
        assert count in (None, str(len(expected))), viewer


def test_favourites_show_only_what_the_viewer_may_read(site, cast):
    for audience in ("friends", "members"):
        entry = site.diary("author", audience, title=f"For {audience}")
        site.do(lambda member, entry=entry: favour(member, visible_entry(member, entry)), "friend")
    assert "For friends" in site.sign_in("author").get("/@friend/favourites").text
    second = site.sign_in("second").get("/@friend/favourites").text
    assert "For members" in second
    assert "For friends" not in second


@pytest.mark.parametrize(
    ("viewer", "buttons"),
    [("stranger", {"Ask to be friends"}), ("friend", {"End friendship"}), ("author", set())],
)
def test_the_buttons_fit_the_relation(site, cast, viewer, buttons):
    client = site.sign_in(viewer)
    page = client.get("/@author")
    found = {button for form in client.forms(page) for button in form.buttons}
    assert found & {"Ask to be friends", "End friendship"} == buttons
    assert ("Block" in " ".join(found)) == (viewer != "author")


def test_who_invited_them_is_shown_unless_that_person_does_not_exist_for_the_viewer(site, cast):
    assert 'href="/@author"' in site.sign_in("second").get("/@friend").text
    assert 'href="/@author"' not in site.sign_in("blocked").get("/@friend").text
    assert 'href="/@author"' not in site.sign_in("blocker").get("/@friend").text


def test_handles_are_found_in_any_case(site, cast):
    assert site.sign_in("friend").get("/@AUTHOR").status_code == 200


def test_name_and_introduction_are_changed_and_the_handle_stays(site, cast):
    author = site.sign_in("author")
    sent = {"name": "  花子  山田 ", "introduction": "I like\n\n<b>tea</b>.", "handle": "other"}
    answer = author.submit("/settings/profile", "Save", **sent)
    assert answer.headers["Location"] == "/@author"
    page = site.sign_in("stranger").get("/@author").text
    assert "花子 山田" in page
    assert "&lt;b&gt;tea&lt;/b&gt;" in page
    assert site.sign_in("stranger").get("/@other").status_code == 404


def test_a_profile_without_a_name_is_refused_and_the_introduction_kept(site, cast):
    author = site.sign_in("author")
    before = everything(site)
    answer = author.submit("/settings/profile", "Save", name="\u3000", introduction="Words to keep.")
    assert answer.status_code == 422
    assert "Words to keep." in answer.text
    assert everything(site) == before


def test_diaries_are_paged_by_month_without_gap(site, cast):
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for number in range(40):
        with clock.at(start + timedelta(days=3 * number)):
            site.diary("author", "friends", title=f"Entry number {number}.")
    client = site.sign_in("friend")
    path, seen = "/@author/diary", []
    for _ in range(5):
        text = client.get(path).text
        seen += re.findall(r"Entry number (\d+)\.", text)
        older = re.search(r'href="(/@author/diary\?after=[^"]+)"', text)
        if not older:
            break
        path = older[1]
    assert [int(number) for number in dict.fromkeys(seen)] == list(range(39, -1, -1))

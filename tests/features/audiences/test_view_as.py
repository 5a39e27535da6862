"""View as: what one sees through somebody's eyes is what they see."""

import re

import pytest

from mixlite.core.db import db, writing
from mixlite.entries.facts import Fact
from tests.support.site import Cast, Site

AUDIENCES = ("only_me", "friends", "friends_of_friends", "members")


@pytest.fixture
def page(site: Site, cast: Cast) -> Site:
    for audience in AUDIENCES:
        site.diary("author", audience, title=f"entry-{audience}")
    site.diary("author", "chosen", title="entry-named", choice=site.choice("friend"))
    with site.inside(), writing():
        for audience, kind in (
            ("friends", "place"),
            ("friends_of_friends", "school"),
            ("members", "work"),
            ("only_me", "interests"),
        ):
            fact = Fact(author_id=site.ids["author"], kind=kind, value=f"fact-{audience}", audience=audience)
            db.session.add(fact)
    return site


def found(text: str) -> set[str]:
    return set(re.findall(r"(?:entry|fact)-\w+", text))


@pytest.mark.parametrize(
    ("who", "person"),
    [("friend", "friend"), ("@Friend", "friend"), ("friend_of_friend", "second"), ("stranger", "stranger")],
)
def test_it_is_what_somebody_who_stands_so_finds(page: Site, who: str, person: str):
    mine = page.sign_in("author").get("/settings/view-as", query_string={"who": who})
    theirs = page.sign_in(person).get("/@author")
    entries = {name for name in found(theirs.text) if name.startswith("entry-")}
    assert {name for name in found(mine.text) if name.startswith("entry-")} == entries
    assert entries
    facts = {"friend": {"friends", "friends_of_friends", "members"}, "second": {"friends_of_friends", "members"}}
    expected = {f"fact-{name}" for name in facts.get(person, {"members"})}
    assert {name for name in found(mine.text) if name.startswith("fact-")} == expected


def test_nobody_sees_nothing(page: Site):
    text = page.sign_in("author").get("/settings/view-as?who=nobody").text
    assert found(text) == set()
    assert "Nothing at all" in text


def test_it_can_only_be_looked_at(page: Site):
    text = page.sign_in("author").get("/settings/view-as?who=friend").text
    main = text[text.index("<main") : text.index("</main>")]
    assert 'method="post"' not in main


@pytest.mark.parametrize("who", ["stranger_x", "blocked", "blocker", "second", "host", "nobody_at_all", "../x", "%00"])
def test_only_friends_have_eyes_that_can_be_borrowed(page: Site, who: str):
    author = page.sign_in("author")
    missing = author.get("/settings/view-as?who=never_was_there")
    answer = author.get("/settings/view-as", query_string={"who": who})
    assert (answer.status_code, answer.data) == (404, missing.data)


def test_a_hidden_list_of_friends_is_hidden_here_too(page: Site):
    author = page.sign_in("author")
    assert "/@friend" in author.get("/settings/view-as?who=stranger").text
    with page.inside(), writing():
        db.session.add(Fact(author_id=page.ids["author"], kind="friends", audience="friends"))
    assert "/@friend" not in author.get("/settings/view-as?who=stranger").text
    assert "Your list of friends is not shown" in author.get("/settings/view-as?who=stranger").text
    assert "Your list of friends is not shown" not in author.get("/settings/view-as?who=friend").text

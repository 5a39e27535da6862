"""View as: what one sees through somebody's eyes is what they see."""

import re
from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import select

from mixlite.app.worker import build_workshop
from mixlite.core.db import db, writing
from mixlite.entries.entries import Entry
from mixlite.entries.facts import Fact
from mixlite.features.friends.verbs import block
from mixlite.features.reading.verbs import add_comment, like
from mixlite.policy.visibility import visible_entry
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


@pytest.mark.parametrize(
    ("who", "entries"),
    [
        ("friend", {"friends", "friends_of_friends", "members", "chosen"}),
        ("friend_of_friend", {"friends_of_friends", "members"}),
        ("stranger", {"members"}),
        ("nobody", set()),
    ],
)
def test_an_entry_is_there_for_those_who_can_read_it_and_for_others_it_is_not(page: Site, who: str, entries: set[str]):
    author = page.sign_in("author")
    with page.inside():
        of_author = db.session.scalars(select(Entry).where(Entry.author_id == page.ids["author"])).all()
        ids = {str(entry.audience): entry.id for entry in of_author}
    for audience, entry_id in ids.items():
        text = author.get(f"/settings/view-as/{entry_id}", query_string={"who": who}).text
        assert ("Some words." in text) == (audience in entries), audience
        assert ("For them this does not exist" in text) != (audience in entries), audience
        assert 'method="post"' not in text[text.index("<main") : text.index("</main>")]


def test_s22_nobodys_eyes_tell_whom_others_have_blocked(page: Site):
    """Comments, counts, friends and mentions are those that the author finds, whoever of them is blocked by whom."""
    words = "@friend @second @stranger @blocker"
    entry = page.diary("author", "members", body=words)
    page.befriend("author", "stranger")
    page.befriend("author", "second")
    for who in ("friend", "stranger"):
        page.do(lambda member, text=f"By {who}.": add_comment(member, visible_entry(member, entry), body=text), who)
        page.do(lambda member: like(member, visible_entry(member, entry)), who)
    author = page.sign_in("author")
    guises = ("friend", "second", "stranger", "friend_of_friend")
    paths = [f"/settings/view-as{below}?who={who}" for who in guises for below in ("", f"/{entry}")]
    once = re.compile(r'name="csrf_token" value="[^"]*"')
    before = {path: once.sub("", author.get(path).text) for path in paths}
    assert all(text.count("By stranger.") == 1 for path, text in before.items() if str(entry) in path)
    page.do(block, "second", "stranger")
    page.do(block, "friend", "blocker")
    assert {path: once.sub("", author.get(path).text) for path in paths} == before


def test_what_is_seen_through_others_eyes_speaks_to_nobody_as_to_its_author(page: Site):
    """A picture without a description asks its author for one, and nobody else."""
    client, picture = page.sign_in("author"), BytesIO()
    Image.new("RGB", (40, 30), "teal").save(picture, "PNG")
    picture.seek(0)
    sent = {"title": "T", "body": "B", "audience": "members", "files": [(picture, "a.png")]}
    album = client.submit("/albums/new", "Publish", **sent).location.rpartition("/")[2]
    with page.inside():
        build_workshop().sweep()
    assert "No descri" in client.get(f"/albums/{album}").text
    seen = client.get(f"/settings/view-as/{album}?who=stranger").text
    assert "/small" in seen
    assert "No descri" not in seen


def test_nobody_looks_at_somebody_elses_entry_so(page: Site):
    theirs = page.diary("friend", "members")
    author = page.sign_in("author")
    missing = author.get("/settings/view-as/999999")
    for path in (f"/settings/view-as/{theirs}", f"/settings/view-as/{theirs}?who=stranger"):
        answer = author.get(path)
        assert (answer.status_code, answer.data) == (404, missing.data)

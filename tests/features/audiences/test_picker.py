"""The picker: groups, people and exceptions by plain forms; what it counts, what it remembers, what it refuses."""

import re

import pytest

from mixlite.core.db import db
from mixlite.entries.entries import Entry
from mixlite.policy.visibility import readers_of
from tests.support.site import Cast, Client, Site

DIARY = {"title": "A day", "body": "Rain."}


@pytest.fixture
def author(site: Site, cast: Cast) -> Client:
    """With three friends: friend, ken, mia; the last two are in the group "close"."""
    for handle in ("ken", "mia"):
        site.join(handle, "author")
    site.group("author", "close", "ken mia")
    return site.sign_in("author")


def readers(site: Site, entry_id: int) -> set[str]:
    with site.inside():
        return {member.handle for member in readers_of(entry_id, limit=100)}


def publish(site: Site, author: Client, **fields: object) -> int:
    answer = author.submit("/diary/new", "Publish", **DIARY, **fields)
    assert answer.status_code == 303, answer.text
    return int(answer.location.rpartition("/")[2])


def group_id(author: Client) -> str:
    found = re.search(r'name="groups" value="(\d+)"', author.get("/diary/new").text)
    assert found is not None
    return found[1]


def test_the_lines_of_the_picker_and_how_many_people_each_is(author: Client):
    page = author.get("/diary/new").text
    lines = re.findall(r'type="radio" name="audience" value="(\w+)"', page)
    assert lines == ["only_me", "chosen", "friends_except", "friends", "friends_of_friends", "members"]
    counts = dict(re.findall(r'data-audience="(\w+)"><input.*?<span class="count">([^<]*)<', page, re.DOTALL))
    assert counts["friends"] == "3 people"
    assert counts["friends_of_friends"] == "4 people"
    assert counts["members"] == "6 people"  # the cast of seven and two, less oneself, less the two of the blocks
    assert counts["only_me"] == counts["chosen"] == ""


def test_groups_people_and_exceptions_decide_who_reads(site: Site, author: Client):
    close = group_id(author)
    assert readers(site, publish(site, author, audience="chosen", people="@Friend, @ken")) == {"friend", "ken"}
    assert readers(site, publish(site, author, audience="chosen", people="", groups=close)) == {"ken", "mia"}
    left_out = publish(site, author, audience="chosen", people="friend", groups=close, exceptions="@mia")
    assert readers(site, left_out) == {"friend", "ken"}
    but_ken = publish(site, author, audience="friends_except", people="mia", exceptions="@ken")
    assert readers(site, but_ken) == {"friend", "mia"}


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"audience": "chosen", "people": ""}, "Please choose at least one person or group."),
        ({"audience": "friends_except", "exceptions": ""}, "Please name who shall not read it."),
        ({"audience": "chosen", "people": "@friend @nobody_here"}, "Not among your friends: @nobody_here"),
        (
            {"audience": "chosen", "people": "@stranger @blocked @blocker"},
            "Not among your friends: @blocked, @blocker, @stranger",
        ),
        ({"audience": "friends_except", "exceptions": "kenn"}, "Not among your friends: @kenn"),
        ({"audience": "public"}, "Not a valid choice"),
        ({"audience": "community"}, "Not a valid choice"),
    ],
)
def test_what_cannot_be_chosen_is_said_and_nothing_typed_is_lost(author: Client, typed: dict[str, str], words: str):
    answer = author.submit("/diary/new", "Publish", **DIARY, **typed)
    assert answer.status_code == 422
    assert words in answer.text
    assert "Rain." in answer.text
    for handle in re.findall(r"\w+", typed.get("people", "") + " " + typed.get("exceptions", "")):
        assert f"@{handle}" in answer.text


def test_s16_forged_groups_and_ids_let_nobody_in(site: Site, author: Client):
    theirs = site.group("friend", "theirs", "author second")
    answer = author.submit("/diary/new", "Publish", **DIARY, audience="chosen", groups=str(theirs), people="")
    assert answer.status_code == 422
    for junk in ("-1", "1e3", "٣", "x", str(2**70)):
        answer = author.submit("/diary/new", "Publish", **DIARY, audience="chosen", groups=junk, people="@friend")
        assert answer.status_code == 303
        assert readers(site, int(answer.location.rpartition("/")[2])) == {"friend"}


def test_the_button_that_only_asks_writes_nothing(site: Site, author: Client):
    page = author.get("/diary/new")
    (form,) = [form for form in author.forms(page) if "Publish" in form.buttons]
    asked = {**form.fields, **DIARY, "audience": "chosen", "people": "friend ken", "how_many": "chosen"}
    answer = author.http.post("/diary/new", data=asked)
    assert answer.status_code == 200
    assert "2 people" in answer.text
    assert "Rain." in answer.text
    with site.inside():
        assert db.session.query(Entry).filter_by(kind="diary").count() == 0


def test_the_number_follows_what_is_picked(author: Client):
    close = group_id(author)
    for query, count in (
        ("audience=chosen&people=friend", 1),
        (f"audience=chosen&groups={close}&people=friend", 3),
        (f"audience=chosen&groups={close}&exceptions=ken", 1),
        ("audience=friends_except&exceptions=@ken", 2),
        ("audience=friends_except&exceptions=stranger", 3),
        ("audience=friends", 3),
        ("audience=only_me", 0),
        ("audience=nonsense", 0),
        ("audience=public", 0),
        ("", 3),
    ):
        answer = author.get(f"/audiences/count?{query}")
        assert answer.json is not None
        assert answer.json["count"] == count, query


def test_only_friends_are_completed_while_typing(site: Site, author: Client):
    def found(words: str) -> list[str]:
        answer = author.get("/audiences/friends", query_string={"q": words})
        assert answer.json is not None
        return [friend["handle"] for friend in answer.json["friends"]]

    assert found("k") == ["ken"]
    assert found("@MI") == ["mia"]
    assert found("stranger") == found("block") == found("%") == found("_") == []
    assert site.client().get("/audiences/friends?q=k").status_code in (303, 401)


def test_what_was_chosen_last_is_where_the_next_one_of_its_kind_begins(site: Site, author: Client):
    def begins_with(path: str) -> tuple[str, str]:
        form = next(form for form in author.forms(author.get(path)) if {"Publish", "Post"} & set(form.buttons))
        return form.fields["audience"], form.fields.get("exceptions", "")

    assert begins_with("/diary/new") == ("friends", "")
    publish(site, author, audience="friends_except", exceptions="ken")
    assert begins_with("/diary/new") == ("friends_except", "@ken")
    assert begins_with("/voice/new") == ("friends", "")
    author.submit("/settings/audiences/default", "Save", audience="members")
    assert begins_with("/voice/new") == ("members", "")
    assert begins_with("/diary/new") == ("friends_except", "@ken")


def test_editing_begins_with_what_is_chosen_now(site: Site, author: Client):
    entry_id = publish(site, author, audience="chosen", people="friend", groups=group_id(author), exceptions="mia")
    page = author.get(f"/entries/{entry_id}/edit").text
    assert re.search(r'value="chosen" checked', page)
    assert re.search(r'name="groups" value="\d+" checked', page)
    assert 'name="people" value="@friend"' in page
    assert 'name="exceptions" value="@mia"' in page
    answer = author.submit(f"/entries/{entry_id}/edit", "Save", body="Sun.")
    assert answer.status_code == 303
    assert readers(site, entry_id) == {"friend", "ken"}


def test_the_short_form_on_home_leads_on_to_the_whole_picker(site: Site, author: Client):
    answer = author.submit("/", "Post", body="For a few.", audience="chosen")
    assert answer.status_code == 422
    assert "For a few." in answer.text
    assert 'name="people"' in answer.text
    done = author.submit(answer, "Post", people="ken")
    assert done.status_code == 303
    assert "For a few." in site.sign_in("ken").get("/").text
    assert "For a few." not in site.sign_in("friend").get("/").text


def test_the_author_reads_whom_they_chose_and_can_look_for_somebody(site: Site, author: Client):
    entry_id = publish(site, author, audience="chosen", people="friend", groups=group_id(author), exceptions="mia")
    page = author.get(f"/entries/{entry_id}/readers").text
    assert "You chose: close, @friend." in page
    assert "Not @mia." in page
    found = author.get(f"/entries/{entry_id}/readers?who=KE").text
    assert "@ken" in found
    assert 'href="/@friend"' not in found
    assert "Nobody of this name can read it." in author.get(f"/entries/{entry_id}/readers?who=stranger").text
    for who in ("friend", "ken", "stranger", "host"):
        answer = site.sign_in(who).get(f"/entries/{entry_id}/readers")
        assert answer.status_code in (403, 404)
        assert "close" not in answer.text


def test_s23_a_narrower_choice_acts_at_once_everywhere(site: Site, author: Client):
    answer = author.submit("/diary/new", "Publish", title="Narrowed", body="Rain.", audience="friends")
    entry_id = int(answer.location.rpartition("/")[2])
    ken, friend = site.sign_in("ken"), site.sign_in("friend")
    friend.post(f"/entries/{entry_id}/favourite")
    pages = ("/", "/@author", "/@author/diary", "/@friend/favourites", f"/entries/{entry_id}")
    site.befriend("ken", "friend")
    for page in pages:
        assert "Narrowed" in ken.get(page).text, page
    author.submit(f"/entries/{entry_id}/edit", "Save", audience="friends_except", exceptions="ken")
    for page in pages:
        assert "Narrowed" not in ken.get(page).text, page
    assert "Narrowed" in friend.get("/").text

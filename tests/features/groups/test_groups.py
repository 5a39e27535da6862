"""Groups: made, filled, emptied and deleted by their owner; for everybody else they do not exist."""

import pytest

from mixlite.core.db import db
from mixlite.features.friends.verbs import end_friendship
from mixlite.features.groups.queries import gatherings_of
from mixlite.people.groups import MOST_GROUPS, Group, GroupMember
from mixlite.people.members import Member
from tests.support.site import Cast, Client, Site


@pytest.fixture
def author(site: Site, cast: Cast) -> Client:
    site.join("ken", "author")
    return site.sign_in("author")


def make(author: Client, name: str = "Hiking") -> str:
    answer = author.submit("/groups", "Create group", name=name)
    assert answer.status_code == 303
    return str(answer.location)


def inside(site: Site) -> set[str]:
    with site.inside():
        handles = {number: handle for handle, number in site.ids.items()}
        return {handles[row.member_id] for row in db.session.query(GroupMember)}


def test_a_group_is_made_filled_emptied_renamed_and_deleted(site: Site, author: Client):
    group = make(author)
    assert author.submit(group, "Put in", people="@Friend ken").status_code == 303
    assert inside(site) == {"friend", "ken"}
    assert "@ken" in author.get(group).text
    author.submit(f"{group}", "Take out")
    assert len(inside(site)) == 1
    author.submit(f"{group}/name", "Save", name="Walking 散歩")
    assert "Walking 散歩" in author.get("/groups").text
    entry = site.diary("author", "chosen", choice=site.choice(groups=[1]))
    page = author.get(f"{group}/delete")
    assert "1 entry" in page.text
    assert author.submit(page, "Delete").status_code == 303
    assert author.get(group).status_code == 404
    assert site.sign_in("friend").get(f"/entries/{entry}").status_code == 404
    assert author.get(f"/entries/{entry}").status_code == 200


def test_the_list_shows_who_stands_in_each_group_and_nobody_who_is_not_here(site: Site, author: Client):
    with site.inside():
        owner = db.session.get_one(Member, site.ids["author"])
        assert gatherings_of(owner) == []
    hikers = make(author)
    make(author, "Nobody yet")
    author.submit(hikers, "Put in", people="@friend ken")
    with site.inside():
        owner = db.session.get_one(Member, site.ids["author"])
        db.session.get_one(Member, site.ids["ken"]).status = "suspended"
        first, second = gatherings_of(owner)
        assert (first.group.name, first.size, [member.handle for member in first.faces]) == ("Hiking", 1, ["friend"])
        assert (second.group.name, second.size, second.faces) == ("Nobody yet", 0, [])


@pytest.mark.parametrize("people", ["@stranger", "@blocked", "@blocker", "nobody_here", "friend stranger", "author"])
def test_only_friends_are_put_in_and_all_or_none(site: Site, author: Client, people: str):
    group = make(author)
    answer = author.submit(group, "Put in", people=people)
    assert answer.status_code == 422
    assert "Not among your friends" in answer.text
    assert inside(site) == set()


@pytest.mark.parametrize("name", ["", " ", "x" * 31, "\u200b"])
def test_a_name_must_be_one(author: Client, name: str):
    assert author.submit("/groups", "Create group", name=name).status_code == 422


def test_a_name_is_taken_once_and_fifty_are_enough(site: Site, author: Client):
    make(author)
    again = author.submit("/groups", "Create group", name="Hiking")
    assert again.status_code == 422
    assert "already" in again.text
    friend = site.sign_in("friend")
    make(friend)  # everybody has names of their own
    for number in range(MOST_GROUPS - 1):
        site.group("author", f"group {number}", "")
    answer = author.submit("/groups", "Create group", name="One more")
    assert answer.status_code == 422
    assert "Fifty" in answer.text


def test_r12_a_double_click_makes_one(site: Site, author: Client):
    (form,) = [form for form in author.forms(author.get("/groups")) if "Create group" in form.buttons]
    for _ in range(2):
        assert author.http.post("/groups", data={**form.fields, "name": "Once"}).status_code == 303
    with site.inside():
        assert db.session.query(Group).count() == 1


@pytest.mark.parametrize("who", ["friend", "ken", "stranger", "host"])
def test_s14_s15_for_everybody_else_a_group_does_not_exist(site: Site, author: Client, who: str):
    group = make(author, "Canary group")
    author.submit(group, "Put in", people="friend ken")
    reader = site.sign_in(who)
    for method, path in (
        ("get", group),
        ("post", group),
        ("get", f"{group}/name"),
        ("post", f"{group}/name"),
        ("get", f"{group}/delete"),
        ("post", f"{group}/delete"),
        ("post", f"{group}/out/ken"),
    ):
        ask = reader.get if method == "get" else reader.post
        answer, missing = ask(path), ask(path.replace("/1", "/4711", 1))
        assert (answer.status_code, answer.data) == (404, missing.data), path
    for path in ("/", "/groups", "/@author", "/@author/friends", "/friends", "/@ken"):
        assert "Canary" not in reader.get(path).text
    assert inside(site) == {"friend", "ken"}


def test_a_friends_page_says_in_which_groups_they_are_to_me_alone(site: Site, author: Client):
    one, two = make(author, "One"), make(author, "Two")
    page = author.get("/@friend")
    assert "One" in page.text
    (form,) = [form for form in author.forms(page) if form.action.endswith("/groups")]
    author.http.post(
        form.action, data={**form.fields, "groups": [one.rpartition("/")[2], two.rpartition("/")[2], "4711"]}
    )
    assert inside(site) == {"friend"}
    assert "@friend" in author.get(one).text
    author.http.post(form.action, data={**form.fields, "groups": []})
    assert inside(site) == set()
    assert author.post("/@stranger/groups", {"groups": "1"}).status_code == 404
    assert "One" not in author.get("/@stranger").text


def test_whoever_is_a_friend_no_longer_leaves_the_group(site: Site, author: Client):
    author.submit(make(author), "Put in", people="friend ken")
    site.do(end_friendship, "friend", "author")
    assert inside(site) == {"ken"}


def test_groups_need_sign_in(site: Site, cast: Cast):
    for path in ("/groups", "/groups/1"):
        assert site.client().get(path).status_code == 303

"""The newcomer's first home, and the inviter's."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import update

from mixlite.core import clock, memory
from mixlite.core.db import db, writing
from mixlite.features.friends.verbs import ask_to_be_friends, block, mute, unmute
from mixlite.features.invitations.first_hour import people_to_know
from mixlite.people.circle import the_circle
from mixlite.people.members import Member
from tests.support.site import Site


def suggested(site: Site, handle: str) -> dict[str, str]:
    """Who is suggested, and why."""
    with site.inside():
        viewer = site.member(handle)
        inviter = db.session.get(Member, viewer.sponsor_id)
        return {each.member.handle: each.how for each in people_to_know(viewer, inviter)}


def shown(site: Site, handle: str) -> list[str]:
    """Who is suggested on the page."""
    found = re.search(r'<li class="may-know">.*?</ul>', site.sign_in(handle).get("/").text, re.DOTALL)
    return re.findall(r'class="who" href="/@(\w+)"', found[0]) if found else []


def change(site: Site, handle: str, **values) -> None:
    with site.inside(), writing():
        db.session.execute(update(Member).where(Member.handle == handle).values(**values))


@pytest.fixture
def house(site: Site) -> Site:
    """hana invited rosa and zoe; rosa invited emi and leo; rosa and ken (hana's guest) are friends."""
    for handle, inviter in (
        ("hana", None),
        ("rosa", "hana"),
        ("zoe", "hana"),
        ("ken", "zoe"),
        ("emi", "rosa"),
        ("far", "zoe"),
    ):
        site.join(handle, inviter)
    site.befriend("rosa", "ken")
    site.join("leo", "rosa")
    return site


def test_the_letter_the_welcome_and_three_steps_stand_on_the_first_home(house):
    with house.inside(), writing():
        the_circle().welcome = "Tea is at <four>."
    leo = house.sign_in("leo")
    home = leo.get("/").text
    for words in (
        "Good to have you here",
        "Come and see.",
        "Tea is at &lt;four&gt;.",
        "Introduce yourself",
        "Say a first word",
    ):
        assert words in home, words
    assert 'class="taken"' not in home
    change(house, "leo", introduction="Trains.")
    house.voice("leo")
    assert leo.get("/").text.count('class="taken"') == 2
    change(house, "leo", joined_at=clock.now() - timedelta(days=7, seconds=1))
    assert "First steps" not in leo.get("/").text


def test_people_are_suggested_through_the_tree_and_through_friends(house):
    assert suggested(house, "leo") == {"hana": "inviter", "emi": "guest", "ken": "friend"}
    assert shown(house, "leo") == ["hana", "emi", "ken"]


def test_friends_and_whoever_was_asked_are_not_suggested_again(house):
    house.befriend("leo", "emi")
    house.do(ask_to_be_friends, "leo", "ken", message="")
    assert suggested(house, "leo") == {"hana": "inviter"}


def test_who_is_dismissed_is_not_suggested_again_here_or_elsewhere(house):
    leo = house.sign_in("leo")
    (form,) = [form for form in leo.forms(leo.get("/")) if form.action == "/@emi/dismiss"]
    answer = leo.http.post(form.action, data=form.fields, headers={"Referer": "http://localhost/"})
    assert (answer.status_code, answer.location) == (303, "/")
    assert shown(house, "leo") == ["hana", "ken"]
    assert "Emi" not in leo.get("/friends").text


def test_a_break_connects_nobody_and_whoever_it_is_from_is_not_suggested(house):
    house.befriend("leo", "emi")
    house.join("sora", "emi")
    assert suggested(house, "leo") == {"hana": "inviter", "ken": "friend", "sora": "friend"}
    house.do(mute, "leo", "emi", days=7)
    assert suggested(house, "leo") == {"hana": "inviter", "ken": "friend"}
    house.do(mute, "leo", "rosa", days=7)
    assert suggested(house, "leo") == {}
    house.do(unmute, "leo", "emi")
    assert suggested(house, "leo") == {"sora": "friend"}
    house.do(mute, "leo", "sora", days=0)
    assert suggested(house, "leo") == {}


@pytest.mark.parametrize("by", ["emi", "leo"])
def test_s17_a_block_is_a_wall_for_suggestions_too(house, by):
    house.do(block, by, "leo" if by == "emi" else "emi")
    assert "emi" not in suggested(house, "leo")
    assert "Emi" not in house.sign_in("leo").get("/").text


@pytest.mark.parametrize("status", ["suspended", "leaving", "gone"])
def test_s17_who_is_not_here_is_neither_suggested_nor_connects_anybody(house, status):
    change(house, "rosa", status=status)
    assert shown(house, "leo") == []
    home = house.sign_in("leo").get("/").text
    assert "Rosa" not in home
    assert "Come and see." not in home  # nor is the letter of somebody who does not exist


def test_the_inviter_is_told_of_who_arrived_for_some_days(house):
    rosa = house.sign_in("rosa")
    assert "2 people you invited have arrived" in rosa.get("/").text
    change(house, "emi", joined_at=clock.now() - timedelta(days=3, seconds=1))
    home = rosa.get("/").text
    assert "Somebody you invited has arrived: <bdi>Leo</bdi>" in home
    assert "has arrived" not in house.sign_in("ken").get("/").text
    house.do(block, "leo", "rosa")
    assert "arrived" not in rosa.get("/").text


def test_the_first_home_asks_the_same_number_of_questions_however_many_are_suggested(house):
    leo = house.sign_in("leo")
    leo.get("/")
    with house.inside():
        memory.forget()
    with house.statements() as few:
        leo.get("/")
    for number in range(8):
        house.join(f"more{number}", "rosa")
    with house.statements() as many:
        leo.get("/")
    assert len(shown(house, "leo")) == 6
    assert len(many) == len(few)


def test_the_first_host_is_asked_to_invite_somebody(site):
    site.join("hana")
    home = site.sign_in("hana").get("/")
    assert home.status_code == 200
    assert "One letter, for one person you would vouch for." in home.text


def test_home_and_tree_say_the_same_on_both_databases(any_site):
    for handle, inviter in (("hana", None), ("rosa", "hana"), ("emi", "rosa"), ("leo", "rosa"), ("ken", "emi")):
        any_site.join(handle, inviter)
    change(any_site, "emi", status="suspended")
    assert suggested(any_site, "leo") == {"hana": "inviter"}
    leo = any_site.sign_in("leo")
    for path in ("/", "/invitations", "/@ken", "/@leo"):
        assert leo.get(path).status_code == 200, path
    drawing = leo.get("/invitations/tree").text
    assert drawing.count('class="place-line') == 5
    assert drawing.count("an empty place") == 1
    assert "Somebody you invited" in any_site.sign_in("rosa").get("/").text

"""Leaving and coming back (SECURITY.md, S8, S10, S25, S26)."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from mixlite.core import clock
from mixlite.core.crypto import encrypted
from mixlite.core.db import db, writing
from mixlite.core.mail import Letter
from mixlite.core.one_time import new_secret
from mixlite.entries.entries import Entry
from mixlite.features.accounts import verbs as accounts
from mixlite.features.reading.verbs import add_comment
from mixlite.people import leaving, stewardship
from tests.features.accounts.conftest import post, work  # noqa: F401 - post is a fixture
from tests.support.site import PASSWORD, Client, Site

LEAVE = "/settings/account/leave"


def leave(site: Site, handle: str) -> Client:
    client = site.sign_in(handle)
    answer = client.submit(LEAVE, "Leave", password=PASSWORD)
    assert (answer.status_code, answer.location) == (303, "/left")
    return client


def knock(site: Site, handle: str, **typed: str) -> Client:
    """To the page that asks whether one comes back."""
    client = site.client()
    answer = client.submit("/sign-in", "Sign in", login=handle, password=PASSWORD, **typed)
    assert (answer.status_code, answer.location) == (303, "/come-back")
    return client


def is_in(client: Client) -> bool:
    return client.get("/friends").status_code == 200


def status_of(site: Site, handle: str) -> str:
    with site.inside():
        return site.member(handle).status


# ---- the page


def test_leaving_is_for_members(site):
    for answer in (site.client().get(LEAVE), site.client().http.post(LEAVE)):
        assert answer.status_code in (303, 400)
        if answer.status_code == 303:
            assert answer.location.startswith("/sign-in")


def test_the_page_says_what_goes_and_what_stays_and_looking_changes_nothing(site, cast):
    site.diary(cast.author)
    site.voice(cast.author)
    client = site.sign_in(cast.author)
    assert LEAVE in client.get("/settings/account").text
    shown = client.get(LEAVE)
    assert "2 diaries and voices" in shown.text
    assert "0 comments of yours" in shown.text
    assert "1 friend," in shown.text
    assert "An empty place in the tree" in shown.text
    assert status_of(site, cast.author) == "active"


@pytest.mark.parametrize("typed", ["", "seven ripe persimmon", "x" * 300])
def test_without_the_password_nobody_leaves(site, cast, typed):
    client = site.sign_in(cast.author)
    answer = client.submit(LEAVE, "Leave", password=typed)
    assert answer.status_code == 422
    assert is_in(client)
    assert status_of(site, cast.author) == "active"


def test_s25_the_last_host_is_told_on_the_page_and_refused_by_the_verb(site, cast):
    client = site.sign_in(cast.host)
    shown = client.get(LEAVE)
    assert "You are the last host" in shown.text
    assert "Leave" not in [button for form in client.forms(shown) for button in form.buttons]
    answer = client.post(LEAVE, {"password": PASSWORD})
    assert answer.status_code == 422
    assert is_in(client)
    with site.inside(), writing():
        stewardship.promote(site.member(cast.friend))
    assert client.submit(LEAVE, "Leave", password=PASSWORD).status_code == 303


# ---- at once


def test_s8_s10_every_session_and_link_is_dead_at_the_next_request_and_stays_dead(site, cast, post):  # noqa: F811
    with site.inside(), writing():
        site.member(cast.author).email_confirmed_at = clock.now()
    phone, desk = site.sign_in(cast.author), site.sign_in(cast.author)
    site.client().submit("/password/forgotten", "Mail me a link", login=cast.author)
    (reset,) = [mail.path for mail in post() if "/password/reset/" in mail.text]
    assert site.client().get(reset).status_code == 200

    assert desk.submit(LEAVE, "Leave", password=PASSWORD).status_code == 303
    assert not is_in(phone)
    assert not is_in(desk)
    assert site.client().get(reset).status_code == 404
    work(site)

    back = knock(site, cast.author)
    assert back.submit("/come-back", "Come back").status_code == 303
    assert is_in(back)
    assert not is_in(phone)
    assert not is_in(desk)
    assert site.client().get(reset).status_code == 404


def test_s26_404_everywhere_within_one_request(site, cast):
    entry = site.diary(cast.author, "members", "Canary diary", "canary words")
    theirs = site.diary(cast.friend, "members", "Ordinary")
    with site.inside(), writing():
        add_comment(site.member(cast.author), db.session.get_one(Entry, theirs), body="canary comment")
    link = site.invite(cast.author)
    lookers = [site.sign_in(handle) for handle in (cast.friend, cast.host, cast.second)]
    for looker in lookers:
        assert looker.get("/@author").status_code == 200
        assert "canary comment" in looker.get(f"/entries/{theirs}").text
    assert site.client().get(link).status_code == 200

    leave(site, cast.author)
    for looker in lookers:
        missing = looker.get("/@nobody_at_all")
        for path in ("/@author", f"/entries/{entry}", f"/entries/{entry}/readers"):
            answer = looker.get(path)
            assert (answer.status_code, answer.text) == (404, missing.text), path
        assert looker.post(f"/entries/{entry}/like").status_code == 404
        assert looker.post(f"/entries/{entry}/comments", {"body": "hello?"}).status_code == 404
        for path in ("/", "/friends", f"/entries/{theirs}", "/invitations"):
            text = looker.get(path).text
            assert "anary" not in text, path
            assert "@author" not in text, path
            assert "Author" not in text, path
    assert site.client().get(link).status_code == 404


# ---- coming back


def test_coming_back_keeps_remember_me_and_where_they_wanted_to_go(site, cast):
    leave(site, cast.author)
    door = site.client()
    shown = door.get("/sign-in?next=/friends")
    answer = door.submit(shown, "Sign in", login=cast.author, password=PASSWORD, remember="y")
    assert answer.location == "/come-back"
    back = door.submit("/come-back", "Come back")
    assert back.location == "/friends"
    assert any("Expires" in value for value in back.headers.getlist("Set-Cookie") if value.startswith("mixlite="))
    assert is_in(door)


def test_a_wrong_password_at_the_door_tells_nobody_that_somebody_is_leaving(site, cast):
    leave(site, cast.author)
    answers = [
        site.client().submit("/sign-in", "Sign in", login=handle, password="not this").status_code
        for handle in (cast.author, cast.friend, "nobody")
    ]
    assert answers == [422, 422, 422]


def test_nobody_comes_back_without_having_been_asked_at_the_door(site, cast):
    leave(site, cast.author)
    for client in (site.client(), site.sign_in(cast.friend)):
        assert client.get("/come-back").location == "/sign-in"
        assert client.post("/come-back").location == "/sign-in"
    assert status_of(site, cast.author) == "leaving"


def test_the_open_question_ends_after_ten_minutes_and_with_the_password(site, cast):
    leave(site, cast.author)
    door = knock(site, cast.author)
    with clock.at(clock.now() + timedelta(minutes=11)):
        assert door.get("/come-back").location == "/sign-in"
    assert door.get("/come-back").status_code == 200
    with site.inside(), writing():
        stewardship.reset_password(site.member(cast.author), "another")
    assert door.get("/come-back").location == "/sign-in"
    assert door.post("/come-back").location == "/sign-in"


def test_staying_away_forgets_the_question(site, cast):
    leave(site, cast.author)
    door = knock(site, cast.author)
    assert door.submit("/come-back", "Stay away").status_code == 303
    assert door.get("/come-back").location == "/sign-in"
    assert status_of(site, cast.author) == "leaving"


def test_after_seven_days_it_is_too_late_even_before_the_worker_came(site, cast):
    leave(site, cast.author)
    with clock.at(clock.now() + timedelta(days=7, minutes=-2)):
        door = knock(site, cast.author)
        shown = door.get("/come-back")
        assert "Would you like to come back?" in shown.text
    with clock.at(clock.now() + timedelta(days=7, minutes=1)):
        assert "It is too late" in door.get("/come-back").text
        refused = door.submit(shown, "Come back")
        assert refused.status_code == 422
        assert not is_in(door)
    assert status_of(site, cast.author) == "leaving"


def test_the_second_factor_is_asked_before_the_question(site, cast):
    with site.inside(), writing():
        member = site.member(cast.author)
        member.totp_secret, member.totp_since = encrypted(new_secret(), "second factor"), clock.now()
        (paper, *_others) = accounts.renew_codes(member)
    with site.inside(), writing():
        leaving.leave(site.member(cast.author))
    door = site.client()
    answer = door.submit("/sign-in", "Sign in", login=cast.author, password=PASSWORD)
    assert answer.location == "/sign-in/code"
    assert door.get("/come-back").location == "/sign-in"
    assert door.submit("/sign-in/code", "Go in", code=paper).location == "/come-back"
    assert door.submit("/come-back", "Come back").status_code == 303
    assert is_in(door)


def test_a_confirmed_address_is_told_and_another_is_not(site, cast, post):  # noqa: F811
    with site.inside(), writing():
        site.member(cast.author).email_confirmed_at = clock.now()
    leave(site, cast.author)
    leave(site, cast.friend)
    (mail,) = [mail for mail in post() if "You have left" in mail.subject]
    assert mail.to == "author@example.com"
    assert mail.path == "/sign-in"
    assert "@author" in mail.text
    with site.inside():
        assert not db.session.scalars(select(Letter).where(Letter.template == "leaving/mail_left.txt")).one().error

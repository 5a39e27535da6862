"""The account's own pages: address, password, devices, choices; asked again before what is sensitive."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from mixlite.core import clock
from mixlite.core.db import db
from mixlite.core.passwords import LONGEST
from mixlite.people.sessions import SignedIn
from tests.support.site import PASSWORD, Client, Site

NEW_PASSWORD = "two herons by the weir"
LATER = timedelta(minutes=10, seconds=1)


def is_in(client: Client) -> bool:
    with client.get("/friends") as answer:
        return answer.status_code == 200


@pytest.fixture
def rosa(site: Site) -> Site:
    site.join("rosa", confirmed=True)
    site.join("tom", "rosa", confirmed=True)
    return site


# ---- who may open what

PAGES = (
    "/settings/account",
    "/settings/account/address",
    "/settings/account/password",
    "/settings/sessions",
    "/settings/account/second-factor",
    "/settings/assure",
)
ACTS = (
    "/settings/account",
    "/settings/account/address",
    "/settings/account/address/resend",
    "/settings/account/password",
    "/settings/assure",
    "/settings/sessions/1/end",
    "/settings/sessions/end-others",
    "/settings/account/second-factor",
    "/settings/account/second-factor/begin",
    "/settings/account/second-factor/off",
    "/settings/account/second-factor/codes",
)


@pytest.mark.parametrize("path", PAGES)
def test_the_settings_are_for_members(rosa, path):
    assert rosa.client().get(path).headers["Location"].startswith("/sign-in?next=")
    assert rosa.sign_in("rosa").get(path).status_code == 200


@pytest.mark.parametrize("path", ACTS)
def test_s33_every_act_asks_for_sign_in_and_for_the_token(rosa, path):
    assert rosa.client().post(path).headers["Location"] == "/sign-in"
    assert rosa.sign_in("rosa").http.post(path, data={}).status_code == 400


@pytest.mark.parametrize("path", [*PAGES, "/password/forgotten", "/password/forgotten/sent"])
def test_reading_changes_nothing(rosa, path):
    client = rosa.sign_in("rosa")
    with rosa.statements() as asked:
        client.get(path)
        client.http.head(path)
    assert [one for one in asked if not one.lstrip().upper().startswith("SELECT")] == []


# ---- the address


def change(client: Client, email: str):
    return client.submit("/settings/account/address", "Mail me a link", email=email)


def test_a_new_address_counts_once_its_own_link_was_opened(rosa, post):
    client = rosa.sign_in("rosa")
    post()
    assert change(client, " New@Example.NET ").status_code == 303
    page = client.get("/settings/account").text
    assert "rosa@example.com" in page
    assert "Waiting for the link in the mail to new@example.net" in page
    (mail,) = post()
    assert mail.to == "new@example.net"
    old = rosa.client()
    assert old.submit("/sign-in", "Sign in", login="new@example.net", password=PASSWORD).status_code == 422
    assert rosa.client().submit(mail.path, "Yes, it is mine").status_code == 303
    told = post()
    assert [(mail.to, mail.subject) for mail in told] == [("rosa@example.com", "Your address was changed")]
    assert rosa.client().submit("/sign-in", "Sign in", login="rosa@example.com", password=PASSWORD).status_code == 422
    assert rosa.client().submit("/sign-in", "Sign in", login="new@example.net", password=PASSWORD).status_code == 303


def test_s8_a_change_of_address_ends_other_sessions_and_reset_links(rosa, post):
    here, elsewhere = rosa.sign_in("rosa"), rosa.sign_in("rosa")
    post()
    rosa.client().submit("/password/forgotten", "Mail me a link", login="rosa")
    (reset,) = post()
    change(here, "new@example.net")
    (mail,) = post()
    assert here.submit(mail.path, "Yes, it is mine").headers["Location"] == "/settings/account"
    assert is_in(here)  # the button was pressed here
    assert not is_in(elsewhere)
    assert rosa.client().get(reset.path).status_code == 404


def test_s11_changing_to_a_taken_address_looks_the_same_and_tells_the_owner(rosa, post):
    client = rosa.sign_in("rosa")
    post()
    pages = []
    for email in ("free@example.net", "tom@example.com"):
        answer = change(client, email)
        shown = re.sub(r'name="csrf_token"[^>]*', "", client.get("/settings/account").text).replace(email, "A")
        pages.append((answer.status_code, answer.headers["Location"], shown))
    assert pages[0] == pages[1]
    assert [(mail.to, mail.subject) for mail in post()] == [
        ("free@example.net", "Your new address"),
        ("tom@example.com", "Somebody gave your address"),
    ]


def test_only_the_newest_new_address_can_be_confirmed(rosa, post):
    client = rosa.sign_in("rosa")
    post()
    change(client, "first@example.net")
    (first,) = post()
    change(client, "second@example.net")
    assert rosa.client().get(first.path).status_code == 404


def test_an_address_taken_in_the_meantime_is_not_given_twice(rosa, post):
    client = rosa.sign_in("rosa")
    post()
    change(client, "new@example.net")
    (mail,) = post()
    rosa.join("eve", "rosa", email="new@example.net", confirmed=True)
    assert rosa.client().submit(mail.path, "Yes, it is mine").status_code == 422
    with rosa.inside():
        assert rosa.member("rosa").email == "rosa@example.com"


@pytest.mark.parametrize("email", ["", "rosa", "a@", "x" * 250 + "@example.com", "rosa@example.com"])
def test_an_address_that_will_not_do_is_shown_again(rosa, email):
    answer = change(rosa.sign_in("rosa"), email)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text


# ---- the password


def test_s8_s9_a_new_password_ends_every_other_session(rosa, post):
    here, elsewhere = rosa.sign_in("rosa"), rosa.sign_in("rosa")
    copied = here.http.get_cookie("mixlite")
    assert copied is not None
    page = "/settings/account/password"
    assert here.submit(page, "Set the new password", password=PASSWORD, new_password=NEW_PASSWORD).status_code == 303
    assert is_in(here)
    assert not is_in(elsewhere)
    thief = rosa.client()
    thief.http.set_cookie("mixlite", copied.value)
    assert not is_in(thief)  # this session, too, goes on under a new secret (S5)
    assert rosa.client().submit("/sign-in", "Sign in", login="rosa", password=PASSWORD).status_code == 422
    rosa.sign_in("rosa", NEW_PASSWORD)


@pytest.mark.parametrize("remember", [True, False])
def test_a_session_is_remembered_as_before_when_its_password_changes(rosa, remember):
    client = rosa.client()
    more = {"remember": "y"} if remember else {}
    client.submit("/sign-in", "Sign in", login="rosa", password=PASSWORD, **more)
    page = "/settings/account/password"
    answer = client.submit(page, "Set the new password", password=PASSWORD, new_password=NEW_PASSWORD)
    assert ("Expires" in answer.headers["Set-Cookie"]) is remember


@pytest.mark.parametrize("wrong", ["", "a wrong password", PASSWORD.upper(), PASSWORD + " ", "x" * (LONGEST + 1)])
def test_s9_the_password_until_now_is_asked_for(rosa, wrong):
    client, other = rosa.sign_in("rosa"), rosa.sign_in("rosa")
    page = "/settings/account/password"
    answer = client.submit(page, "Set the new password", password=wrong, new_password=NEW_PASSWORD)
    assert answer.status_code == 422
    assert is_in(other)
    rosa.sign_in("rosa")


def test_s9_a_long_japanese_password_is_taken_whole(rosa):
    client = rosa.sign_in("rosa")
    long = "縁側の柿を三つむく夕ぐれに" * 8
    page = "/settings/account/password"
    assert client.submit(page, "Set the new password", password=PASSWORD, new_password=long).status_code == 303
    assert rosa.client().submit("/sign-in", "Sign in", login="rosa", password=long[:-1]).status_code == 422
    rosa.sign_in("rosa", long)


# ---- S13: asked again


@pytest.mark.parametrize(
    "path",
    ["/settings/account/address", "/settings/account/second-factor"],
)
def test_s13_what_is_sensitive_asks_for_the_password_after_ten_minutes(rosa, path):
    client = rosa.sign_in("rosa")
    with clock.at(clock.now() + LATER):
        asked = client.get(path)
        assert asked.headers["Location"] == f"/settings/assure?next={path}"
        refused = client.submit(asked.headers["Location"], "Go on", password="a wrong password")
        assert refused.status_code == 422
        assert client.get(path).status_code == 303
        assert client.submit(asked.headers["Location"], "Go on", password=PASSWORD).headers["Location"] == path
        assert client.get(path).status_code == 200
        other = rosa.sign_in("rosa")
        assert other.get(path).status_code == 200
    with clock.at(clock.now() + 3 * LATER):
        assert client.get(path).status_code == 303


@pytest.mark.parametrize("path", [path for path in ACTS if "second-factor" in path or path.endswith("/address")])
def test_s13_a_sensitive_act_is_not_done_unasked(rosa, path, post):
    client = rosa.sign_in("rosa")
    post()
    with clock.at(clock.now() + LATER):
        answer = client.post(path, {"email": "new@example.net", "code": "123456"})
        assert answer.headers["Location"].startswith("/settings/assure")
    assert post() == []
    with rosa.inside():
        assert rosa.member("rosa").totp_secret is None


# ---- devices


def test_s13_devices_are_listed_and_ended_one_by_one_or_all(rosa):
    here, phone, library = (rosa.sign_in("rosa") for _ in range(3))
    tom = rosa.sign_in("tom")
    page = here.get("/settings/sessions")
    assert page.text.count('/end"') == 4  # joining made the first
    assert page.text.count("this one") == 1
    with rosa.inside():
        ids = db.session.scalars(
            select(SignedIn.id).where(SignedIn.member_id == rosa.ids["rosa"]).order_by(SignedIn.id)
        ).all()
        toms = db.session.scalars(select(SignedIn.id).where(SignedIn.member_id == rosa.ids["tom"])).all()
    assert here.post(f"/settings/sessions/{ids[-2]}/end").status_code == 303
    assert not is_in(phone)
    assert is_in(library)
    assert here.submit("/settings/sessions", "Sign out everywhere else").status_code == 303
    assert not is_in(library)
    assert is_in(here)
    # another's session is as missing as one that never was
    hidden, missing = (here.post(f"/settings/sessions/{number}/end") for number in (toms[-1], 424242))
    assert (hidden.status_code, hidden.text) == (missing.status_code, missing.text)
    assert hidden.status_code == 404
    assert is_in(tom)


def test_ending_the_session_at_hand_is_signing_out(rosa):
    client = rosa.sign_in("rosa")
    with rosa.inside():
        newest = max(db.session.scalars(select(SignedIn.id).where(SignedIn.member_id == rosa.ids["rosa"])))
    assert client.post(f"/settings/sessions/{newest}/end").headers["Location"] == "/"
    assert not is_in(client)


def test_many_devices_take_no_more_statements(rosa):
    client = rosa.sign_in("rosa")
    client.get("/settings/sessions")
    with rosa.statements() as few:
        client.get("/settings/sessions")
    for _ in range(8):
        rosa.sign_in("rosa")
    with rosa.statements() as many:
        client.get("/settings/sessions")
    assert len(many) == len(few)


# ---- language, time zone, theme


def test_language_clock_and_light_are_kept(rosa):
    client = rosa.sign_in("rosa")
    answer = client.submit("/settings/account", "Save", language="ja", theme="dark", timezone="Pacific/Auckland")
    assert answer.status_code == 303
    page = client.get("/settings/account").text
    assert '<html lang="ja" data-theme="dark">' in page
    assert 'selected value="Pacific/Auckland"' in page
    with rosa.inside():
        member = rosa.member("rosa")
        assert (member.language, member.theme, member.timezone) == ("ja", "dark", "Pacific/Auckland")


@pytest.mark.parametrize(
    "typed", [{"language": "xx"}, {"theme": "blue"}, {"timezone": "Mars/Olympus"}, {"timezone": "../../etc/passwd"}]
)
def test_what_is_not_on_offer_is_not_kept(rosa, typed):
    client = rosa.sign_in("rosa")
    given = {"language": "en", "theme": "", "timezone": "", **typed}
    assert client.submit("/settings/account", "Save", **given).status_code == 422
    assert client.get("/settings/account").status_code == 200


def test_s16_a_form_sets_nothing_that_it_does_not_show(rosa):
    client = rosa.sign_in("tom")
    client.submit(
        "/settings/account", "Save", language="en", theme="", timezone="", is_host="1", email="x@y.zz", status="gone"
    )
    with rosa.inside():
        member = rosa.member("tom")
        assert (member.is_host, member.email, member.status) == (False, "tom@example.com", "active")

"""The door: confirming, forgotten passwords, the steps after the password, what is said and what is logged."""

import logging
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from mixlite.core import clock, crypto
from mixlite.core.db import db, writing
from mixlite.features.accounts.models import MailedCode
from mixlite.features.accounts.queries import device_name
from mixlite.people import stewardship
from mixlite.people.members import Member
from tests.features.accounts.conftest import work
from tests.support.site import PASSWORD, Client, Site

NEW_PASSWORD = "two herons by the weir"


def reset_path(site: Site, post, login: str = "rosa") -> str:
    post()
    site.client().submit("/password/forgotten", "Mail me a link", login=login)
    (mail,) = [mail for mail in post() if "reset" in mail.text]
    return mail.path


def is_in(client: Client) -> bool:
    with client.get("/friends") as answer:  # closed: then the trace of the use is left
        return answer.status_code == 200


# ---- an address counts once it is confirmed


def test_s11_an_address_signs_in_only_once_it_is_confirmed(site):
    site.join("rosa")
    client = site.client()
    refused = client.submit("/sign-in", "Sign in", login="rosa@example.com", password=PASSWORD)
    assert refused.status_code == 422
    with site.inside(), writing():
        site.member("rosa").email_confirmed_at = clock.now()
    assert client.submit("/sign-in", "Sign in", login="ROSA@example.com", password=PASSWORD).status_code == 303


def test_s11_joining_with_a_taken_address_looks_the_same_and_tells_the_owner(site, post):
    site.join("rosa", confirmed=True)
    post()
    answers = []
    for handle, email in (("jakob", "rosa@example.com"), ("jonas", "free@example.com")):
        link = site.invite("rosa")
        client = site.client()
        answer = client.submit(link, "Join", name="Tom", handle=handle, email=email, password=PASSWORD)
        account = client.get("/settings/account")
        text = re.sub(r'name="csrf_token"[^>]*|face-hue-[0-9]+|[0-9]+ people', "", account.text)
        text = text.replace(email, "A").replace(handle, "H")
        answers.append((answer.status_code, answer.headers["Location"], account.status_code, text))
    assert answers[0] == answers[1]
    subjects = {mail.subject: mail.to for mail in post()}
    assert subjects["Somebody gave your address"] == "rosa@example.com"
    assert subjects["Is this your address?"] == "free@example.com"
    # and nobody can confirm it but its owner
    with site.inside():
        codes = db.session.scalars(select(MailedCode).where(MailedCode.member_id == site.ids["rosa"] + 1)).all()
        token = crypto.derived_token("mailed.confirm", codes[0].salt)
    assert site.client().submit(f"/email/confirm/{token}", "Yes, it is mine").status_code == 422
    with site.inside():
        assert site.member("jakob").email_confirmed_at is None


def test_of_two_who_gave_one_address_the_first_to_confirm_has_it(any_site):
    site = any_site
    site.join("rosa")
    site.join("tom", "rosa", email="rosa@example.com")
    work(site)
    with site.inside():
        tokens = [
            crypto.derived_token("mailed.confirm", code.salt)
            for code in db.session.scalars(select(MailedCode).order_by(MailedCode.member_id))
        ]
    assert site.client().submit(f"/email/confirm/{tokens[1]}", "Yes, it is mine").status_code == 303
    late = site.client().submit(f"/email/confirm/{tokens[0]}", "Yes, it is mine")
    assert late.status_code == 422
    with site.inside():
        assert site.member("tom").email_confirmed_at is not None
        assert site.member("rosa").email_confirmed_at is None


def test_the_mail_is_sent_again_when_asked(site, post):
    site.join("rosa")
    assert len(post()) == 1
    client = site.sign_in("rosa")
    assert "not confirmed yet" in client.get("/settings/account").text
    assert client.submit("/settings/account", "Send the mail again").status_code == 303
    (mail,) = post()
    assert mail.subject == "Is this your address?"
    site.client().submit(mail.path, "Yes, it is mine")
    page = client.get("/settings/account").text
    assert "not confirmed yet" not in page
    assert "Send the mail again" not in page


# ---- S4: links in mails


def test_s4_a_confirmation_is_dead_when_its_time_is_over(site, post):
    site.join("rosa")
    (mail,) = post()
    with clock.at(clock.now() + timedelta(days=7, seconds=1)):
        assert site.client().get(mail.path).status_code == 404


def test_s4_a_link_serves_its_own_purpose_only(site, post):
    site.join("rosa", confirmed=True)
    path = reset_path(site, post)
    assert site.client().get(path.replace("/password/reset/", "/email/confirm/")).status_code == 404
    assert site.client().get(path).status_code == 200


@pytest.mark.parametrize("token", ["", "a", "a" * 32, "a" * 5000, "%00", "%F0%9F%8D%B5", "..%2f..", "' OR 1=1 --"])
def test_s4_a_link_that_was_never_mailed_is_closed(site, token):
    site.join("rosa")
    closed = site.client().get("/password/reset/never-mailed").text
    answer = site.client().get(f"/password/reset/{token}")
    assert answer.status_code == 404
    assert token in ("", "..%2f..") or answer.text == closed


def test_s4_a_reset_lives_thirty_minutes_and_is_used_once(site, post):
    site.join("rosa", confirmed=True)
    path = reset_path(site, post)
    with clock.at(clock.now() + timedelta(minutes=29)):
        assert site.client().get(path).status_code == 200
    with clock.at(clock.now() + timedelta(minutes=30, seconds=1)):
        assert site.client().get(path).status_code == 404
    page = site.client().get(path)  # loaded by two
    one, other = site.client(), site.client()
    for client in (one, other):
        client.get(path)
    assert one.submit(path, "Set the new password", new_password=NEW_PASSWORD).status_code == 303
    assert site.client().get(path).status_code == 404
    assert other.post(path, {"new_password": "another long password"}).status_code == 404
    assert page.status_code == 200
    site.sign_in("rosa", NEW_PASSWORD)


def test_s4_two_at_once_use_a_reset_once(any_site):
    from concurrent.futures import ThreadPoolExecutor

    site = any_site
    site.join("rosa", confirmed=True)
    site.client().submit("/password/forgotten", "Mail me a link", login="rosa")
    with site.inside():
        code = db.session.scalars(select(MailedCode).where(MailedCode.purpose == "reset")).one()
        path = "/password/reset/" + crypto.derived_token("mailed.reset", code.salt)
    clients = [site.client() for _ in range(4)]
    forms = [client.forms(client.get(path))[0] for client in clients]

    def send(number: int) -> int:
        data = {**forms[number].fields, "new_password": f"{NEW_PASSWORD} {number}"}
        return clients[number].http.post(path, data=data).status_code

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(send, range(4)))
    assert answers.count(303) == 1, answers
    winner = answers.index(303)
    site.sign_in("rosa", f"{NEW_PASSWORD} {winner}")


# ---- S8, S9: a new password


def test_s8_a_reset_ends_every_session_and_every_other_link(site, post):
    site.join("rosa", confirmed=True)
    laptop, phone = site.sign_in("rosa"), site.sign_in("rosa")
    first, second = reset_path(site, post), reset_path(site, post)
    visitor = site.client()
    answer = visitor.submit(second, "Set the new password", new_password=NEW_PASSWORD)
    assert answer.status_code == 303
    assert is_in(visitor)  # whoever reset it is in
    assert not is_in(laptop)
    assert not is_in(phone)
    assert site.client().get(first).status_code == 404
    assert [mail.subject for mail in post()] == ["Your password was changed"]
    refused = site.client().submit("/sign-in", "Sign in", login="rosa", password=PASSWORD)
    assert refused.status_code == 422


@pytest.mark.parametrize("who", ["host", "cli"])
def test_s8_a_password_set_by_others_kills_links_at_once(site, post, who):
    site.join("rosa", confirmed=True)
    path = reset_path(site, post)
    with site.inside(), writing():
        stewardship.reset_password(site.member("rosa"), crypto.hash_password(NEW_PASSWORD))
    assert site.client().get(path).status_code == 404  # before the worker came by
    assert [mail.subject for mail in post()] == ["Your password was changed"]


@pytest.mark.parametrize(
    "password", ["", "short", "passwordpassword", "rosarosarosa1", "rosa@example.com", "a" * 257, "123456789012"]
)
def test_s9_a_new_password_must_be_good(site, post, password):
    site.join("rosa", confirmed=True)
    path = reset_path(site, post)
    assert site.client().submit(path, "Set the new password", new_password=password).status_code == 422
    assert site.client().get(path).status_code == 200  # and the link is still good
    client = site.sign_in("rosa")
    page = "/settings/account/password"
    refused = client.submit(page, "Set the new password", password=PASSWORD, new_password=password)
    assert refused.status_code == 422
    site.sign_in("rosa")


def test_a_reset_mail_is_for_members_who_are_here(site, post):
    site.join("host")
    site.join("rosa", "host", confirmed=True)
    post()
    for status in ("suspended", "leaving", "gone"):
        with site.inside(), writing():
            site.member("rosa").status = status
        site.client().submit("/password/forgotten", "Mail me a link", login="rosa")
    assert post() == []


def test_s10_a_link_dies_with_the_standing_of_its_member(site, post):
    site.join("host")
    site.join("rosa", "host", confirmed=True)
    path = reset_path(site, post)
    with site.inside(), writing():
        stewardship.suspend(site.member("rosa"), reason="A reason")
    assert site.client().get(path).status_code == 404


# ---- S11: nobody learns who is here


@pytest.mark.parametrize("login", ["rosa", "@rosa", "rosa@example.com", "nobody", "no@example.com", "tom", "@"])
def test_s11_a_forgotten_password_is_answered_alike(site, login):
    site.join("rosa", confirmed=True)
    site.join("tom", "rosa")
    client = site.client()
    answer = client.submit("/password/forgotten", "Mail me a link", login=login)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/password/forgotten/sent")
    page = re.sub(r'name="csrf_token" value="[^"]*"', "", client.get("/password/forgotten/sent").text)
    other = site.client()
    other.submit("/password/forgotten", "Mail me a link", login="somebody else")
    assert page == re.sub(r'name="csrf_token" value="[^"]*"', "", other.get("/password/forgotten/sent").text)


def test_s11_an_address_is_not_written_to_without_end(site, post):
    """Whoever asks, by whatever name, from wherever: six a day."""
    site.join("rosa", confirmed=True)
    post()
    for number in range(12):
        login = ("rosa", "rosa@example.com", "@ROSA")[number % 3]
        with site.inside(), writing():
            from mixlite.features.accounts.verbs import ask_for_reset

            ask_for_reset(None, login=login)
    assert len(post()) == 6


# ---- S5, S6, S13: the session


def test_s5_what_the_browser_carried_before_is_gone_after_signing_in(site):
    site.join("rosa")
    client = site.client()
    before = client.csrf_token()
    cookie = client.http.get_cookie("mixlite")
    assert cookie is not None
    client.submit("/sign-in", "Sign in", login="rosa", password=PASSWORD)
    after = client.http.get_cookie("mixlite")
    assert after is not None
    assert after.value != cookie.value
    refused = client.http.post("/settings/sessions/end-others", data={"csrf_token": before})
    assert refused.status_code == 400
    thief = site.client()
    thief.http.set_cookie("mixlite", cookie.value)
    assert not is_in(thief)


def test_s5_signing_in_again_ends_the_session_this_browser_had(site):
    site.join("rosa")
    client = site.sign_in("rosa")
    old = client.http.get_cookie("mixlite")
    assert old is not None
    other = site.client()
    form = next(f for f in other.forms(other.get("/sign-in")) if "Sign in" in f.buttons)
    token = next(f.fields["csrf_token"] for f in client.forms(client.get("/friends")) if "csrf_token" in f.fields)
    client.http.post("/sign-in", data={**form.fields, "csrf_token": token, "login": "rosa", "password": PASSWORD})
    assert is_in(client)
    thief = site.client()
    thief.http.set_cookie("mixlite", old.value)
    assert not is_in(thief)


@pytest.mark.parametrize(
    "address",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "/\tevil", "javascript:alert(1)", "@evil.example"],
)
def test_s6_after_every_door_the_way_leads_to_this_site(site, address):
    site.join("rosa")
    signing = site.client().submit("/sign-in", "Sign in", login="rosa", password=PASSWORD, next=address)
    assert signing.headers["Location"] == "/"
    client = site.sign_in("rosa")
    assured = client.submit("/settings/assure", "Go on", password=PASSWORD, next=address)
    assert assured.headers["Location"] == "/settings/account"


def test_s13_a_session_ends_by_its_age_however_much_it_is_used(site):
    site.join("rosa")
    client = site.client()
    client.submit("/sign-in", "Sign in", login="rosa", password=PASSWORD, remember="y")
    moment = clock.now()
    for days in range(20, 365, 20):
        with clock.at(moment + timedelta(days=days)):
            assert is_in(client), days
    with clock.at(moment + timedelta(days=365, seconds=1)):
        assert not is_in(client)


@pytest.mark.parametrize(("remember", "lives"), [(False, timedelta(hours=24)), (True, timedelta(days=30))])
def test_s13_a_session_that_is_not_used_ends(site, remember, lives):
    site.join("rosa")
    moment = clock.now()
    for late, is_alive in ((timedelta(minutes=-1), True), (timedelta(minutes=1), False)):
        client = site.client()
        with clock.at(moment):
            ticked = {"remember": "y"} if remember else {}
            client.submit("/sign-in", "Sign in", login="rosa", password=PASSWORD, **ticked)
        with clock.at(moment + lives + late):
            assert is_in(client) is is_alive


def test_a_new_device_is_told_once(site, post):
    site.join("rosa", confirmed=True)
    post()
    browser = site.client()
    agent = {"User-Agent": "Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/140.0"}
    form = next(f for f in browser.forms(browser.get("/sign-in")) if "Sign in" in f.buttons)
    browser.http.post("/sign-in", data={**form.fields, "login": "rosa", "password": PASSWORD}, headers=agent)
    (mail,) = post()
    assert mail.subject == "Signed in on a new device"
    assert "Firefox, Windows" in mail.text
    browser.handle = "rosa"
    browser.post("/sign-out")
    browser.handle = None
    browser.submit("/sign-in", "Sign in", login="rosa", password=PASSWORD)
    assert is_in(browser)
    assert post() == []
    site.sign_in("rosa")
    assert len(post()) == 1


def test_the_mark_of_a_known_browser_cannot_be_made_up(site, post):
    site.join("rosa", confirmed=True)
    post()
    browser = site.client()
    browser.http.set_cookie("mixlite-known", "[1].made-up")
    browser.submit("/sign-in", "Sign in", login="rosa", password=PASSWORD)
    assert len(post()) == 1


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("", ""),
        ("curl/8", ""),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Mobile Safari/604.1", "Safari, iPhone"),
        ("Mozilla/5.0 (Linux; Android 16) Chrome/150.0 Mobile Safari/537.36", "Chrome, Android"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) Chrome/150 Safari/537 Edg/150", "Edge, macOS"),
        ("<script>alert(1)</script> Firefox/1\r\nX: y", "Firefox"),
    ],
)
def test_devices_have_names_of_our_own_words(agent, name):
    assert device_name(agent) == name


# ---- standing


def test_s10_a_suspended_member_is_told_why_and_let_in_when_the_term_is_over(site):
    site.join("host")
    site.join("rosa", "host")
    with site.inside(), writing():
        stewardship.suspend(site.member("rosa"), reason="Unkind words", days=3)
    refused = site.client().submit("/sign-in", "Sign in", login="rosa", password=PASSWORD)
    assert refused.status_code == 422
    assert "Unkind words" in refused.text
    wrong = site.client().submit("/sign-in", "Sign in", login="rosa", password="not her password")
    assert "Unkind words" not in wrong.text
    with clock.at(clock.now() + timedelta(days=3, seconds=1)):
        assert is_in(site.sign_in("rosa"))


# ---- S61: the log


def test_s61_the_log_tells_of_the_door_without_secrets(site, post, caplog):
    caplog.set_level(logging.INFO, logger="mixlite.security")
    site.join("rosa", confirmed=True)
    nasty = "rosa\r\n2026-01-01 INFO mixlite.security: signed in: member 1"
    site.client().submit("/sign-in", "Sign in", login=nasty, password="a wrong password")
    site.client().submit("/sign-in", "Sign in", login="rosa", password="a wrong password")
    site.sign_in("rosa")
    path = reset_path(site, post)
    site.client().submit(path, "Set the new password", new_password=NEW_PASSWORD)
    lines = [record.getMessage() for record in caplog.records if record.name == "mixlite.security"]
    assert [line.partition(",")[0] for line in lines] == [
        "sign-in refused: member -",
        f"sign-in refused: member {site.ids['rosa']}",
        f"signed in: member {site.ids['rosa']}",
        "reset asked for: member -",
        f"password reset: member {site.ids['rosa']}",
        f"signed in: member {site.ids['rosa']}",
    ]
    everything = "\n".join(record.getMessage() for record in caplog.records)
    for secret in ("127.0.0.1", "example.com", PASSWORD, NEW_PASSWORD, path.rsplit("/", 1)[1], "wrong"):
        assert secret not in everything
    assert all("\n" not in line and "\r" not in line for line in lines)
    marks = {line.rpartition("client ")[2] for line in lines}
    assert len(marks) == 1
    with clock.at(clock.now() + timedelta(days=1)):
        site.sign_in("rosa", NEW_PASSWORD)
    tomorrow = caplog.records[-1].getMessage().rpartition("client ")[2]
    assert tomorrow not in marks  # nobody is followed from day to day


def test_s61_who_is_turned_away_is_noted_and_what_they_asked_for_is_not(site, caplog):
    caplog.set_level(logging.INFO, logger="mixlite.security")
    site.join("hana")
    site.join("rosa", "hana")
    rosa = site.sign_in("rosa")
    secret = site.diary("hana", "only_me")
    caplog.clear()
    rosa.get("/host?x=%0d%0aforged-5512")
    rosa.get(f"/entries/{secret}")
    rosa.get("/@nobody5512")
    lines = [record.getMessage().partition(", client")[0] for record in caplog.records]
    whom = f"member {site.ids['rosa']}"
    assert lines == [f"not there: {place}: {whom}" for place in ("host.today", "reading.show", "profiles.show")]
    assert "5512" not in caplog.text
    assert f"entries/{secret}" not in caplog.text


def test_s61_the_clock_of_the_log_is_utc(site, tmp_path):
    """Wherever the machine stands."""
    told = "import logging; from mixlite.app import cli; cli.main(['members', 'lift', 'nobody'], standalone_mode=False)"
    code = f"import logging\nlogging.raiseExceptions = True\ntry:\n    {told}\nexcept Exception: logging.info('now')"
    settings = {"MIXLITE_INSTANCE": str(site.settings.instance), "TZ": "Asia/Tokyo", "PATH": "/usr/bin:/bin"}
    said = subprocess.run([sys.executable, "-c", code], env=settings, capture_output=True, text=True, check=True).stderr
    stamp = datetime.strptime(said.splitlines()[-1][:19] + " +0000", "%Y-%m-%d %H:%M:%S %z")
    assert abs(stamp - datetime.now(UTC)) < timedelta(minutes=2)


def test_old_links_are_forgotten(site):
    from mixlite.features.accounts.letters import forget_old_codes

    site.join("rosa")
    work(site)
    with site.inside():
        for days, left in ((13, 1), (15, 0)):
            with clock.at(clock.now() + timedelta(days=days)):
                forget_old_codes()
            assert len(db.session.scalars(select(MailedCode)).all()) == left
        assert db.session.scalars(select(Member)).one() is not None

"""The second factor: switching it on, asking for it at the door, codes that are good once, the way in without it."""

import html
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from sqlalchemy import select

from mixlite.core import clock
from mixlite.core.db import db, writing
from mixlite.core.one_time import app_address, looks_like_paper, matching_step, new_paper_codes, qr_drawing
from mixlite.people.second_factor import RecoveryCode
from tests.support.site import PASSWORD, Client, Site

NOON = datetime(2026, 11, 22, 12, 0, 10, tzinfo=UTC)
PAGE = "/settings/account/second-factor"


def is_in(client: Client) -> bool:
    with client.get("/friends") as answer:
        return answer.status_code == 200


def code_at(secret: str, moment: datetime) -> str:
    return pyotp.TOTP(secret).at(moment)


def switch_on(client: Client) -> tuple[str, list[str]]:
    """The secret in the app, and the codes on paper. A step is used up for it."""
    client.submit(PAGE, "Begin")
    page = client.get(PAGE)
    secret = "".join(re.search(r'class="secret">([^<]+)<', page.text)[1].split())  # type: ignore[index]
    shown = client.submit(page, "Switch it on", code=code_at(secret, clock.now() - timedelta(seconds=30)))
    assert shown.status_code == 200, shown.text
    return secret, re.findall(r"<li>([a-z0-9]{4}-[a-z0-9]{4}-[a-z0-9]{4})</li>", shown.text)


@pytest.fixture
def guarded(site: Site):
    """Rosa with a second factor: the site, her secret, her paper, and the browser in which she set it up."""
    site.join("rosa", confirmed=True)
    with clock.at(NOON):
        client = site.sign_in("rosa")
        secret, paper = switch_on(client)
    return site, secret, paper, client


def knock(site: Site) -> Client:
    client = site.client()
    answer = client.submit("/sign-in", "Sign in", login="rosa", password=PASSWORD)
    assert answer.headers["Location"] == "/sign-in/code"
    return client


def give(client: Client, code: str):
    return client.submit("/sign-in/code", "Go in", code=code)


def test_switching_it_on_takes_a_right_code_and_gives_ten_codes_for_paper(site, post):
    site.join("rosa", confirmed=True)
    with clock.at(NOON):
        client, elsewhere = site.sign_in("rosa"), site.sign_in("rosa")
        post()
        client.submit(PAGE, "Begin")
        page = client.get(PAGE)
        assert "<svg" in page.text
        assert "style=" not in page.text  # CSP: style-src 'self'
        refused = client.submit(page, "Switch it on", code="000000")
        assert refused.status_code == 422
        assert is_in(site.sign_in("rosa"))  # nothing is asked yet
        _secret, paper = switch_on_begun(client)
        assert len(set(paper)) == 10
        assert is_in(client)
        assert not is_in(elsewhere)  # sessions from before knew no second factor
        assert [mail.subject for mail in post()] == ["Signed in on a new device", "The second factor is on"]
        assert "10 recovery codes left" in client.get("/settings/account").text


def switch_on_begun(client: Client) -> tuple[str, list[str]]:
    page = client.get(PAGE)
    secret = "".join(re.search(r'class="secret">([^<]+)<', page.text)[1].split())  # type: ignore[index]
    shown = client.submit(page, "Switch it on", code=code_at(secret, clock.now()))
    return secret, re.findall(r"<li>([a-z0-9]{4}-[a-z0-9]{4}-[a-z0-9]{4})</li>", shown.text)


def test_the_door_asks_for_a_code_after_the_password(guarded):
    site, secret, _paper, _client = guarded
    with clock.at(NOON):
        client = knock(site)
        assert not is_in(client)
        assert client.get("/settings/account").headers["Location"].startswith("/sign-in")
        assert give(client, "000000").status_code == 422
        assert not is_in(client)
        code = code_at(secret, NOON)
        assert give(client, f" {code[:3]} {code[3:]} ").headers["Location"] == "/"
        assert is_in(client)


def test_the_way_that_was_asked_for_is_kept_through_both_steps(guarded):
    site, secret, _paper, _client = guarded
    with clock.at(NOON):
        client = site.client()
        client.submit("/sign-in?next=/friends", "Sign in", login="rosa", password=PASSWORD, remember="y")
        answer = give(client, code_at(secret, NOON))
    assert answer.headers["Location"] == "/friends"
    assert "Expires" in "".join(h for h in answer.headers.getlist("Set-Cookie") if h.startswith("mixlite="))


def test_s13_a_code_is_good_once(guarded):
    site, secret, _paper, _client = guarded
    with clock.at(NOON):
        code = code_at(secret, NOON)
        assert give(knock(site), code).status_code == 303
        assert give(knock(site), code).status_code == 422
    with clock.at(NOON + timedelta(seconds=30)):
        assert give(knock(site), code).status_code == 422  # of the last step, but used
        assert give(knock(site), code_at(secret, clock.now())).status_code == 303


@pytest.mark.parametrize(("seconds", "status"), [(-60, 422), (-30, 303), (0, 303), (30, 303), (60, 422)])
def test_a_clock_may_be_half_a_minute_off(guarded, seconds, status):
    site, secret, _paper, _client = guarded
    with clock.at(NOON + timedelta(minutes=5)):
        assert give(knock(site), code_at(secret, clock.now() + timedelta(seconds=seconds))).status_code == status


def test_s13_two_at_once_use_a_code_once(any_site):
    site = any_site
    site.join("rosa", confirmed=True)
    with clock.at(NOON):
        secret, paper = switch_on(site.sign_in("rosa"))
        for code in (code_at(secret, NOON), paper[0]):
            clients = [knock(site) for _ in range(4)]
            forms = [client.forms(client.get("/sign-in/code"))[0] for client in clients]

            def send(number: int, code: str = code, clients: list = clients, forms: list = forms) -> int:
                with clock.at(NOON):
                    data = {**forms[number].fields, "code": code}
                    return clients[number].http.post("/sign-in/code", data=data).status_code

            with ThreadPoolExecutor(4) as pool:
                answers = list(pool.map(send, range(4)))
            assert answers.count(303) == 1, answers


def test_s13_each_code_on_paper_opens_once(guarded):
    site, _secret, paper, client = guarded
    with clock.at(NOON):
        assert give(knock(site), paper[3].upper().replace("-", " ")).status_code == 303
        assert give(knock(site), paper[3]).status_code == 422
        assert "9 recovery codes left" in client.get("/settings/account").text
        renewed = client.submit(PAGE, "Make ten new codes")
        fresh = re.findall(r"<li>([a-z0-9-]{14})</li>", renewed.text)
        assert len(fresh) == 10
        assert give(knock(site), paper[4]).status_code == 422
        assert give(knock(site), fresh[0]).status_code == 303


def test_another_members_codes_open_nothing(guarded):
    site, _secret, _paper, _client = guarded
    site.join("tom", "rosa")
    with clock.at(NOON):
        toms_secret, toms_paper = switch_on(site.sign_in("tom"))
        assert give(knock(site), code_at(toms_secret, NOON)).status_code == 422
        assert give(knock(site), toms_paper[0]).status_code == 422


def test_a_half_open_door_shuts_after_ten_minutes_and_with_the_password(guarded):
    site, secret, _paper, client = guarded
    with clock.at(NOON):
        late, changed, cancelled = knock(site), knock(site), knock(site)
        client.submit(
            "/settings/account/password", "Set the new password", password=PASSWORD, new_password="two grey herons here"
        )
        assert changed.get("/sign-in/code").headers["Location"] == "/sign-in"
        cancelled.submit("/sign-in", "Sign in", login="rosa", password="two grey herons here")
        assert cancelled.submit("/sign-in/code", "Sign in as somebody else").status_code == 303
        assert cancelled.get("/sign-in/code").headers["Location"] == "/sign-in"
        late.submit("/sign-in", "Sign in", login="rosa", password="two grey herons here")
        assert late.get("/sign-in/code").status_code == 200
    with clock.at(NOON + timedelta(minutes=10, seconds=1)):
        assert late.get("/sign-in/code").headers["Location"] == "/sign-in"
        assert late.post("/sign-in/code", {"code": code_at(secret, clock.now())}).headers["Location"] == "/sign-in"
        assert not is_in(late)


def test_the_second_step_without_the_first_leads_to_the_first(guarded):
    site, secret, _paper, _client = guarded
    client = site.client()
    assert client.get("/sign-in/code").headers["Location"] == "/sign-in"
    with clock.at(NOON):
        assert client.post("/sign-in/code", {"code": code_at(secret, NOON)}).headers["Location"] == "/sign-in"
    assert not is_in(client)


def test_s8_a_reset_does_not_go_round_the_second_factor(guarded, post):
    site, secret, _paper, client = guarded
    post()
    site.client().submit("/password/forgotten", "Mail me a link", login="rosa")
    (mail,) = post()
    visitor = site.client()
    answer = visitor.submit(mail.path, "Set the new password", new_password="two herons by the weir")
    assert answer.headers["Location"] == "/sign-in/code"
    assert not is_in(visitor)
    assert not is_in(client)
    assert give(visitor, code_at(secret, clock.now())).status_code == 303
    assert is_in(visitor)


def test_s13_asked_again_it_is_the_password_and_a_code(guarded):
    site, secret, paper, _client = guarded
    again = "/settings/assure"
    with clock.at(NOON):
        client = knock(site)
        give(client, code_at(secret, NOON))
    with clock.at(NOON + timedelta(minutes=11)):
        right = code_at(secret, clock.now())
        assert client.get(PAGE).status_code == 303
        for typed in ({"code": right}, {"password": PASSWORD}, {"password": PASSWORD, "code": "000000"}):
            assert client.submit(again, "Go on", **typed).status_code == 422, typed
            assert client.get(PAGE).status_code == 303
        assert client.submit(again, "Go on", password="a wrong password", code=right).status_code == 422
        # a code that came with a wrong password was not used up
        assert client.submit(again, "Go on", password=PASSWORD, code=right).status_code == 303
        assert client.get(PAGE).status_code == 200
    with clock.at(NOON + timedelta(minutes=30)):
        assert client.submit(again, "Go on", password=PASSWORD, code=paper[9]).status_code == 303


def test_s13_a_new_password_alone_opens_nothing_that_wants_a_code(guarded):
    site, secret, _paper, _client = guarded
    with clock.at(NOON):
        client = knock(site)
        give(client, code_at(secret, NOON))
        client.handle = "rosa"
    with clock.at(NOON + timedelta(minutes=11)):
        given = {"password": PASSWORD, "new_password": "two herons by the weir"}
        assert client.submit("/settings/account/password", "Set the new password", **given).status_code == 303
        assert is_in(client)
        assert client.get(PAGE).headers["Location"].startswith("/settings/assure")
        assert client.post(f"{PAGE}/off").headers["Location"].startswith("/settings/assure")
    with site.inside():
        assert site.member("rosa").totp_since is not None


def test_switching_it_off_asks_nothing_more_at_the_door(guarded, post):
    site, _secret, _paper, client = guarded
    post()
    with clock.at(NOON):
        assert client.submit(PAGE, "Switch it off").status_code == 303
        site.sign_in("rosa")
    assert post()[0].subject == "The second factor is off"
    with site.inside():
        assert db.session.scalars(select(RecoveryCode)).all() == []
        assert site.member("rosa").totp_secret is None


def test_while_it_is_on_its_secret_is_shown_to_nobody(guarded):
    site, secret, paper, client = guarded
    with clock.at(NOON):
        for path in (PAGE, "/settings/account", "/settings/sessions"):
            page = client.get(path).text
            assert secret not in "".join(page.split())
            assert not any(code in page for code in paper)
        begun = client.post(PAGE + "/begin")
        assert begun.status_code == 303
        assert give(knock(site), code_at(secret, NOON)).status_code == 303  # still the old one


def test_s13_neither_secret_nor_codes_lie_open_in_the_database(guarded):
    site, secret, paper, _client = guarded
    with site.inside():
        for table in db.metadata.tables.values():
            for row in db.session.execute(select(table)):
                text = repr(row)
                assert secret not in text
                assert not any(code in text or code.replace("-", "") in text for code in paper)


def test_a_secret_made_with_another_key_opens_nothing_and_paper_still_does(guarded):
    site, secret, paper, _client = guarded
    with site.inside(), writing():
        site.member("rosa").totp_secret = "gAAAAABnot-a-box"
    with clock.at(NOON):
        client = knock(site)
        assert give(client, code_at(secret, NOON)).status_code == 422
        assert not is_in(client)
        assert give(client, paper[0]).status_code == 303  # paper needs no secret


@pytest.mark.parametrize(
    "typed", ["", "12345", "1234567", "１２３４５６", "12345a", "-12345", "1e5", "\u0661\u0662\u0663\u0664\u0665\u0666"]
)
def test_s43_only_six_plain_digits_are_a_code(site, typed):
    with site.inside():
        assert matching_step("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", typed) is None


def test_codes_for_paper_are_many_and_legible(site):
    codes = {code for _ in range(50) for code in new_paper_codes()}
    assert len(codes) == 500
    assert all(looks_like_paper(code) for code in codes)
    assert not set("".join(codes)) & set("il1o0")
    assert not looks_like_paper("123456")


def test_the_qr_code_says_what_the_app_needs(site):
    address = app_address("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", account="rosa", site="Yanagi Dojo 柳道場")
    parsed = pyotp.parse_uri(address)
    assert (parsed.name, parsed.issuer, parsed.secret) == (
        "rosa",
        "Yanagi Dojo 柳道場",
        "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
    )
    drawing = qr_drawing(address, 'a "label" <b>')
    assert drawing.startswith("<svg ")
    assert html.escape('a "label" <b>', quote=False).replace('"', "&#34;") in drawing
    assert "style" not in drawing

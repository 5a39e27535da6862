"""Signing in and out: S5, S6, S8, S9, S11."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urljoin, urlsplit

import bcrypt
import pytest

from mixlite.core import clock
from mixlite.core.crypto import hash_password
from mixlite.core.db import writing
from mixlite.people import stewardship
from tests.support.site import PASSWORD, Client, Site

WRONG = "another long password"


@pytest.fixture
def home(site) -> Site:
    """A host, and somebody with a friend."""
    site.join("host")
    site.join("hanako", "host", confirmed=True)
    return site


def _try(client: Client, login: str, password: str, **more: str):
    return client.post("/sign-in", {"login": login, "password": password, **more})


@pytest.mark.parametrize(
    "login", ["hanako", "@hanako", "HANAKO", " hanako ", "hanako@example.com", "Hanako@Example.COM"]
)
def test_handle_or_address_in_whatever_case_signs_in(home, login):
    client = home.client()
    assert _try(client, login, PASSWORD).status_code == 303
    assert "Hanako" in client.get("/").text


@pytest.mark.parametrize(
    ("login", "password"),
    [
        ("hanako", WRONG),
        ("nobody", PASSWORD),
        ("hanako@example.com", WRONG),
        ("no@example.com", PASSWORD),
        ("@", PASSWORD),
    ],
)
def test_s11_known_and_unknown_get_the_same_answer_for_the_same_work(home, monkeypatch, login, password):
    """Equal work is shown by counting password hashes, not by timing."""
    expected = _refusal(home, monkeypatch, "hanako", WRONG)
    assert _refusal(home, monkeypatch, login, password) == expected
    assert expected[-1] == 1
    assert expected[0] == 422


def _refusal(site, monkeypatch, login, password):
    hashes = []
    check = bcrypt.checkpw

    def counted(*args):
        hashes.append(args)
        return check(*args)

    monkeypatch.setattr(bcrypt, "checkpw", counted)
    client = site.client()
    sent = {"csrf_token": client.csrf_token(), "login": login, "password": password}
    answer = client.http.post("/sign-in", data=sent)
    body = re.sub(r'value="[^"]{60,}"', "", answer.text).replace(f'value="{login}"', "")  # the token, the login
    monkeypatch.undo()
    names = sorted(name for name, _value in answer.headers if name != "Date")
    return answer.status_code, body, names, len(hashes)


def test_s11_suspended_people_are_refused_like_unknown_ones(home, monkeypatch):
    with home.inside(), writing():
        home.member("hanako").status = "suspended"
    assert _refusal(home, monkeypatch, "hanako", PASSWORD) == _refusal(home, monkeypatch, "nobody", PASSWORD)


def test_an_address_signs_in_only_whom_it_is_confirmed_for(home):
    home.join("second", "host", email="hanako@example.com")
    home.join("third", "host")
    assert _try(home.client(), "hanako@example.com", PASSWORD).status_code == 303
    assert _try(home.client(), "third@example.com", PASSWORD).status_code == 422
    assert _try(home.client(), "third", PASSWORD).status_code == 303


def test_a_refused_sign_in_keeps_the_name_and_never_the_password(home):
    answer = _try(home.client(), "hanako", WRONG, next="/friends")
    assert answer.status_code == 422
    assert 'value="hanako"' in answer.text
    assert 'value="/friends"' in answer.text
    assert WRONG not in answer.text


# --- S9 -------------------------------------------------------------------------------------------------------------

LONG_JAPANESE = "庭の柿の木に百舌鳥が来て、今年もまた寒い冬になりそうだと祖母が言った。"


@pytest.mark.parametrize(
    ("password", "almost"),
    [
        pytest.param(LONG_JAPANESE, LONG_JAPANESE[:-1], id="the last of 105 bytes counts"),
        pytest.param(LONG_JAPANESE, LONG_JAPANESE[:24], id="bcrypt's 72 bytes are not enough"),
        pytest.param("Seven Ripe Persimmons", "seven ripe persimmons", id="case counts"),
        pytest.param(" seven ripe persimmons ", "seven ripe persimmons", id="blanks at the ends count"),
        pytest.param("seven\0ripe persimmons", "seven", id="a NUL does not end it"),
        pytest.param("séven ripe persimmons", "se\u0301ven ripe persimmons", id="composed is not decomposed"),
        pytest.param("x" * 250 + "abcdef", "x" * 250 + "abcdeg", id="256 characters, the last counts"),
    ],
)
def test_s9_passwords_are_compared_exactly(home, password, almost):
    home.join("taro", "host", password_hash=_hashed(home, password))
    assert _try(home.client(), "taro", almost).status_code == 422
    assert _try(home.client(), "taro", password).status_code == 303


def _hashed(site, password):
    with site.inside():
        return hash_password(password)


HOSTILE = [
    "",
    " ",
    "x" * 73,
    "あ" * 25,
    "x" * 257,
    "x" * 100_000,
    "a\0b" * 10,
    "\ud7ff\ufffe" * 12,
    "🍵" * 400,
    "%s%n{}",
]


def test_s9_no_password_and_no_login_is_ever_an_error_at_sign_in(any_site):
    any_site.join("hanako")
    client = any_site.without_throttles().client()
    for hostile in HOSTILE:
        assert _try(client, "hanako", hostile).status_code == 422, hostile[:20]
        assert _try(client, hostile, WRONG).status_code == 422, hostile[:20]
        assert _try(client, f"{hostile}@example.com", WRONG).status_code == 422, hostile[:20]
    raw = {"csrf_token": client.csrf_token(), "login": "hanako"}
    body = "&".join(f"{name}={value}" for name, value in raw.items()) + "&password=%ff%fe%00%ed%a0%80"
    answer = client.http.post("/sign-in", data=body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 422


# --- S5, S8 ---------------------------------------------------------------------------------------------------------


def _cookie(client: Client) -> str:
    found = client.http.get_cookie("mixlite")
    assert found is not None
    return str(found.value)


def _with_cookie(site: Site, value: str) -> Client:
    client = Client(site, "hanako")
    client.http.set_cookie("mixlite", value)
    return client


def test_s5_the_session_changes_at_sign_in_and_a_planted_one_is_worth_nothing(home):
    victim = home.client()
    victim.get("/sign-in")
    planted = _cookie(victim)
    assert _try(victim, "hanako", PASSWORD).status_code == 303
    assert _cookie(victim) != planted
    assert _with_cookie(home, planted).get("/friends").status_code == 303
    assert victim.get("/friends").status_code == 200


def test_s5_each_sign_in_is_a_session_of_its_own(home):
    first, second = home.sign_in("hanako"), home.sign_in("hanako")
    assert _cookie(first) != _cookie(second)
    first.post("/sign-out")
    assert second.get("/friends").status_code == 200


def test_s8_a_copied_cookie_is_dead_after_sign_out(home):
    client = home.client()
    _try(client, "hanako", PASSWORD, remember="y")
    client.handle = "hanako"
    copy = _with_cookie(home, _cookie(client))
    assert copy.get("/friends").status_code == 200
    assert client.post("/sign-out").status_code == 303
    assert copy.get("/friends").status_code == 303
    assert client.get("/friends").status_code == 303


def test_s8_a_reset_by_the_command_line_ends_every_session(home):
    clients = [home.sign_in("hanako"), home.sign_in("hanako")]
    stored = _hashed(home, "four new red herrings")
    home.do(lambda _nobody, member: stewardship.reset_password(member, stored), None, "hanako")
    for client in clients:
        assert client.get("/friends").status_code == 303
    assert _try(home.client(), "hanako", PASSWORD).status_code == 422
    assert _try(home.client(), "hanako", "four new red herrings").status_code == 303


def test_s8_who_is_suspended_is_out_at_the_next_request(home):
    client = home.sign_in("hanako")
    with home.inside(), writing():
        home.member("hanako").status = "suspended"
    assert client.get("/friends").status_code == 303
    assert client.http.post("/voice/new", data={"body": "x"}).status_code in (303, 400)


@pytest.mark.parametrize(("remember", "alive", "dead"), [("", 23, 25), ("y", 29 * 24, 31 * 24)])
def test_sessions_end_by_themselves(home, remember, alive, dead):
    """In hours since they were last used: a day, or thirty when the device is remembered."""
    start = datetime(2026, 11, 22, tzinfo=UTC)
    with clock.at(start):
        client = home.client()
        _try(client, "hanako", PASSWORD, remember=remember)
        copy = _with_cookie(home, _cookie(client))
    with clock.at(start + timedelta(hours=dead)):
        assert copy.get("/friends").status_code == 303
    with clock.at(start + timedelta(hours=alive)):
        answer = client.get("/friends")
        assert answer.status_code == 200
        answer.close()  # the trace is written after the answer: the session lives on from here
    with clock.at(start + timedelta(hours=alive + 2)):
        assert client.get("/friends").status_code == 200


@pytest.mark.parametrize("cookie", ["", "x", "eyJ", "a.b.c", "é" * 10, "x" * 4000])
def test_a_broken_cookie_is_nobody(home, cookie):
    client = home.client()
    client.http.set_cookie("mixlite", cookie)
    assert client.get("/friends").status_code == 303
    assert client.get("/sign-in").status_code == 200


def test_who_is_signed_in_is_led_home_from_the_door(home):
    client = home.sign_in("hanako")
    assert client.get("/sign-in").headers["Location"] == "/"


# --- S6 -------------------------------------------------------------------------------------------------------------

SAME_SITE = ["/friends", "/entries/3?after=2", "/@hanako", "/?after=abc", "/entries/1#c2"]
ELSEWHERE = [
    "http://evil.example",
    "https://evil.example/x",
    "//evil.example",
    "///evil.example",
    "////evil.example/%2f..",
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r\nLocation: //evil.example",
    "\t//evil.example",
    " //evil.example",
    "/ /evil.example",
    "\x00//evil.example",
    "\x01https://evil.example",
    "/\x00/evil.example",
    "/\x0b/evil.example",
    "/\u2028/evil.example",
    "／／evil.example",
    "/／evil.example",
    "https:evil.example",
    "https:/evil.example",
    "http:///evil.example",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\nscript:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    "mailto:a@evil.example",
    "evil.example",
    "evil.example/friends",
    "@evil.example",
    "http://localhost@evil.example/",
    "http://localhost:80@evil.example",
    "http://localhost.evil.example/",
    "//localhost@evil.example",
    "//evil.example\\@localhost",
    "http://[::1]@evil.example",
    "http://[",
    "?next=x",
    "#x",
    "..//evil.example",
    "friends",
    "",
    "/" + "a" * 3000,
    "/%5cevil.example\\",
    "%2f%2fevil.example",
    "http%3a%2f%2fevil.example",
    "/é",
]


def _where_it_leads(home, target):
    """As the form sends it, having come with the address of the page, as the person's browser would go."""
    client = home.client()
    page = client.get("/sign-in", query_string={"next": target})
    assert page.status_code == 200
    answer = client.submit(page, "Sign in", login="hanako", password=PASSWORD)
    assert answer.status_code == 303
    return answer.headers["Location"]


@pytest.mark.parametrize("target", SAME_SITE)
def test_s6_a_page_of_this_site_is_returned_to(home, target):
    assert _where_it_leads(home, target) == target


def test_s6_nobody_is_sent_elsewhere(home):
    """On the emitted header, as a browser reads it: tabs and line feeds dropped, backslashes taken for slashes."""
    home.without_throttles()
    for target in ELSEWHERE:
        for location in (_where_it_leads(home, target), _location_of_form(home, target)):
            assert _as_a_browser_reads(location) == ("http", "localhost"), (target, location)
            assert location == "/", (target, location)


def _location_of_form(home, target):
    return _try(home.client(), "hanako", PASSWORD, next=target).headers["Location"]


def _as_a_browser_reads(location):
    cleaned = "".join(c for c in location.strip("\x00\x01 ") if c not in "\t\r\n").replace("\\", "/")
    parts = urlsplit(urljoin("http://localhost/sign-in", cleaned))
    return parts.scheme, parts.netloc


STRANGE_PATHS = ["//evil.example/x", "/\\evil.example", "/%2f%2fevil.example", "///evil.example", "/%09/evil.example"]
STRANGE_PATHS += ["/.//evil.example", "/friends/..;//evil.example"]


@pytest.mark.parametrize("path", STRANGE_PATHS)
def test_s6_a_strange_path_asked_for_signed_out_leads_nowhere_else(home, path):
    for answer in (home.client().get(path), home.sign_in("hanako").get(path)):
        location = answer.headers.get("Location", "/")
        assert _as_a_browser_reads(location) == ("http", "localhost"), location

"""S12: throttles per account and per client, on everything that guesses, mails or bothers."""

import http.client
import logging
import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from weakref import WeakKeyDictionary

import pytest
from flask import Flask
from limits import parse_many

from mixlite.app.factory import create_app
from mixlite.app.server import build_server
from mixlite.app.throttles import OTHERWISE, THROTTLES
from mixlite.core import throttle
from mixlite.core.config import BadSettings
from tests.support import missing
from tests.support.site import PASSWORD, Client, Site, settings_for

WRONG = "a wrong password"


def knock(client: Client, login: str = "rosa", password: str = WRONG, path: str = "/sign-in", **kwargs):
    """From a page that was loaded once."""
    if client not in _tokens:
        _tokens[client] = client.csrf_token()
    data = {"csrf_token": _tokens[client], "login": login, "password": password}
    return client.http.post(path, data=data, **kwargs)


_tokens: "WeakKeyDictionary[Client, str]" = WeakKeyDictionary()


def from_elsewhere(number: int) -> dict:
    """Another client: another address on the wire."""
    return {"environ_base": {"REMOTE_ADDR": f"198.51.100.{number}"}}


@pytest.fixture
def rosa(site: Site) -> Site:
    site.join("rosa", confirmed=True)
    return site


def flood(site: Site, login: str = "rosa", times: int = 10) -> None:
    """From as many clients as it takes."""
    client = site.client()
    for number in range(times):
        answer = knock(client, login, **from_elsewhere(number))
        assert answer.status_code == 422


def test_s12_guessing_at_one_account_ends_after_ten_whatever_the_client(rosa):
    flood(rosa)
    answer = knock(rosa.client(), **from_elsewhere(200))
    assert answer.status_code == 429
    right = knock(rosa.client(), password=PASSWORD, **from_elsewhere(201))
    assert right.status_code == 429  # otherwise the answer would tell
    other = knock(rosa.client(), "somebody", **from_elsewhere(200))
    assert other.status_code == 422


@pytest.mark.parametrize("login", ["ROSA", "@rosa", " rosa ", "@Rosa", "RoSa"])
def test_s12_other_spellings_of_a_login_have_no_count_of_their_own(rosa, login):
    flood(rosa)
    assert knock(rosa.client(), login, **from_elsewhere(200)).status_code == 429


@pytest.mark.parametrize(
    "path", ["/sign-in?x=1", "/sign-in?next=/friends", "/sign-in//", "/Sign-In", "/sign-in/", "/sign%2Din"]
)
def test_s12_other_spellings_of_the_address_let_nobody_guess_on(rosa, path):
    flood(rosa)
    answer = knock(rosa.client(), password=PASSWORD, path=path, **from_elsewhere(200))
    assert answer.status_code in (303, 308, 404, 405, 429)
    assert "mixlite=" not in answer.headers.get("Set-Cookie", "") or "_user_id" not in answer.headers["Set-Cookie"]
    if answer.status_code == 303:
        assert answer.headers["Location"].startswith("/sign-in")


def test_s12_head_and_get_neither_count_nor_guess(rosa):
    client = rosa.client()
    for _ in range(30):
        assert client.http.head("/sign-in").status_code == 200
        assert client.get("/sign-in").status_code == 200
    flood(rosa)


def test_s12_one_client_cannot_go_through_all_accounts(rosa):
    client = rosa.client()
    answers = [knock(client, f"somebody{number}").status_code for number in range(70)]
    assert answers == [422] * 60 + [429] * 10
    assert knock(rosa.client(), "rosa", PASSWORD, **from_elsewhere(1)).status_code == 303


@pytest.fixture
def tight(rosa: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    """The same house with few tries for one client, so that a flood is soon over."""
    line = replace(THROTTLES["accounts.sign_in"], client="5 per 10 minutes")
    invite = replace(THROTTLES["invitations.create"], account="5 per hour")
    ask = replace(THROTTLES["friends.ask"], account="5 per hour")
    table = {**THROTTLES, "accounts.sign_in": line, "invitations.create": invite, "friends.ask": ask}
    monkeypatch.setattr("mixlite.app.factory.THROTTLES", table)
    rosa.app = create_app(rosa.settings)
    return rosa


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "CF-Connecting-IP", "True-Client-IP"])
def test_s12_headers_from_anybody_make_no_other_client(tight, header):
    client = tight.client()
    for number in range(5):
        knock(client, f"somebody{number}", headers={header: f"203.0.113.{number}"})
    assert knock(client, "another", headers={header: "203.0.113.99"}).status_code == 429


def test_s12_a_household_of_ipv6_is_one_client(tight):
    client = tight.client()
    for number in range(5):
        knock(client, f"somebody{number}", environ_base={"REMOTE_ADDR": f"2001:db8:1:2::{number:x}"})
    ours = {"REMOTE_ADDR": "2001:db8:1:2:ffff::1"}
    assert knock(client, "another", environ_base=ours).status_code == 429
    assert knock(client, "another", environ_base={"REMOTE_ADDR": "2001:db8:1:3::1"}).status_code == 422


def test_s12_a_flood_at_the_door_ends_no_session_that_lives(tight):
    inside = tight.sign_in("rosa")
    flood(tight)
    outside = tight.client()
    for _ in range(8):
        knock(outside)  # from the very address she uses
    assert knock(outside).status_code == 429
    assert inside.get("/friends").status_code == 200
    assert inside.submit("/settings/assure", "Go on", password=PASSWORD).status_code == 303


def test_s12_the_owner_still_comes_in_by_mail(rosa, post):
    flood(rosa)
    post()
    rosa.client().submit("/password/forgotten", "Mail me a link", login="rosa")
    (mail,) = post()
    visitor = rosa.client()
    answer = visitor.submit(mail.path, "Set the new password", new_password="two herons by the weir")
    assert answer.status_code == 303
    assert visitor.get("/friends").status_code == 200


def test_a_right_password_forgives_the_wrong_ones_before(rosa):
    for _ in range(3):
        flood(rosa, times=8)
        assert knock(rosa.client(), password=PASSWORD).status_code == 303


def test_s11_a_throttled_account_looks_the_same_known_or_not(rosa):
    flood(rosa, "rosa")
    flood(rosa, "nobody")
    pages = [knock(rosa.client(), login, **from_elsewhere(99)) for login in ("rosa", "nobody")]
    assert pages[0].status_code == pages[1].status_code == 429
    assert pages[0].text == pages[1].text


@pytest.mark.parametrize(("language", "words"), [("en", "A short rest"), ("ja", "ひとやすみ")])
def test_s12_the_answer_is_a_page_in_the_persons_language(rosa, language, words):
    flood(rosa)
    client = rosa.client()
    token = client.csrf_token()
    answer = client.http.post(
        "/sign-in",
        data={"csrf_token": token, "login": "rosa", "password": WRONG},
        headers={"Accept-Language": language},
        **from_elsewhere(99),
    )
    assert answer.status_code == 429
    assert words in answer.text
    assert f'<html lang="{language}"' in answer.text
    assert answer.headers["Content-Security-Policy"]


def test_s12_retry_after_is_true(rosa, monkeypatch):
    moment = [time.time()]
    monkeypatch.setattr(time, "time", lambda: moment[0])
    for number in range(10):
        assert knock(rosa.client(), **from_elsewhere(number)).status_code == 422
        moment[0] += 30
    answer = knock(rosa.client(), **from_elsewhere(99))
    wait = int(answer.headers["Retry-After"])
    assert 0 < wait <= 300  # the first of the ten is 300 s old by now, and counts for 600
    moment[0] += wait - 2
    early = knock(rosa.client(), **from_elsewhere(99))
    assert early.status_code == 429
    assert int(early.headers["Retry-After"]) <= 3
    moment[0] += 3
    assert knock(rosa.client(), **from_elsewhere(99)).status_code == 422


# ---- every door


FLOODED_BY_MEMBER = [
    ("/settings/account/password", {"password": WRONG, "new_password": "two herons by the weir"}, 10),
    ("/settings/assure", {"password": WRONG}, 10),
    ("/settings/account/address/resend", {}, 5),
    ("/settings/account/address", {"email": "new@example.net"}, 5),
    ("/settings/account/second-factor", {"code": "123456"}, 10),
    ("/settings/account/leave", {"password": WRONG}, 10),
    ("/invitations", {"letter": "", "uses": "1", "days": "1"}, 5),  # 60 in the real house
    ("/@nobody/friend", {"message": ""}, 5),  # 60 in the real house
]


@pytest.mark.parametrize(("path", "data", "most"), FLOODED_BY_MEMBER)
def test_s12_each_sensitive_act_of_a_member_has_its_limit(tight, path, data, most):
    client = tight.sign_in("rosa")
    token = client.csrf_token()
    answers = [
        client.http.post(path, data={"csrf_token": token, **data}, **from_elsewhere(number)).status_code
        for number in range(most + 2)
    ]
    assert 429 not in answers[:most]
    assert answers[most:] == [429, 429]


@pytest.mark.parametrize(
    ("path", "names"),
    [("/@tom/friend", ("/@TOM/friend", "/@Tom/friend?x=1")), ("/settings/assure", ("/settings/assure?next=/x",))],
)
def test_s12_other_spellings_of_an_act_have_no_count_of_their_own(tight, path, names):
    tight.join("tom", "rosa")
    client = tight.sign_in("rosa")
    token = client.csrf_token()
    spelt = [(path, *names)[number % (1 + len(names))] for number in range(12)]
    answers = [client.http.post(each, data={"csrf_token": token, "password": WRONG}).status_code for each in spelt]
    assert answers[-1] == 429
    for each in (path, *names):
        assert client.http.post(each, data={"csrf_token": token, "password": WRONG}).status_code == 429


def test_s12_forgotten_passwords_are_asked_for_five_times_an_hour(rosa, post):
    post()
    client = rosa.client()
    answers = [knock(client, path="/password/forgotten", **from_elsewhere(number)).status_code for number in range(7)]
    assert answers == [303] * 5 + [429] * 2
    assert len(post()) == 5


def test_s12_every_form_that_asks_for_a_secret_has_a_line_of_its_own(rosa):
    """A password or a code that can be guessed at the generous pace would be guessed."""
    source = Path(throttle.__file__).parents[1] / "features"
    rooms = [path.parent for path in source.glob("*/forms.py") if "Password(" in path.read_text(encoding="utf-8")]
    endpoints = {rule.endpoint for rule in rosa.app.url_map.iter_rules() if "POST" in (rule.methods or ())}
    guarded = {endpoint for endpoint in endpoints if endpoint.split(".")[0] in {room.name for room in rooms}}
    harmless = {
        "accounts.cancel", "accounts.sign_out", "accounts.choose", "accounts.end_device", "accounts.end_other_devices",
        "accounts.begin_second_factor", "accounts.switch_off", "accounts.renew_codes", "leaving.come_back",
    }  # fmt: skip
    asking = {endpoint for endpoint in guarded - harmless if not endpoint.startswith("invitations.")}
    assert asking <= set(THROTTLES), asking - set(THROTTLES)


def test_every_line_of_the_table_names_an_endpoint_that_takes_posts(site):
    posts = {rule.endpoint for rule in site.app.url_map.iter_rules() if "POST" in (rule.methods or ())}
    assert set(THROTTLES) <= posts
    for line in (*THROTTLES.values(), OTHERWISE):
        assert parse_many(line.account or line.client)


def test_what_has_no_line_has_the_generous_one(rosa, monkeypatch):
    tight = replace(OTHERWISE, account="3 per minute")
    monkeypatch.setattr("mixlite.app.factory.OTHERWISE", tight)
    rosa.app = create_app(rosa.settings)
    client = rosa.sign_in("rosa")
    token = client.csrf_token()
    answers = [client.http.post("/sign-in/cancel", data={"csrf_token": token}).status_code for _ in range(4)]
    assert answers == [303, 303, 303, 429]


def test_s61_a_throttle_is_noted_without_names(rosa, caplog):
    caplog.set_level(logging.INFO, logger="mixlite.security")
    flood(rosa, "secret-login")
    knock(rosa.client(), "secret-login", **from_elsewhere(99))
    line = caplog.records[-1].getMessage()
    assert re.fullmatch(r"throttled by account: accounts.sign_in: member -, client [0-9a-f]{10}", line)
    assert "secret-login" not in caplog.text
    assert "198.51" not in caplog.text


def test_s12_a_refusal_costs_the_database_nothing(rosa):
    flood(rosa)
    client = rosa.client()
    token = client.csrf_token()
    with rosa.statements() as asked:
        answer = client.http.post("/sign-in", data={"csrf_token": token, "login": "rosa", "password": WRONG})
    assert answer.status_code == 429
    assert asked == []


# ---- where it is counted


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[str]:
    program = shutil.which("redis-server")
    if program is None:
        missing.skip("redis", "no redis-server on the PATH")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)],
        stdout=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)
    yield f"redis://127.0.0.1:{port}/0"
    process.terminate()
    process.wait(10)


def on_redis(site: Site, url: str) -> Flask:
    site.settings = replace(site.settings, redis_url=url)
    site.app = create_app(site.settings)
    return site.app


def test_s12_two_processes_count_together_in_redis(rosa, redis):
    one, other = on_redis(rosa, redis), on_redis(rosa, redis)
    for number in range(10):
        rosa.app = (one, other)[number % 2]
        assert knock(rosa.client(), **from_elsewhere(number)).status_code == 422
    for app in (one, other):
        rosa.app = app
        answer = knock(rosa.client(), **from_elsewhere(99))
        assert answer.status_code == 429
        assert 500 < int(answer.headers["Retry-After"]) <= 600


def test_s60_without_redis_this_process_counts_by_itself(rosa, caplog):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    on_redis(rosa, f"redis://127.0.0.1:{port}/0")
    flood(rosa)
    assert knock(rosa.client(), **from_elsewhere(99)).status_code == 429
    assert "counting here" in caplog.text


# ---- behind a proxy (S62)


def raw_answer(site: Site, request: bytes) -> bytes:
    """What the real server says to these bytes, and to whatever it takes for a second request in them."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(4)
        server = build_server(site.app, site.settings, sockets=[listener])
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        try:
            with socket.create_connection(listener.getsockname(), 10) as connection:
                connection.sendall(request)
                return b"".join(iter(lambda: connection.recv(65536), b""))
        finally:
            server.trigger.pull_trigger(server.close)  # by its own thread: it may be listening just now
            thread.join(10)
            assert not thread.is_alive()


TWO_WAYS = {
    "length and chunks": b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG",
    "chunks and length": b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "two lengths": b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
    "a list of lengths": b"Content-Length: 3, 4\r\n\r\nabcd",
    "a signed length": b"Content-Length: +3\r\n\r\nabc",
    "an unknown coding": b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "a blank before the colon": b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("framing", TWO_WAYS)
def test_s62_a_request_that_can_be_read_in_two_ways_is_refused(site, framing):
    head = b"POST /sign-in HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    answer = raw_answer(site, head + TWO_WAYS[framing])
    assert re.match(rb"HTTP/1\.[01] (400|501) ", answer), answer
    assert answer.count(b"HTTP/1.") == 1
    assert b"Set-Cookie" not in answer


@pytest.mark.parametrize("method", [b"TRACE", b"TRACK", b"CONNECT"])
def test_s62_trace_is_off(site, method):
    answer = raw_answer(site, method + b" / HTTP/1.1\r\nHost: localhost\r\nX-Secret: 5512\r\nConnection: close\r\n\r\n")
    assert re.match(rb"HTTP/1\.[01] 40[05] ", answer), answer
    assert b"5512" not in answer


@pytest.mark.parametrize("host", [b"localhost\r\nHost: evil.example", b"evil.example", b"localhost, evil.example"])
def test_s62_a_host_that_is_not_ours_or_two_of_them_are_refused(site, host):
    answer = raw_answer(site, b"GET / HTTP/1.1\r\nHost: " + host + b"\r\nConnection: close\r\n\r\n")
    assert re.match(rb"HTTP/1\.[01] 400 ", answer), answer


@pytest.mark.parametrize("name", ["Forwarded", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP"])
@pytest.mark.parametrize("proxy", ["", "127.0.0.1"])
def test_s62_other_forwarded_headers_say_nothing_even_from_the_proxy(site, name, proxy):
    """Only X-Forwarded-For is ever read, so no other header can contradict it."""
    site.settings = replace(site.settings, proxy=proxy)
    words = b"for=192.0.2.9;host=evil.example;proto=https" if name == "Forwarded" else b"evil.example"
    request = b"GET /friends HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + name.encode() + b": " + words
    answer = raw_answer(site, request + b"\r\n\r\n")
    assert b"HTTP/1.1 303" in answer
    assert b"evil.example" not in answer
    assert b"Location: /sign-in?next=/friends" in answer


def asks_as(settings_proxy: str, site: Site, header: str) -> str:
    """Whom the server takes for the client, when somebody on this machine sends X-Forwarded-For."""

    def say(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [environ["REMOTE_ADDR"].encode()]

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(4)
        address = listener.getsockname()
        server = build_server(say, replace(site.settings, proxy=settings_proxy), sockets=[listener])
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        try:
            connection = http.client.HTTPConnection("127.0.0.1", address[1], timeout=10)
            connection.request("GET", "/", headers={"X-Forwarded-For": header, "Connection": "close"})
            answer = connection.getresponse().read().decode()
            connection.close()
        finally:
            server.trigger.pull_trigger(server.close)  # by its own thread: it may be listening just now
            thread.join(10)
            assert not thread.is_alive()
    return answer


@pytest.mark.parametrize(
    ("proxy", "header", "client"),
    [
        ("", "203.0.113.7", "127.0.0.1"),
        ("127.0.0.1", "203.0.113.7", "203.0.113.7"),
        ("127.0.0.1", "198.51.100.1, 203.0.113.7", "203.0.113.7"),  # what the proxy saw, not what the client said
        ("10.9.8.7", "203.0.113.7", "127.0.0.1"),
    ],
)
def test_s62_only_the_configured_proxy_says_who_asks(site, proxy, header, client):
    assert asks_as(proxy, site, header) == client


@pytest.mark.parametrize("proxy", ["localhost", "*", "10.0.0.0/8", "proxy.example"])
def test_s62_a_proxy_is_one_address(tmp_path, proxy):
    with pytest.raises(BadSettings, match="proxy"):
        settings_for(tmp_path / "instance", proxy=proxy)

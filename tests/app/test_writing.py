"""R7 and R12: writers in each other's way, and forms that are sent more than once."""

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Self

import pytest

from mixlite.core import clock
from tests.app.everywhere import Whole, everything
from tests.support.site import PASSWORD, Client, Site, _open

NEWCOMER = {"name": "New", "handle": "newcomer", "email": "new@example.com", "password": "nine green teapots"}

# --- R7 -------------------------------------------------------------------------------------------------------------

HOLD = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
time.sleep(float(sys.argv[2]))
connection.execute("ROLLBACK")
"""


class Held:
    """Another process that holds the writer's lock of this site's file for `seconds`."""

    def __init__(self, site: Site, seconds: float):
        command = [sys.executable, "-c", HOLD, str(site.settings.sqlite_file), str(seconds)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> Self:
        assert self.process.stdout
        assert self.process.stdout.readline() == "held\n"
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdout
        self.process.stdout.close()


@pytest.fixture
def impatient(whole, monkeypatch) -> Whole:
    """The furnished site, waiting half a second for the lock instead of five."""
    monkeypatch.setattr("mixlite.core.db.BUSY_SECONDS", 0.5)
    whole.site.close()
    site = Site(_open(whole.site.settings).app, whole.site.settings, whole.site.ids)
    return Whole(site, whole.of)


def test_r7_a_lock_that_is_freed_in_time_is_waited_for(whole):
    client = whole.site.sign_in("author")
    token = client.csrf_token()
    with Held(whole.site, 0.8):
        begun = time.monotonic()
        sent = {"body": "Patience.", "audience": "friends", "csrf_token": token}
        assert client.http.post("/voice/new", data=sent).status_code == 303
        assert time.monotonic() - begun > 0.3
    assert "Patience." in client.get("/").text


def test_r7_a_lock_that_stays_is_answered_with_503_and_nothing_half(impatient):
    """The words can be sent again, and make one entry; reading goes on meanwhile."""
    client = impatient.site.sign_in("author")
    page = client.get("/diary/new")
    form = next(f for f in client.forms(page) if "Publish" in f.buttons)
    words = {**form.fields, "title": "Held", "body": "Words."}
    before = everything(impatient.site)
    with Held(impatient.site, 30):
        for address, sent in (("/diary/new", words), ("/sign-out", {"csrf_token": words["csrf_token"]})):
            answer = client.http.post(address, data=sent)
            assert answer.status_code == 503
            assert int(answer.headers["Retry-After"]) >= 1
        nobody = impatient.site.client()
        assert nobody.post("/sign-in", {"login": "author", "password": PASSWORD}).status_code == 503
        for path in ("/", "/diary/new", f"/entries/{impatient.of['entry']}", "/readyz"):
            assert client.get(path).status_code == 200, path
        assert everything(impatient.site) == before
    assert client.http.post("/diary/new", data=words).status_code == 303
    assert len(everything(impatient.site)["diaries"]) == len(before["diaries"]) + 1


def test_r7_the_trace_of_a_session_waits_for_nobody(whole):
    """Ten minutes later the session's row should be touched; while somebody writes it simply is not."""
    client = whole.site.sign_in("author")
    before = everything(whole.site)["sessions"]
    with clock.at(clock.now() + timedelta(minutes=10)):
        with Held(whole.site, 30):
            begun = time.monotonic()
            answer = client.get("/friends")
            answer.close()
            assert answer.status_code == 200
            assert time.monotonic() - begun < 2
            assert everything(whole.site)["sessions"] == before
        client.get("/friends").close()
        assert everything(whole.site)["sessions"] != before


def test_r7_sixteen_parallel_writers_all_succeed(any_site):
    """Each writes three times; every answer is a success, and each success is one entry with its words."""
    any_site.join("host")
    clients = [any_site.sign_in("host") for _ in range(16)]
    tokens = [client.csrf_token() for client in clients]
    gate = threading.Barrier(16)

    def write(number: int) -> list[int]:
        gate.wait()
        sent = [{"body": f"{number} {n}", "audience": "friends", "csrf_token": tokens[number]} for n in range(3)]
        return [clients[number].http.post("/voice/new", data=form).status_code for form in sent]

    with ThreadPoolExecutor(16) as pool:
        answers = [status for statuses in pool.map(write, range(16)) for status in statuses]
    assert answers == [303] * 48
    rows = everything(any_site)
    assert sorted(row[1] for row in rows["voices"]) == sorted(f"{i} {n}" for i in range(16) for n in range(3))
    assert len(rows["entries"]) == len([row for row in rows["events"] if "entry.published" in row]) == 48


def test_r7_parallel_comments_get_numbers_without_gap_or_double(any_site):
    any_site.join("host")
    entry = any_site.diary("host")
    clients = [any_site.sign_in("host") for _ in range(8)]
    tokens = [client.csrf_token() for client in clients]

    def write(number: int) -> int:
        sent = {"body": f"comment {number}", "csrf_token": tokens[number]}
        return clients[number].http.post(f"/entries/{entry}/comments", data=sent).status_code

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(write, range(8))) == [303] * 8
    assert sorted(row[2] for row in everything(any_site)["comments"]) == list(range(1, 9))


# --- R12 ------------------------------------------------------------------------------------------------------------


def _form(client: Client, path: str, button: str, **typed: str) -> tuple[str, dict[str, str]]:
    """A form as it stands on a page, filled in: where it goes and what it sends."""
    page = client.get(path)
    form = next(f for f in client.forms(page) if button in f.buttons)
    assert form.fields.get("nonce"), f"{path} has no nonce"
    return form.action or path, {**form.fields, **typed}


MAKING = [
    ("/diary/new", "Publish", {"title": "Once", "body": "Only once."}, "body", "diaries"),
    ("/voice/new", "Post", {"body": "Only once."}, "body", "voices"),
    ("/", "Post", {"body": "Only once."}, "body", "voices"),
    ("/entries/1", "Comment", {"body": "Only once."}, "body", "comments"),
    ("/invitations", "Create invitation", {"letter": "Only once."}, "letter", "invitations"),
]
MAKING_IDS = ["diary", "voice", "voice at home", "comment", "invitation"]


@pytest.mark.parametrize(("path", "button", "typed", "words", "table"), MAKING, ids=MAKING_IDS)
def test_r12_the_same_form_sent_again_makes_one_thing_and_leads_there(whole, path, button, typed, words, table):
    """A double click; Back and the button again; the client's own retry after it lost the answer."""
    client = whole.site.sign_in("author")
    before = everything(whole.site)
    address, sent = _form(client, path, button, **typed)
    answers = [client.http.post(address, data=sent) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {303}
    assert len({answer.headers["Location"] for answer in answers}) == 1
    after = everything(whole.site)
    assert len(after[table]) == len(before[table]) + 1
    assert len(after["events"]) <= len(before["events"]) + 1
    other = client.http.post(address, data={**sent, words: "Something else."})
    assert other.status_code == 409
    assert "Something else." in other.text, "the words are kept"
    assert everything(whole.site) == after
    again = next(form for form in client.forms(other) if button in form.buttons)
    assert again.fields["nonce"] != sent["nonce"]
    assert client.http.post(address, data={**again.fields}).status_code == 303, "and can be sent if they are wanted"
    assert len(everything(whole.site)[table]) == len(before[table]) + 2


def test_r12_the_same_form_at_the_same_moment_makes_one_thing(any_site):
    any_site.join("host")
    client = any_site.sign_in("host")
    address, sent = _form(client, "/diary/new", "Publish", title="Once", body="Only once.")
    cookie = client.http.get_cookie("mixlite")
    assert cookie
    gate = threading.Barrier(8)

    def send(_number: int) -> tuple[int, str]:
        http = any_site.app.test_client()
        http.set_cookie("mixlite", cookie.value)
        gate.wait()
        answer = http.post(address, data=sent)
        return answer.status_code, answer.headers["Location"]

    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(send, range(8)))
    assert len(answers) == 1
    assert next(iter(answers))[0] == 303
    assert len(everything(any_site)["entries"]) == 1


def test_r12_a_form_that_was_refused_can_be_sent_again(whole):
    client = whole.site.sign_in("author")
    address, sent = _form(client, "/diary/new", "Publish", title="", body="Words.")
    refused = client.http.post(address, data=sent)
    assert refused.status_code == 422
    form = next(f for f in client.forms(refused) if "Publish" in f.buttons)
    assert form.fields["nonce"] == sent["nonce"]
    assert client.http.post(address, data={**form.fields, "title": "Now"}).status_code == 303


def test_r12_another_persons_nonce_is_worth_nothing(whole):
    """Nobody is led to somebody else's page, or kept from writing, by a nonce that is known."""
    author, friend = whole.site.sign_in("author"), whole.site.sign_in("friend")
    address, sent = _form(author, "/diary/new", "Publish", title="Once", body="Only once.")
    mine = author.http.post(address, data=sent).headers["Location"]
    theirs = friend.post(address, {**sent, "csrf_token": friend.csrf_token()})
    assert theirs.status_code == 303
    assert theirs.headers["Location"] != mine


@pytest.mark.parametrize("nonce", ["", "x" * 5000, "a\0b", "é", "' OR 1=1 --", " "])
def test_r12_a_strange_nonce_protects_nothing_and_breaks_nothing(any_site, nonce):
    any_site.join("host")
    client = any_site.sign_in("host")
    for _ in range(2):
        sent = {"body": "Tea.", "audience": "friends", "nonce": nonce}
        assert client.post("/voice/new", sent).status_code == 303
    assert len(everything(any_site)["voices"]) == 2


def test_r12_a_sign_up_sent_twice_is_one_person_who_is_signed_in(any_site):
    any_site.join("host")
    path = any_site.invite("host", uses=2)
    browser = any_site.client()
    address, sent = _form(browser, path, "Join", **NEWCOMER)
    cookie = browser.http.get_cookie("mixlite")
    assert cookie
    for _ in range(2):  # the answer was lost: the browser still has the cookie from before
        browser.http.set_cookie("mixlite", cookie.value)
        answer = browser.http.post(address, data=sent)
        assert answer.status_code == 303
        browser.handle = "newcomer"
        assert "New" in browser.get("/@newcomer").text
    rows = everything(any_site)
    assert len(rows["members"]) == 2
    assert [row[6] for row in rows["invitations"] if row[5] == 2] == [1], "one use is spent"


def test_r12_a_sign_up_repeated_with_another_password_lets_nobody_in(any_site):
    any_site.join("host")
    path = any_site.invite("host", uses=2)
    browser = any_site.client()
    address, sent = _form(browser, path, "Join", **NEWCOMER)
    cookie = browser.http.get_cookie("mixlite")
    assert cookie
    assert browser.http.post(address, data=sent).status_code == 303
    before = everything(any_site)
    thief = any_site.client()
    thief.http.set_cookie("mixlite", cookie.value)
    answer = thief.http.post(address, data={**sent, "password": "another long password"})
    assert answer.status_code == 422, "not 409: no digest of a password is kept to compare with"
    assert thief.get("/friends").status_code == 303
    assert everything(any_site) == before

"""S60: error pages tell nothing and lose nothing; what cannot be asked of the database is not allowed."""

import logging
import re
import sqlite3
import sys
from functools import cache

import psycopg
import pytest
from sqlalchemy import make_url
from sqlalchemy.exc import OperationalError

from mixlite.core.db import db
from tests.app.everywhere import Whole, everything, locked
from tests.support.site import Site

SECRET = "SELECT secret_column FROM /srv/private/place.py"


def _break(whole: Whole, monkeypatch, endpoint: str, error: Exception) -> None:
    def view(**_):
        raise error

    monkeypatch.setitem(whole.site.app.view_functions, endpoint, view)


def test_s60_an_unforeseen_error_shows_a_number_and_nothing_else(whole, monkeypatch, caplog):
    client = whole.site.sign_in("author")
    _break(whole, monkeypatch, "friends.index", RuntimeError(SECRET))
    with caplog.at_level(logging.ERROR):
        answer = client.get("/friends")
    assert answer.status_code == 500
    numbers = re.findall(r"\b[0-9a-f]{8}\b", answer.text)
    assert len(set(numbers)) == 1
    assert any(numbers[0] in record.getMessage() and record.exc_info for record in caplog.records), "the log has it all"
    for word in ("Traceback", "secret_column", "/srv/", ".py", "RuntimeError", "Werkzeug", "SELECT", "author"):
        assert word not in answer.text
    assert client.get("/friends/requests").status_code == 200


def test_s60_error_pages_are_in_the_persons_language(whole, monkeypatch):
    client = whole.site.sign_in("author")
    client.post("/preferences/language", {"language": "ja"})
    for error, status in ((locked(), 503), (RuntimeError(SECRET), 500)):
        _break(whole, monkeypatch, "friends.index", error)
        answer = client.get("/friends")
        assert answer.status_code == status
        assert 'lang="ja"' in answer.text
        assert "secret_column" not in answer.text


def test_s60_a_busy_database_says_when_to_come_back(whole, monkeypatch):
    _break(whole, monkeypatch, "friends.index", locked())
    answer = whole.site.sign_in("author").get("/friends")
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) >= 1
    assert "SELECT" not in answer.text


def test_s60_a_mistake_in_a_statement_is_not_called_busy(whole, monkeypatch):
    missing = sqlite3.OperationalError("no such table: busy_locked_timeout")
    missing.sqlite_errorcode = sqlite3.SQLITE_ERROR
    _break(whole, monkeypatch, "friends.index", OperationalError(SECRET, {}, missing))
    assert whole.site.sign_in("author").get("/friends").status_code == 500


@pytest.mark.parametrize("signed_in", [True, False])
def test_s60_a_database_that_is_gone_answers_503_on_every_page(whole, signed_in):
    """Also before anybody knows who is asking: the member itself cannot be loaded."""
    client = whole.site.sign_in("author") if signed_in else whole.site.client()
    token = client.csrf_token()
    file = whole.site.settings.sqlite_file
    with whole.site.inside():
        db.engine.dispose()
    file.rename(file.with_suffix(".away"))
    file.mkdir()  # a database file that cannot be opened
    addresses = (
        ("/", "/friends", "/entries/1", "/sign-in", "/readyz", "/join/none") if signed_in else ("/readyz", "/join/x")
    )
    for address in addresses:
        answer = client.get(address)
        assert answer.status_code == 503, address
        assert int(answer.headers["Retry-After"]) >= 1
        assert "sqlite" not in answer.text.lower()
    answer = client.http.post("/sign-in", data={"login": "author", "password": "x" * 12, "csrf_token": token})
    assert answer.status_code == 503
    assert client.get("/healthz").status_code == 200
    file.rmdir()
    file.with_suffix(".away").rename(file)
    assert client.get("/readyz").status_code == 200, "and it recovers by itself"


@pytest.mark.postgres
def test_s60_a_postgresql_that_refuses_answers_503_and_recovers(postgres_site, postgres_server):
    """Connections cut in the middle, then no connection at all."""
    site: Site = postgres_site
    site.join("host")
    client = site.sign_in("host")
    name = make_url(site.settings.database_url).database
    url = site.settings.database_url.replace("postgresql+psycopg://", "postgresql://")
    admin_url = url.replace(f"/{name}", "/postgres")

    def admin(statement):
        with psycopg.connect(admin_url, autocommit=True) as connection:
            connection.execute(statement)

    try:
        admin(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        admin(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        for address in ("/", "/friends", "/readyz"):
            answer = client.get(address)
            assert answer.status_code == 503, address
            assert int(answer.headers["Retry-After"]) >= 1
    finally:
        admin(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
    assert client.get("/friends").status_code == 200


_MADE_ONCE = type(cache(lambda: None))


def _forget_questions() -> None:
    """Many questions are put together once: what is broken now is to be noticed now."""
    for name, module in list(sys.modules.items()):
        if name.startswith("mixlite."):
            for made_once in vars(module).values():
                if type(made_once) is _MADE_ONCE:
                    made_once.cache_clear()


def test_s60_when_the_law_fails_nothing_is_shown(whole, monkeypatch):
    """An error while asking who may see is an error page, never the thing."""
    client = whole.site.sign_in("stranger")
    before = everything(whole.site)
    for sentence in ("sees", "meets"):
        with monkeypatch.context() as patch:
            for name, module in list(sys.modules.items()):
                if name.startswith("mixlite.") and hasattr(module, sentence):
                    patch.setattr(module, sentence, _fails)
            _forget_questions()
            for address in (f"/entries/{whole.of['entry']}", "/@author", f"/entries/{whole.of['private']}"):
                answer = client.get(address)
                assert answer.status_code == 500, address
                assert "Some words." not in answer.text
            assert client.post(f"/entries/{whole.of['entry']}/like").status_code == 500
    assert everything(whole.site) == before


def test_s60_when_permission_fails_nothing_is_done(whole, monkeypatch):
    client = whole.site.sign_in("author")
    before = everything(whole.site)
    with monkeypatch.context() as patch:
        patch.setattr("mixlite.policy.permissions.may", _fails)
        for act in ("like", "delete", "edit", "comments"):
            sent = {"body": "Words.", "title": "T", "audience": "members"}
            assert client.post(f"/entries/{whole.of['entry']}/{act}", sent).status_code == 500
        assert client.post("/invitations", {"letter": "", "uses": "1", "days": "1"}).status_code == 500
    assert everything(whole.site) == before


def _fails(*_args, **_kwargs):
    raise RuntimeError("the law is out")


def test_s60_what_is_half_done_when_an_error_comes_is_undone(whole, monkeypatch):
    """The entry is in the transaction already when its words fail: neither is kept, and no event."""
    client = whole.site.sign_in("author")
    before = everything(whole.site)
    monkeypatch.setattr("mixlite.features.diary.verbs.Diary", _fails)
    assert client.post("/diary/new", {"title": "T", "body": "B", "audience": "friends"}).status_code == 500
    assert everything(whole.site) == before


def test_s60_a_commit_that_fails_gets_an_error_page_and_keeps_nothing(whole, monkeypatch):
    client = whole.site.sign_in("author")
    before = everything(whole.site)

    def no_commit(_self):
        raise locked()

    with monkeypatch.context() as patch:
        patch.setattr("sqlalchemy.orm.Session.commit", no_commit)
        answer = client.post("/voice/new", {"body": "Lost?", "audience": "friends"})
    assert answer.status_code == 503
    assert everything(whole.site) == before


STRANGE_REFERRERS = [
    "http://[",
    "http://localhost:x/",
    "http://localhost/\x7f",
    "javascript:alert(1)",
    "//",
    "http://localhost//evil.example/x",
    "http://localhost/\\evil.example",
    "http://localhost/@author",
]


def test_strange_referrers_are_no_error(whole):
    """Whoever sends them, error pages and buttons still work, and nobody is sent away."""
    client = whole.site.sign_in("author")
    for referrer in STRANGE_REFERRERS:
        headers = {"Referer": referrer}
        assert client.get("/nothing", headers=headers).status_code == 404
        assert client.http.post("/voice/new", headers=headers).status_code == 400
        answer = client.post(f"/entries/{whole.of['entry']}/like", headers=headers)
        assert answer.status_code == 303
        assert re.match(r"/(?![/\\])", answer.headers["Location"]), referrer


def test_a_405_page_says_what_is_allowed(whole):
    answer = whole.site.sign_in("author").http.delete("/friends")
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]

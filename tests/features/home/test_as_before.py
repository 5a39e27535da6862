"""Home is drawn once for each reader and shown again until anything is written: never stale, never somebody else's."""

import re
import shutil
import sqlite3
import threading
from datetime import timedelta

import pytest
from sqlalchemy import update

from mixlite.core import clock, memory
from mixlite.core.db import db, writing
from mixlite.entries.entries import Entry, change_audience
from mixlite.features.friends.verbs import block, mute
from mixlite.features.reading.verbs import add_comment, like
from mixlite.people.circle import the_circle
from mixlite.people.members import Member
from tests.support.site import PASSWORD, Client, Site, forms_in, gather

_NEW_EACH_TIME = re.compile(r'(name="(?:csrf_token|nonce)"[^>]*? value=")[^"]*')


def _page(client: Client) -> str:
    """Without what is new in every answer."""
    return _NEW_EACH_TIME.sub(r"\1", client.get("/").text)


def _drawn_anew(site: Site, client: Client) -> str:
    with site.inside():
        memory.forget()
    return _page(client)


@pytest.fixture
def full(any_site: Site) -> Site:
    """A site where something stands on everybody's home."""
    gather(any_site)
    any_site.diary("author", title="Persimmons", body="They are ripe.")
    any_site.voice("friend", body="Tea for @author.")
    any_site.voice("stranger", audience="members", body="Rain again.")
    return any_site


def test_every_reader_gets_the_page_that_would_be_drawn_for_them(full: Site):
    clients = {handle: full.sign_in(handle) for handle in ("author", "friend", "second", "stranger", "blocked")}
    first = {handle: _page(client) for handle, client in clients.items()}
    kept = {handle: _page(client) for handle, client in clients.items()}
    assert kept == first == {handle: _drawn_anew(full, client) for handle, client in clients.items()}
    assert len(set(kept.values())) == len(kept)
    assert "They are ripe" in kept["friend"]
    assert "They are ripe" not in kept["blocked"]


def test_a_page_shown_again_asks_only_who_it_is_for(site: Site):
    """On PostgreSQL other databases of the same server count too, and those of other tests are never still."""
    gather(site)
    client = site.sign_in("friend")
    client.get("/")
    with site.statements() as asked:
        client.get("/")
    assert len(asked) == 1


def _as(handle: str, verb, *args, **kwargs):
    return lambda site: site.do(verb, handle, *args, **kwargs)


def _member(handle: str, **values):
    def change(site: Site) -> None:
        with site.inside(), writing():
            db.session.execute(update(Member).where(Member.handle == handle).values(**values))

    return change


def _entry(site: Site) -> Entry:
    return db.session.query(Entry).filter_by(kind="diary").one()


def _on_entry(handle: str, verb, *args, **kwargs):
    def change(site: Site) -> None:
        with site.inside(), writing():
            verb(site.member(handle), _entry(site), *args, **kwargs)

    return change


def _narrow(site: Site) -> None:
    with site.inside(), writing():
        change_audience(_entry(site), "only_me")


def _rename_house(site: Site) -> None:
    with site.inside(), writing():
        the_circle().name = "The other house"


CHANGES = {
    "a friend's name": (_member("author", name="Another name"), "Another name"),
    "a friend's portrait": (_member("author", portrait="abcdef"), None),
    "a friend is suspended": (_member("author", status="suspended"), None),
    "an audience is narrowed": (_narrow, None),
    "a like": (_on_entry("friend", like), None),
    "a comment": (_on_entry("author", add_comment, body="Yes!"), None),
    "a block": (_as("author", block, "friend"), None),
    "a break": (_as("friend", mute, "author", days=7), None),
    "one's own language": (_member("friend", language="ja"), 'lang="ja"'),
    "one's own light": (_member("friend", theme="dark"), 'data-theme="dark"'),
    "one's own time zone": (_member("friend", timezone="Asia/Kathmandu"), None),
    "the name of the house": (_rename_house, "The other house"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_whatever_is_changed_shows_at_once(full: Site, what: str):
    change, words = CHANGES[what]
    client = full.sign_in("friend")
    before = _page(client)
    assert _page(client) == before
    change(full)
    after = _page(client)
    assert after != before
    assert after == _drawn_anew(full, client)
    assert words is None or words in after


def test_what_another_process_writes_shows_at_once(site: Site):
    gather(site)
    site.voice("author", body="Tea.")
    client = site.sign_in("friend")
    assert _page(client) == _page(client)
    other = sqlite3.connect(site.settings.instance / "mixlite.sqlite3")
    with other:
        other.execute("UPDATE voices SET body = 'Coffee.'")
    assert "Coffee." in _page(client)
    other.close()


def test_what_is_written_while_somebody_looks_shows_at_the_latest_the_next_time(full: Site, monkeypatch):
    """Between the question who is there and the question what has happened since: nothing older is kept as the new."""
    client = full.sign_in("friend")
    state = memory.Watch.state
    moment: list[str] = []

    def after_a_block(watch: memory.Watch):
        if not moment:
            moment.append("now")
            blocker = threading.Thread(target=lambda: full.do(block, "author", "friend"))
            blocker.start()
            blocker.join()
        return state(watch)

    monkeypatch.setattr(memory.Watch, "state", after_a_block)
    _page(client)
    assert moment
    assert "They are ripe" not in _page(client)


def test_another_file_under_the_name_is_another_house(site: Site):
    gather(site)
    site.voice("author", body="Tea.")
    client = site.sign_in("friend")
    file = site.settings.instance / "mixlite.sqlite3"
    site.close()
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    copy = file.with_name("copy.sqlite3")
    shutil.copy(file, copy)
    assert "Tea." in _page(client)
    site.close()
    with sqlite3.connect(copy) as connection:
        connection.execute("UPDATE voices SET body = 'Coffee.'")
    connection.close()
    copy.replace(file)
    assert "Coffee." in _page(client)


def test_time_passes_on_a_page_that_nobody_changed(full: Site):
    client = full.client()
    client.submit("/sign-in", "Sign in", login="friend", password=PASSWORD, remember="y")
    assert "Today, " in _page(client)
    with clock.at(clock.now() + timedelta(days=1)):
        assert "Yesterday, " in _page(client)


def test_every_answer_has_a_token_of_its_own_session_and_a_nonce_of_its_own(full: Site):
    client, other = full.sign_in("friend"), full.sign_in("friend")
    pages = [client.get("/"), client.get("/"), other.get("/")]
    nonces = {form.fields["nonce"] for page in pages for form in forms_in(page.text) if "nonce" in form.fields}
    assert len(nonces) == 3
    assert all("blank-" not in page.text for page in pages)
    for page, body in zip(pages[:2], ("Once.", "Twice."), strict=True):
        assert client.submit(page, "Post", body=body).status_code == 303
    assert "Once." in _page(client)
    assert "Twice." in _page(client)
    stolen = {"csrf_token": client.csrf_token(), "body": "No."}
    assert other.http.post("/voice/new", data=stolen).status_code == 400


def test_what_is_told_once_is_told_once(full: Site):
    client = full.sign_in("friend")
    plain = _page(client)
    client.submit("/", "Post", body="x" * 10)
    with client.http.session_transaction() as session:
        session["_flashes"] = [("done", "Told once.")]
    assert "Told once." in client.get("/").text
    assert "Told once." not in client.get("/").text
    assert "Told once." not in plain


def test_who_signs_out_sees_the_door(full: Site):
    client = full.sign_in("friend")
    client.get("/")
    client.post("/sign-out")
    assert "They are ripe" not in client.get("/").text


def test_a_memory_that_is_full_forgets_what_was_not_asked_for_the_longest():
    kept = memory.Memory(most_bytes=10)
    kept.recall("a", 1)
    for key in (1, 2):
        kept.keep("a", key, (b"12345",))
    assert kept.recall("a", 1) == (b"12345",)
    kept.keep("a", 3, (b"12345",))
    assert [kept.recall("a", key) for key in (1, 2, 3)] == [(b"12345",), None, (b"12345",)]
    assert kept.recall("b", 1) is None
    kept.keep("a", 4, (b"late",))
    assert [kept.recall("b", key) for key in (1, 3, 4)] == [None, None, None]

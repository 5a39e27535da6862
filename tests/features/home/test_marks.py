"""How far somebody has read: the mark in the feed, and what it counts."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import delete

from mixlite.core import clock
from mixlite.core.db import db, writing
from mixlite.entries.entries import Entry, change_audience
from mixlite.entries.read_marks import ReadMark
from mixlite.entries.selections import Choice
from mixlite.features.friends.verbs import block
from mixlite.features.home import farewell
from mixlite.features.home import feed as feeds
from mixlite.features.home.models import FeedMark
from mixlite.features.home.queries import mark_of, unread_since
from mixlite.features.home.verbs import mark_read
from mixlite.features.reading.verbs import add_comment
from mixlite.migrations.upgrade import alembic_config, upgrade
from mixlite.people.mutes import set_mute
from mixlite.policy.visibility import visible_entry

# after everybody of the cast has joined, as the clock has it
NOON = datetime.now(UTC).replace(microsecond=0) + timedelta(days=400)


def taken(pattern, text, group=1):
    """What the pattern finds, which must be there."""
    match = re.search(pattern, text, re.DOTALL)
    assert match is not None, pattern
    return match[group]


def voice_at(site, who, minutes, words, audience="friends", choice=None):
    with clock.at(NOON + timedelta(minutes=minutes)):
        return site.voice(who, audience, body=words, choice=choice)


def home(site, who="author", minutes=60, path="/"):
    with clock.at(NOON + timedelta(minutes=minutes)):
        return site.sign_in(who).get(path)


def press(site, page, who="author", minutes=60):
    top = taken(r'name="top" value="([^"]+)"', page.text)
    with clock.at(NOON + timedelta(minutes=minutes)):
        return site.sign_in(who).post("/read-mark", {"top": top})


def unread(text):
    return re.findall(r'class="item unread" id="e(\d+)"', text)


def test_what_friends_wrote_since_is_new_and_ones_own_is_not(site, cast):
    first = voice_at(site, "friend", 1, "one")
    voice_at(site, "author", 2, "my own")
    second = voice_at(site, "friend", 3, "two")
    page = home(site)
    assert unread(page.text) == [str(second), str(first)]
    assert "You are all caught up" in page.text
    assert "2 entries by 1 friend." in page.text
    assert page.text.index("You are all caught up") > page.text.index("one")


def test_only_pressing_moves_the_mark(site, cast):
    voice_at(site, "friend", 1, "the first")
    page = home(site)
    for method in ("GET", "HEAD"):
        client = site.sign_in("author")
        client.http.open("/", method=method).close()
        client.http.open("/", method=method, headers={"Sec-Purpose": "prefetch"}).close()
    assert len(unread(home(site).text)) == 1
    assert press(site, page).headers["Location"] == "/"
    after = home(site)
    assert unread(after.text) == []
    assert "Mark as read" not in after.text
    assert "Nothing new since you were here." not in after.text  # there is nothing older to rest from
    new = voice_at(site, "friend", 5, "the second")
    text = home(site).text
    assert unread(text) == [str(new)]
    places = [text.index(words) for words in ("the second", "You are all caught up", "From here on", "the first")]
    assert places == sorted(places)


def test_what_came_after_the_page_was_made_stays_new(site, cast):
    voice_at(site, "friend", 1, "seen")
    page = home(site, minutes=2)
    late = voice_at(site, "friend", 3, "not seen")
    press(site, page)
    assert unread(home(site).text) == [str(late)]


def test_the_mark_of_two_devices_never_goes_back(any_site):
    site = any_site
    site.join("host")
    at = [(NOON + timedelta(minutes=n), n) for n in range(3)]
    for place in (at[1], at[0], (NOON + timedelta(minutes=1), 0)):
        site.do(mark_read, "host", place)
    with site.inside():
        row = db.session.get_one(FeedMark, site.ids["host"])
        assert (row.shown_at, row.entry_id) == at[1]
    site.do(mark_read, "host", (at[1][0], 7))
    site.do(mark_read, "host", at[2])
    with site.inside():
        assert mark_of(site.member("host")).place == at[2]


def test_what_is_published_later_or_widened_later_is_new(site, cast):
    """Where it stands in the feed is the first moment that anybody else could read it."""
    with clock.at(NOON):
        old = site.voice("friend", "only_me", body="kept for now")
    voice_at(site, "friend", 1, "seen")
    press(site, home(site, minutes=2))

    def widen(_member):
        change_audience(db.session.get_one(Entry, old), "friends")

    with clock.at(NOON + timedelta(minutes=10)):
        site.do(widen, "friend")
    assert unread(home(site).text) == [str(old)]


def test_a_newcomer_has_nothing_old_to_read(site, cast):
    with clock.at(NOON - timedelta(days=30)):
        site.voice("friend", body="long ago")
    with clock.at(NOON):
        site.join("guest", "friend")
    new = voice_at(site, "friend", 5, "welcome")
    text = home(site, "guest").text
    assert unread(text) == [str(new)]
    assert "it was written before you came" in text


def test_s19_what_is_hidden_is_never_counted_as_new(any_site):
    """Against the law: for me only, for others, of the muted, of the blocked, taken away."""
    site = any_site
    for handle, inviter in (("host", None), ("author", "host"), ("quiet", "author"), ("gone", "author")):
        site.join(handle, inviter)
    site.join("friend", "author")
    voice_at(site, "friend", 1, "seen", "friends")
    voice_at(site, "friend", 2, "secret", "only_me")
    others = Choice(all_friends=True, exceptions=frozenset({site.ids["author"]}))
    voice_at(site, "friend", 3, "not for the author", "chosen", others)
    voice_at(site, "host", 4, "of a friend who is muted")
    voice_at(site, "quiet", 5, "of a friend who is muted, too")
    voice_at(site, "gone", 6, "of somebody who blocked")
    voice_at(site, "author", 7, "my own")
    deleted = voice_at(site, "friend", 8, "taken away")
    site.do(block, "gone", "author")

    def settle(author):
        db.session.get_one(Entry, deleted).deleted_at = NOON
        for handle in ("host", "quiet"):
            set_mute(author.id, site.ids[handle], None)

    site.do(settle, "author")
    with site.inside(), clock.at(NOON + timedelta(hours=1)):
        member = site.member("author")
        found = unread_since(member, mark_of(member).place)
        assert (found.count, found.people, found.is_more) == (1, 1, False)


def test_counting_ends_somewhere(site, cast, monkeypatch):
    monkeypatch.setattr("mixlite.features.home.queries.MOST_COUNTED", 3)
    for number in range(5):
        voice_at(site, "friend", number, f"number {number}")
    assert "More than 3 entries by 1 friend." in home(site).text


def test_the_end_of_what_is_new_stands_on_one_page_only_wherever_it_falls(site, cast, monkeypatch):
    monkeypatch.setattr(feeds, "PER_PAGE", 4)
    for number in range(12):
        voice_at(site, "friend", number, f"number {number}.")
    for new in range(13):
        with site.inside(), writing():
            db.session.execute(delete(FeedMark))
        place = NOON + timedelta(minutes=11 - new, seconds=30)
        site.do(mark_read, "author", (place, 0))
        client, path, ends, dots, first = site.sign_in("author"), "/", 0, 0, None
        while path:
            text = client.get(path).text
            ends += text.count("You are all caught up") if new else 0
            dots += len(unread(text))
            older = re.search(r'rel="next" href="([^"]+)"', text)
            path = older[1].replace("&amp;", "&") if older else ""
            first = first or text
        assert dots == new, new
        assert ends == (1 if new else 0), new


def test_from_a_later_page_everything_up_to_the_first_is_marked(site, cast, monkeypatch):
    monkeypatch.setattr(feeds, "PER_PAGE", 2)
    for number in range(5):
        voice_at(site, "friend", number, f"number {number}.")
    client = site.sign_in("author")
    page = client.get("/")
    assert "There is more that is new" in page.text
    assert "Mark all as read" in page.text
    assert "You are all caught up" not in page.text
    while (older := re.search(r'rel="next" href="([^"]+)"', page.text)) is not None:
        page = client.get(older[1].replace("&amp;", "&"))
    client.submit(page, "Mark as read")
    assert unread(client.get("/").text) == []


@pytest.mark.parametrize("top", ["", "nonsense", "WyIyMDI2LTExLTIyVDEyOjAwOjAwKzAwOjAwIiwxXQ.AAAA"])
def test_a_place_that_was_not_signed_is_no_place(site, cast, top):
    client = site.sign_in("author")
    assert client.post("/read-mark", {"top": top}).status_code == 404
    assert client.get(f"/new?top={top}").status_code == 404


def test_a_place_is_signed_for_one_reader(site, cast):
    top = taken(r'name="top" value="([^"]+)"', _page_with_something_new(site).text)
    assert site.sign_in("stranger").post("/read-mark", {"top": top}).status_code == 404
    assert _least(site.sign_in("author"), top).status_code == 204


def _least(client, top):
    return client.post("/read-mark", {"top": top}, headers={"Prefer": "return=minimal"})


def _page_with_something_new(site):
    voice_at(site, "friend", 1, "one")
    return home(site)


def test_asking_for_new_things_costs_few_questions_and_sends_nothing_if_unchanged(site, cast):
    page = _page_with_something_new(site)
    address = taken(r'data-new="([^"]+)"', page.text).replace("&amp;", "&")
    client = site.sign_in("author")
    nothing = client.get(address)
    assert nothing.json == {"words": ""}
    voice_at(site, "friend", 20, "two")
    voice_at(site, "friend", 21, "three")
    answer = client.get(address, headers={"If-None-Match": nothing.headers["ETag"]})
    assert answer.json == {"words": "2 new entries"}
    with site.statements() as statements:
        same = client.get(address, headers={"If-None-Match": answer.headers["ETag"]})
    assert (same.status_code, same.data) == (304, b"")
    assert len(statements) == 4  # who asks; what is new for all friends, what for chosen ones, and by whom
    assert "two" not in answer.text


def test_asking_is_no_use_of_a_session_and_ends_with_it(site, cast):
    address = taken(r'data-new="([^"]+)"', _page_with_something_new(site).text).replace("&amp;", "&")
    client = site.sign_in("author")
    with clock.at(datetime.now(UTC) + timedelta(hours=1)), site.statements() as statements:
        client.get(address).close()
    assert not [each for each in statements if each.startswith("UPDATE")]
    client.post("/sign-out")
    assert client.get(address).status_code == 303


def test_whoever_left_leaves_no_mark(site, cast):
    voice_at(site, "friend", 1, "one")
    press(site, home(site))
    site.sign_in("author").get(f"/entries/{site.diary('friend')}").close()
    site.do(farewell.erase, "author")
    with site.inside():
        assert [db.session.query(table).count() for table in (FeedMark, ReadMark)] == [0, 0]


def test_at_the_upgrade_nobody_has_years_to_read(site, cast):
    """Before the step there were entries and comments and no marks: they count as read, and what comes after is new."""
    mine, theirs = site.diary("author"), site.diary("friend")
    for who, entry in (("friend", mine), ("author", theirs), ("friend", theirs)):
        site.do(lambda member, entry=entry: add_comment(member, visible_entry(member, entry), body="Words."), who)
    with site.inside(), db.engine.connect() as connection:
        connection.connection.execute("PRAGMA foreign_keys=OFF")  # as the recipe of an upgrade has it
        config = alembic_config()
        config.attributes["connection"] = connection
        before = ScriptDirectory.from_config(config).get_revision("0007").down_revision
        command.downgrade(config, str(before))
        connection.commit()
        connection.connection.execute("PRAGMA foreign_keys=ON")
    with site.inside():
        upgrade(site.settings)
    text = site.sign_in("author").get("/").text
    assert unread(text) == []
    assert "new comment" not in text
    site.do(lambda member: add_comment(member, visible_entry(member, theirs), body="Words."), "friend")
    later = site.voice("friend", body="later")
    text = site.sign_in("author").get("/").text
    assert unread(text) == [str(later)]
    assert "1 new comment after yours" in text

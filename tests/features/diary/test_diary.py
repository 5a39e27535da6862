"""Writing a diary entry."""

from datetime import UTC, datetime, timedelta

import pytest

from mixlite.core import clock
from tests.app.everywhere import everything

READERS = {
    "only_me": {"author"},
    "friends": {"author", "friend"},
    "members": {"author", "friend", "second", "stranger", "host"},
}


@pytest.mark.parametrize("audience", READERS)
def test_a_diary_is_read_by_whom_it_is_for(site, cast, audience):
    author = site.sign_in("author")
    answer = author.submit("/diary/new", "Publish", title="Autumn 秋", body="# One\n\n- two", audience=audience)
    assert answer.status_code == 303
    path = answer.headers["Location"]
    page = author.get(path)
    assert "Autumn 秋" in page.text
    assert "<li>two</li>" in page.text
    for who in cast.everybody:
        found = site.sign_in(who).get(path)
        assert found.status_code == (200 if who in READERS[audience] else 404), who


def test_the_first_moment_that_others_could_read_is_when_it_stands_in_their_list(site, cast):
    """Written for oneself last week, opened today: new today, not last week."""
    last_week = datetime(2026, 11, 15, 12, tzinfo=UTC)
    with clock.at(last_week):
        entry = site.diary("author", "only_me", title="Opened later")
        site.voice("author", "friends", body="In between.")
    with clock.at(last_week + timedelta(days=7)):
        site.sign_in("author").submit(f"/entries/{entry}/edit", "Save", audience="friends")
        page = site.sign_in("friend").get("/").text
        assert page.index("Opened later") < page.index("In between.")
    (row,) = (row for row in everything(site)["entries"] if row[0] == entry)
    assert last_week + timedelta(days=7) in row


@pytest.mark.parametrize("missing", ["title", "body", "audience"])
def test_what_is_missing_is_said_and_what_was_typed_is_kept(site, cast, missing):
    author = site.sign_in("author")
    typed = {"title": "A title kept", "body": "Words kept, *and* marks.", "audience": "members"}
    before = everything(site)
    answer = author.submit("/diary/new", "Publish", **{**typed, missing: ""})
    assert answer.status_code == 422
    assert everything(site) == before
    form = next(f for f in author.forms(answer) if "Publish" in f.buttons)
    for name in {"title", "body"} - {missing}:
        assert form.fields[name].strip() == typed[name]


def test_twenty_thousand_characters_are_kept_to_the_last(site, cast):
    author = site.sign_in("author")
    body = ("庭の柿が赤い。" * 3000)[:19_989] + "\n\nthe end!!"
    answer = author.submit("/diary/new", "Publish", title="Long", body=body, audience="friends")
    assert answer.status_code == 303
    form = next(f for f in author.forms(author.get(answer.headers["Location"] + "/edit")) if "Save" in f.buttons)
    assert form.fields["body"].removeprefix("\r\n") == body

"""The page of an entry: comments, likes, favourites, and what its author may do."""

import re

import pytest

from mixlite.features.reading.routes import COMMENTS_PER_PAGE
from mixlite.features.reading.verbs import add_comment
from mixlite.policy.visibility import visible_entry
from tests.app.everywhere import everything


@pytest.fixture
def entry(site, cast) -> int:
    return site.diary("author", "friends", title="Persimmons", body="They are **ripe**.")


def test_a_friend_reads_answers_and_the_author_sees_it(site, entry):
    friend, author = site.sign_in("friend"), site.sign_in("author")
    page = friend.get(f"/entries/{entry}")
    assert "Persimmons" in page.text
    assert "<strong>ripe</strong>" in page.text
    answer = friend.submit(page, "Comment", body="How lovely.\nSee >>1")
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"/entries/{entry}#c1"
    seen = author.get(f"/entries/{entry}").text
    assert "How lovely.<br>See" in seen
    assert 'id="c1"' in seen
    assert 'href="#c1"' in seen


def test_a_comment_is_removed_by_its_writer_or_the_entrys_author_and_nobody_else(site, cast):
    entry = site.diary("author", "members")
    for _ in range(2):
        site.do(lambda m: add_comment(m, visible_entry(m, entry), body="A word."), "friend")
    address = f"/entries/{entry}/comments/{{}}/remove"
    assert site.sign_in("stranger").post(address.format(1)).status_code == 403
    assert site.sign_in("host").post(address.format(1)).status_code == 403
    assert len(everything(site)["comments"]) == 2
    assert site.sign_in("friend").post(address.format(1)).status_code == 303
    assert site.sign_in("author").post(address.format(2)).status_code == 303
    page = site.sign_in("author").get(f"/entries/{entry}")
    assert "A word." not in page.text
    for who in ("friend", "author"):
        assert site.sign_in(who).post(address.format(1)).status_code == 404, "once is enough"


@pytest.mark.parametrize(("act", "table"), [("like", "likes"), ("favourite", "favourites")])
def test_marks_are_set_once_and_taken_back(site, entry, act, table):
    client = site.sign_in("friend")
    for _ in range(2):
        answer = client.post(f"/entries/{entry}/{act}", headers={"Referer": "http://localhost/?after=x"})
        assert answer.headers["Location"] == f"/?after=x#e{entry}", "back to where the button was"
        assert len(everything(site)[table]) == 1
    events = [row for row in everything(site)["events"] if f"entry.{'liked' if act == 'like' else 'favoured'}" in row]
    assert len(events) == 1
    for _ in range(2):
        assert client.post(f"/entries/{entry}/{act}/remove").status_code == 303
        assert everything(site)[table] == []


@pytest.mark.parametrize("button", ["Like", "Favourite"])
def test_the_buttons_on_the_page_do_what_they_say(site, entry, button):
    client = site.sign_in("friend")
    assert client.submit(f"/entries/{entry}", button).status_code == 303
    table = "likes" if button == "Like" else "favourites"
    assert len(everything(site)[table]) == 1


def test_only_the_author_changes_deletes_and_sees_the_readers(site, entry):
    """Others may know that it is there: 403, a page in words."""
    friend = site.sign_in("friend")
    before = everything(site)
    for path in ("edit", "delete", "readers"):
        answer = friend.get(f"/entries/{entry}/{path}")
        assert answer.status_code == 403, path
        assert f"/entries/{entry}/edit" not in answer.text
    for path in ("edit", "delete"):
        sent = {"title": "Mine", "body": "now", "audience": "members"}
        assert friend.post(f"/entries/{entry}/{path}", sent).status_code == 403
    assert everything(site) == before
    assert "/edit" not in friend.get(f"/entries/{entry}").text
    readers = site.sign_in("author").get(f"/entries/{entry}/readers").text
    assert "@friend" in readers
    assert "@second" not in readers


def test_words_and_audience_are_changed_by_the_author(site, entry):
    author, friend, stranger = (site.sign_in(who) for who in ("author", "friend", "stranger"))
    page = author.get(f"/entries/{entry}/edit")
    form = next(f for f in author.forms(page) if "Save" in f.buttons)
    assert form.fields["title"] == "Persimmons"
    assert form.fields["body"].strip() == "They are **ripe**."
    answer = author.submit(page, "Save", title="Pears", body="Not *yet*.", audience="members")
    assert answer.headers["Location"] == f"/entries/{entry}"
    assert "<em>yet</em>" in stranger.get(f"/entries/{entry}").text
    author.submit(f"/entries/{entry}/edit", "Save", audience="only_me")
    for client in (friend, stranger):
        assert client.get(f"/entries/{entry}").status_code == 404
    assert "Pears" in author.get(f"/entries/{entry}").text


def test_a_bad_change_keeps_what_was_typed_and_what_was_there(site, entry):
    author = site.sign_in("author")
    before = everything(site)
    answer = author.submit(f"/entries/{entry}/edit", "Save", title="", body="Long new words.")
    assert answer.status_code == 422
    assert "Long new words." in answer.text
    assert everything(site) == before


def test_deleting_asks_first_and_then_it_is_gone_everywhere(site, entry):
    site.do(lambda m: add_comment(m, visible_entry(m, entry), body="Under it."), "friend")
    author, friend = site.sign_in("author"), site.sign_in("friend")
    friend.post(f"/entries/{entry}/favourite")
    asked = author.get(f"/entries/{entry}/delete")
    assert asked.status_code == 200
    assert author.get(f"/entries/{entry}").status_code == 200, "asking is not deleting"
    answer = author.submit(asked, "Delete")
    assert answer.status_code == 303
    for client in (author, friend):
        assert client.get(f"/entries/{entry}").status_code == 404
        for path in ("/", "/@author", "/@author/diary", "/@friend/favourites"):
            assert "Persimmons" not in client.get(path).text, path
    assert friend.post(f"/entries/{entry}/comments", {"body": "Too late."}).status_code == 404


def test_r12_deleting_twice_is_no_error_that_tells_anything(site, entry):
    author = site.sign_in("author")
    first = author.get(f"/entries/{entry}/delete")
    assert author.submit(first, "Delete").status_code == 303
    assert author.submit(first, "Delete").status_code == 404


def test_many_comments_are_paged_in_both_directions(site, entry):
    total = 2 * COMMENTS_PER_PAGE + 5

    def all_of_them(member):
        for number in range(1, total + 1):
            add_comment(member, visible_entry(member, entry), body=f"comment no. {number}.")

    site.do(all_of_them, "friend")
    client = site.sign_in("author")
    seen: list[int] = []
    path: str | None = f"/entries/{entry}"
    pages = []
    while path:
        page = client.get(path)
        pages.append(path)
        seen += [int(number) for number in re.findall(r"comment no\. (\d+)\.", page.text)]
        later = [link for link in _links(page.text, entry) if _after(link) > _after(path)]
        path = min(later, key=_after) if later else None
    assert seen == list(range(1, total + 1))
    assert len(pages) == 3
    back = [link for link in _links(client.get(pages[-1]).text, entry) if _after(link) < _after(pages[-1])]
    assert COMMENTS_PER_PAGE in {_after(link) for link in back}
    answer = client.submit(f"/entries/{entry}", "Comment", body="the newest word")
    assert "the newest word" in client.get(answer.headers["Location"]).text, "one lands where it stands"


def _links(text: str, entry: int) -> list[str]:
    return [
        link.split("#")[0] for link in re.findall(rf'href="(/entries/{entry}(?:\?after=\d+)?(?:#comments)?)"', text)
    ]


def _after(path: str) -> int:
    found = re.search(r"after=(\d+)", path)
    return int(found[1]) if found else 0


def test_an_empty_comment_is_refused_in_its_place(site, entry):
    client = site.sign_in("friend")
    answer = client.submit(f"/entries/{entry}", "Comment", body=" \n\u3000")
    assert answer.status_code == 422
    assert "Persimmons" in answer.text, "on the page of the entry"
    assert "Please write something first." in answer.text

"""Two windows, earlier versions, previews, comments that change or are closed, and what can be taken back."""

from datetime import timedelta

import pytest

from mixlite.app.worker import build_workshop
from mixlite.core import clock
from mixlite.core.db import db
from mixlite.entries.comments import Comment
from mixlite.entries.entries import Entry
from mixlite.entries.selections import Choice
from mixlite.entries.versions import MOST_VERSIONS, Version
from mixlite.features.audiences.queries import Which
from mixlite.features.audiences.verbs import change_many
from tests.support.site import Cast, Client, Site

SECOND = timedelta(seconds=1)


@pytest.fixture
def entry(site: Site, cast: Cast) -> int:
    return site.diary("author", "friends", title="First title", body="First words.")


@pytest.fixture
def author(site: Site, entry: int) -> Client:
    return site.sign_in("author")


# --- two windows (R13) ------------------------------------------------------------------------------------------------


def test_r13_the_second_of_two_windows_is_told_and_loses_nothing(site: Site, author: Client, entry: int):
    page = f"/entries/{entry}/edit"
    one, other = author.get(page), author.get(page)
    assert author.submit(one, "Save", body="From the first window.").status_code == 303
    answer = author.submit(other, "Save", body="From the second window.")
    assert answer.status_code == 409
    assert "From the first window." in answer.text
    assert "From the second window." in answer.text
    assert "From the first window." in author.get(f"/entries/{entry}").text
    assert author.submit(answer, "Save").status_code == 303, "now it is known"
    assert "From the second window." in author.get(f"/entries/{entry}").text
    assert "From the first window." in author.get(f"/entries/{entry}/versions").text, "and nothing is lost"


def test_s23_an_old_window_does_not_widen_what_was_narrowed_elsewhere(site: Site, author: Client, entry: int):
    """Mending a typo there would send the audience of then along: that is told, and nothing has changed yet."""
    page = f"/entries/{entry}/edit"
    author.submit(page, "Save", audience="members")
    old, older = author.get(page), author.get(page)
    author.submit(old, "Save", audience="only_me")
    answer = author.submit(older, "Save", body="Other words.")
    assert answer.status_code == 409
    assert "Other words." in answer.text
    with site.inside():
        assert db.session.get_one(Entry, entry).audience == "only_me"
    assert author.submit(answer, "Save", audience="friends").status_code == 303, "now it is known"
    with site.inside():
        assert db.session.get_one(Entry, entry).audience == "friends"


def test_s23_an_old_window_is_told_of_what_was_done_to_many_at_once(site: Site, author: Client, entry: int):
    page = f"/entries/{entry}/edit"
    author.submit(page, "Save", audience="members")
    old = author.get(page)
    site.do(change_many, "author", which=Which(), audience="only_me", choice=Choice())
    assert author.submit(old, "Save", body="Other words.").status_code == 409
    assert site.sign_in("stranger").get(f"/entries/{entry}").status_code == 404


@pytest.mark.parametrize("revision", ["", "x", "-1", "99999999999999", "1.0"])
def test_an_odd_revision_breaks_nothing(author: Client, entry: int, revision: str):
    answer = author.submit(f"/entries/{entry}/edit", "Save", body="Words.", revision=revision)
    assert answer.status_code in (303, 409)


# --- earlier versions -------------------------------------------------------------------------------------------------


def test_earlier_versions_are_for_the_author_only(site: Site, author: Client, entry: int):
    author.submit(f"/entries/{entry}/edit", "Save", title="Second title", body="Second *words*.")
    author.submit(f"/entries/{entry}/edit", "Save", audience="members")  # no new words, no new version
    assert "First words." in author.get(f"/entries/{entry}/versions").text
    page = author.get(f"/entries/{entry}/versions/1").text
    assert "First title" in page
    assert author.get(f"/entries/{entry}/versions/2").status_code == 404
    for who in ("friend", "stranger", "host"):
        reader = site.sign_in(who)
        for path in (f"/entries/{entry}/versions", f"/entries/{entry}/versions/1"):
            answer = reader.get(path)
            assert answer.status_code == 403
            assert "First" not in answer.text
        assert reader.post(f"/entries/{entry}/versions/1/delete").status_code == 403
        assert "First words." not in reader.get(f"/entries/{entry}").text
        assert "edited" in reader.get(f"/entries/{entry}").text


def test_a_version_can_be_deleted_and_goes_with_its_entry(site: Site, author: Client, entry: int):
    for number in range(3):
        author.submit(f"/entries/{entry}/edit", "Save", body=f"Words {number}.")
    assert author.post(f"/entries/{entry}/versions/2/delete").status_code == 303
    assert author.post(f"/entries/{entry}/versions/2/delete").status_code == 404
    assert "Words 0." not in author.get(f"/entries/{entry}/versions").text
    author.submit(f"/entries/{entry}/delete", "Delete")
    with site.inside(), clock.at(clock.now() + timedelta(minutes=6)):
        build_workshop().sweep()
        assert db.session.query(Version).count() == 0


def test_no_more_than_fifty_versions_are_kept(site: Site, author: Client, entry: int):
    for number in range(MOST_VERSIONS + 3):
        author.submit(f"/entries/{entry}/edit", "Save", body=f"Words {number}.")
    with site.inside():
        numbers = [version.number for version in db.session.query(Version).order_by(Version.number)]
    assert numbers == list(range(4, MOST_VERSIONS + 4))


# --- preview ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("path", "button"), [("/diary/new", "Publish"), ("/voice/new", "Post")])
def test_a_preview_shows_and_writes_nothing(site: Site, author: Client, path: str, button: str):
    form = next(form for form in author.forms(author.get(path)) if button in form.buttons)
    typed = {**form.fields, "title": "Soon", "body": "**Strong** <script>alert(1)</script>", "preview": "yes"}
    answer = author.http.post(path, data=typed)
    assert answer.status_code == 200
    assert "As it will look" in answer.text
    assert "<script>alert" not in answer.text
    if path == "/diary/new":
        assert "<strong>Strong</strong>" in answer.text
    with site.inside():
        assert db.session.query(Entry).count() == 1
    assert author.submit(answer, button).status_code == 303


# --- comments ---------------------------------------------------------------------------------------------------------


def test_a_comment_can_be_changed_for_ten_minutes(site: Site, author: Client, entry: int):
    friend = site.sign_in("friend")
    friend.submit(f"/entries/{entry}", "Comment", body="Frist!")
    path = f"/entries/{entry}/comments/1/edit"
    assert path in friend.get(f"/entries/{entry}").text
    assert path not in author.get(f"/entries/{entry}").text
    assert author.get(path).status_code == author.post(path, {"body": "Mine now."}).status_code == 403
    assert friend.submit(path, "Save", body="").status_code == 422
    assert friend.submit(path, "Save", body="First!").status_code == 303
    page = author.get(f"/entries/{entry}").text
    assert "First!" in page
    assert "edited" in page
    with clock.at(clock.now() + timedelta(minutes=10, seconds=1)):
        friend = site.sign_in("friend")
        assert path not in friend.get(f"/entries/{entry}").text
        late = friend.post(path, {"body": "Too late."})
        assert late.status_code == 422
        assert "ten minutes" in late.text
        assert "Too late." in late.text
    assert site.sign_in("stranger").get(path).status_code == 404


def test_the_author_closes_and_opens_the_comments(site: Site, author: Client, entry: int):
    friend = site.sign_in("friend")
    open_page = friend.get(f"/entries/{entry}")
    friend.submit(open_page, "Comment", body="Before.")
    for reader in (friend, site.sign_in("stranger")):
        assert reader.post(f"/entries/{entry}/comments/close").status_code in (403, 404)
    author.submit(f"/entries/{entry}", "Close comments")
    page = friend.get(f"/entries/{entry}")
    assert "Before." in page.text
    assert "has closed the comments" in page.text
    late = friend.submit(open_page, "Comment", body="After.", nonce="x" * 22)
    assert late.status_code == 422
    author.submit(f"/entries/{entry}", "Open comments")
    assert friend.submit(f"/entries/{entry}", "Comment", body="Again.").status_code == 303


def test_no_answer_needed_is_a_quiet_sign(site: Site, author: Client):
    answer = author.submit(
        "/diary/new", "Publish", title="Just so", body="Rain.", needs_no_answer="y", audience="friends"
    )
    friend = site.sign_in("friend")
    page = friend.get(answer.location)
    assert "No answer needed" in page.text
    assert "No answer needed" in friend.get("/").text
    assert friend.submit(page, "Comment", body="All the same.").status_code == 303
    form = next(form for form in author.forms(author.get(f"{answer.location}/edit")) if "Save" in form.buttons)
    assert form.fields["needs_no_answer"] == "y"


# --- taking back ------------------------------------------------------------------------------------------------------


def test_a_deleted_entry_can_be_taken_back_for_ten_seconds(site: Site, author: Client, entry: int):
    friend = site.sign_in("friend")
    friend.submit(f"/entries/{entry}", "Comment", body="Stays.")
    author.submit(f"/entries/{entry}/delete", "Delete")
    home = author.get("/")
    assert "Undo" in home.text
    assert friend.get(f"/entries/{entry}").status_code == author.get(f"/entries/{entry}").status_code == 404
    missing = friend.post("/entries/4711/restore")
    theirs = friend.post(f"/entries/{entry}/restore")
    assert (theirs.status_code, theirs.data) == (404, missing.data)
    assert author.submit(home, "Undo").status_code == 303
    assert "Stays." in friend.get(f"/entries/{entry}").text
    with site.inside(), clock.at(clock.now() + timedelta(minutes=6)):
        build_workshop().sweep()
    assert friend.get(f"/entries/{entry}").status_code == 200, "what was taken back is not erased"
    assert author.post(f"/entries/{entry}/restore").status_code == 404


def test_after_ten_seconds_it_is_gone(site: Site, author: Client, entry: int):
    author.submit(f"/entries/{entry}/delete", "Delete")
    with clock.at(clock.now() + timedelta(seconds=11)):
        assert author.post(f"/entries/{entry}/restore").status_code == 404


def test_a_deleted_comment_can_be_taken_back_by_whoever_deleted_it(site: Site, author: Client, entry: int):
    friend = site.sign_in("friend")
    friend.submit(f"/entries/{entry}", "Comment", body="Hm.")
    author.post(f"/entries/{entry}/comments/1/remove")
    assert friend.post(f"/entries/{entry}/comments/1/restore").status_code == 404
    assert author.submit(f"/entries/{entry}", "Undo").status_code == 303
    assert "Hm." in friend.get(f"/entries/{entry}").text


def test_what_a_host_removed_its_author_cannot_take_back(site: Site, author: Client, entry: int):
    from mixlite.features.reading.reportables import remove_entry

    site.do(remove_entry, "host", entry)
    assert author.post(f"/entries/{entry}/restore").status_code == 404


def test_of_undo_and_erasing_one_wins(any_site: Site):
    """Whatever comes first; the other finds nothing to do."""
    any_site.join("host")
    any_site.join("author", "host")
    first, second = any_site.diary("author"), any_site.diary("author")
    author = any_site.sign_in("author")
    for entry in (first, second):
        author.submit(f"/entries/{entry}/delete", "Delete")
    assert author.post(f"/entries/{first}/restore").status_code == 303
    with any_site.inside(), clock.at(clock.now() + timedelta(minutes=6)):
        build_workshop().sweep()
    assert author.post(f"/entries/{second}/restore").status_code == 404
    with any_site.inside():
        assert [entry.id for entry in db.session.query(Entry)] == [first]
        assert db.session.query(Comment).count() == 0

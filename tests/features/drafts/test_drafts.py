"""What is being written is kept until it is published; nothing of it is overwritten, and nobody else can tell of it."""

import json
from datetime import timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from mixlite.core import clock
from mixlite.core.db import db, writing
from mixlite.entries.drafts import CONTENT_LENGTH, MOST_DRAFTS, Draft, Overtaken, forget_drafts_of
from mixlite.features.drafts.verbs import keep_draft
from tests.app.everywhere import MISSING_ID, everything, plainly
from tests.support.site import Cast, Client, Site

JSON = {"Accept": "application/json"}
WINDOW = "a" * 12
OTHER_WINDOW = "b" * 12


@pytest.fixture
def author(site: Site, cast: Cast) -> Client:
    return site.sign_in("author")


def told(answer: TestResponse) -> dict[str, Any]:
    """What the page's script is told."""
    assert answer.json is not None
    found: dict[str, Any] = answer.json
    return found


class Page:
    """A page for writing in one browser window, with its script."""

    def __init__(self, client: Client, address: str, window: str = WINDOW, button: str = "Save as draft"):
        self.client, shown = client, client.get(address)
        assert shown.status_code == 200, address
        form = next(form for form in client.forms(shown) if button in form.buttons)
        self.text, self.window = shown.text, window
        self.fields, self.action = form.fields, form.action or address
        self.keeps_at = form.markup.partition('data-keep-url="')[2].partition('"')[0]

    def keep(self, **typed: str):
        """As autosave.js does."""
        self.fields |= {**typed, "draft_window": self.window}
        answer = self.client.http.post(self.keeps_at, data=self.fields, headers=JSON)
        if answer.status_code == 200:
            self.fields["draft_version"] = str(told(answer)["version"])
        return answer

    def press(self, **typed: str):
        """The button, without a script."""
        self.fields |= typed
        return self.client.http.post(self.keeps_at, data=self.fields)

    def send(self, **typed: str):
        self.fields |= typed
        return self.client.http.post(self.action, data=self.fields)


def count(site: Site) -> int:
    return len(everything(site)["drafts"])


def draft_id(site: Site) -> int:
    (row,) = everything(site)["drafts"]
    return int(row[0])


# --- kept and gone on with --------------------------------------------------------------------------------------------


def test_a_draft_is_there_again_on_another_device_with_all_that_was_chosen(site: Site, author: Client):
    site.befriend("author", "stranger")
    page = Page(author, "/diary/new")
    assert told(page.keep(title="Half", body="Not yet"))["version"] == 1
    second = page.keep(
        body="Not yet\n\nfinished", audience="friends_except", exceptions="@stranger", needs_no_answer="y"
    )
    assert told(second)["version"] == 2
    assert told(second)["words"].startswith("Saved at ")
    again = Page(site.sign_in("author"), "/diary/new")
    assert "You are going on with a draft of" in again.text
    kept = {name: again.fields[name].strip() for name in ("title", "body", "audience", "exceptions", "draft_version")}
    assert kept == {
        "title": "Half",
        "body": "Not yet\n\nfinished",
        "audience": "friends_except",
        "exceptions": "@stranger",
        "draft_version": "2",
    }
    assert again.fields["needs_no_answer"] == "y"
    assert again.fields["nonce"] == page.fields["nonce"]
    assert count(site) == 1


def test_what_is_published_is_no_draft_any_more_even_when_a_saving_comes_late(site: Site, author: Client):
    page = Page(author, "/diary/new")
    page.keep(title="Half", body="Words")
    assert page.send(body="Words, whole.").status_code == 303
    assert count(site) == 0
    late = dict(page.fields)
    for version in ("0", "1"):
        answer = author.http.post("/drafts/diary", data={**late, "draft_version": version}, headers=JSON)
        assert answer.status_code == 409
        assert told(answer)["other"] is None
        assert told(answer)["nonce"] not in ("", late["nonce"]), "it can be kept as a new one"
    assert count(site) == 0
    assert "You are going on with" not in author.get("/diary/new").text


def test_r12_two_pages_of_one_draft_publish_it_once(site: Site, author: Client):
    page = Page(author, "/diary/new")
    page.keep(title="Half", body="Words")
    again = Page(site.sign_in("author"), "/diary/new")
    first, second = page.send(), again.send()
    assert first.status_code == second.status_code == 303
    assert first.location == second.location
    assert len(everything(site)["entries"]) == 1


def test_a_draft_saved_between_two_clicks_makes_them_no_two_posts(site: Site, author: Client):
    page = Page(author, "/voice/new")
    page.keep(body="Tea.")
    first = page.send()
    second = page.send(draft_version="7", draft_window="zzz")
    assert first.location == second.location
    assert len(everything(site)["entries"]) == 1


def test_without_a_script_a_button_keeps_it(site: Site, author: Client):
    page = Page(author, "/voice/new")
    answer = page.press(body="Tea, later.")
    assert answer.status_code == 303
    assert answer.location == f"/voice/new?draft={draft_id(site)}"
    shown = author.get(answer.location)
    assert "Saved as a draft." in shown.text
    assert "Tea, later." in shown.text
    assert "Tea, later." in author.get("/drafts").text
    assert "Tea, later." not in author.get("/voice/new?draft=0").text
    assert "Tea, later." not in author.get("/diary/new").text
    empty = Page(author, "/voice/new?draft=0").press(body=" \n")
    assert empty.status_code == 303
    assert "There is nothing to keep yet." in author.get(empty.location).text
    assert count(site) == 1


def test_what_cannot_be_published_can_be_kept(site: Site, author: Client):
    answer = Page(author, "/voice/new").press(body="x" * 500, audience="chosen")
    assert answer.status_code == 303
    assert "x" * 500 in author.get(answer.location).text


def test_a_change_of_an_entry_is_kept_apart_from_what_others_read(site: Site, author: Client):
    entry = site.diary("author", title="Old title", body="Old words.")
    page = Page(author, f"/entries/{entry}/edit")
    assert told(page.keep(body="New words."))["version"] == 1
    assert "Old words." in site.sign_in("friend").get(f"/entries/{entry}").text
    again = Page(site.sign_in("author"), f"/entries/{entry}/edit")
    assert "You are going on with a change that is not saved yet" in again.text
    assert again.fields["body"].strip() == "New words."
    assert f'href="/entries/{entry}/edit"' in author.get("/drafts").text
    assert again.send().status_code == 303
    assert count(site) == 0
    assert "New words." in site.sign_in("friend").get(f"/entries/{entry}").text


def test_r13_a_draft_of_a_change_does_not_overwrite_what_was_saved_since(site: Site, author: Client):
    entry = site.diary("author", title="Title", body="Old words.")
    Page(author, f"/entries/{entry}/edit").keep(body="From the draft.")
    other = Page(author, f"/entries/{entry}/edit", button="Save")
    with site.inside(), writing():
        db.session.query(Draft).delete()
    fresh = Page(author, f"/entries/{entry}/edit")
    fresh.send(body="Saved meanwhile.")
    answer = other.send()
    assert answer.status_code == 409
    assert "From the draft." in answer.text
    assert "Saved meanwhile." in answer.text


def test_an_emptied_draft_and_one_thrown_away_are_gone(site: Site, author: Client):
    page = Page(author, "/diary/new")
    page.keep(title="T", body="Words")
    assert told(page.keep(title="", body=""))["version"] == 0
    assert count(site) == 0
    page.keep(title="T", body="Again")
    answer = author.submit("/drafts", "Throw away")
    assert answer.status_code == 303
    assert count(site) == 0
    assert page.keep(body="More").status_code == 409, "the window that still has it is told"


def test_thrown_away_from_its_page_the_page_is_empty(site: Site, author: Client):
    Page(author, "/diary/new").keep(title="One", body="First")
    Page(author, "/diary/new?draft=0").keep(title="Two", body="Second")
    shown = author.get("/diary/new")
    assert "Second" in shown.text
    form = next(form for form in author.forms(shown) if "Throw the draft away" in form.buttons)
    answer = author.http.post(form.action, data=form.fields, headers={"Referer": "http://localhost/diary/new"})
    assert answer.location == "/diary/new?draft=0"
    assert "First" not in author.get(answer.location).text
    assert "One" in author.get("/drafts").text


# --- two windows (R13) ------------------------------------------------------------------------------------------------


def test_r13_the_later_of_two_windows_is_told_and_overwrites_nothing(any_site: Site):
    any_site.join("author")
    author = any_site.sign_in("author")
    one = Page(author, "/diary/new")
    one.keep(title="T", body="Begun.")
    other = Page(any_site.sign_in("author"), "/diary/new", OTHER_WINDOW)
    assert told(other.keep(body="Begun. In the other window."))["version"] == 2
    answer = one.keep(body="Begun. In this window.")
    assert answer.status_code == 409
    assert told(answer)["other"]["body"] == "Begun. In the other window."
    assert told(answer)["version"] == 2
    assert "In the other window." in author.get("/diary/new").text
    one.fields["draft_version"] = "2"  # "keep this one"
    assert told(one.keep())["version"] == 3
    assert other.keep(body="Once more.").status_code == 409, "and now the other window is told"


def test_r13_without_a_script_the_page_shows_both_texts(site: Site, author: Client):
    one = Page(author, "/diary/new")
    one.press(title="T", body="Begun.")
    one.fields["draft_version"] = "1"
    Page(author, "/diary/new", OTHER_WINDOW).press(body="In the other window.")
    answer = one.press(body="In this window.")
    assert answer.status_code == 409
    assert "In the other window." in answer.text
    assert "In this window." in answer.text
    assert f'href="/diary/new?draft={draft_id(site)}"' in answer.text
    form = next(form for form in author.forms(answer) if "Keep this one" in form.buttons)
    assert author.http.post(one.keeps_at, data=form.fields).status_code == 303
    assert "In this window." in author.get("/diary/new").text


def test_a_window_whose_answer_was_lost_is_not_in_its_own_way(site: Site, author: Client):
    page = Page(author, "/voice/new")
    page.keep(body="One")
    lost = dict(page.fields)
    page.keep(body="One two")
    page.fields = lost
    assert told(page.keep(body="One two three"))["version"] == 3
    again = dict(page.fields, draft_version="1", draft_window=OTHER_WINDOW)
    same = author.http.post("/drafts/voice", data=again, headers=JSON)
    assert told(same)["version"] == 3, "the same words overwrite nothing"


def test_two_first_savings_of_one_form_make_one_draft(any_site: Site):
    any_site.join("author")
    given = {"kind": "voice", "nonce": "n" * 22, "entry_id": None, "version": 0}
    made = any_site.do(keep_draft, "author", typed={"body": ["One"]}, window=WINDOW, **given)
    assert any_site.do(keep_draft, "author", typed={"body": ["One"]}, window=OTHER_WINDOW, **given) == made
    with pytest.raises(Overtaken):
        any_site.do(keep_draft, "author", typed={"body": ["Two"]}, window=OTHER_WINDOW, **given)


# --- nobody else (S14, S15, S18) --------------------------------------------------------------------------------------


def test_s18_a_draft_of_somebody_else_is_missing(site: Site, author: Client):
    entry = site.diary("author", "friends")
    Page(author, "/diary/new").keep(title="Kakihazushi", body="Kakihazushi")
    mine = draft_id(site)
    Page(author, f"/entries/{entry}/edit").keep(body="Kakihazushi")
    before = everything(site)
    for who in ("friend", "stranger", "host", "blocked"):
        client = site.sign_in(who)
        assert plainly(client.get(f"/diary/new?draft={mine}")) == plainly(client.get(f"/diary/new?draft={MISSING_ID}"))
        here, missing = (client.post(f"/drafts/{number}/discard") for number in (mine, MISSING_ID))
        assert here.status_code == missing.status_code == 404
        assert plainly(here) == plainly(missing)
        assert client.post(f"/entries/{entry}/draft", {"body": "x"}).status_code in (403, 404)
        for page in ("/drafts", "/diary/new", "/voice/new", f"/entries/{entry}", "/@author"):
            assert "Kakihazushi" not in client.get(page).text
    assert everything(site)["drafts"] == before["drafts"]
    for address in ("/drafts", f"/diary/new?draft={mine}"):
        assert site.client().get(address).status_code == 303


@pytest.mark.parametrize("wanted", ["x", "-1", "1.0", "9" * 40, "", "٣"])
def test_an_odd_draft_is_missing(author: Client, wanted: str):
    assert author.get("/diary/new", query_string={"draft": wanted}).status_code == 404


def test_a_draft_opens_only_the_page_that_it_is_for(site: Site, author: Client):
    Page(author, "/diary/new").keep(title="T", body="Words")
    assert author.get(f"/voice/new?draft={draft_id(site)}").status_code == 404
    assert author.post("/drafts/nothing", {"body": "x"}).status_code == 404


def test_a_draft_goes_with_its_entry(site: Site, author: Client):
    entry = site.diary("author", title="Of the entry")
    Page(author, f"/entries/{entry}/edit").keep(body="Changed")
    author.submit(f"/entries/{entry}/delete", "Delete")
    assert "Of the entry" not in author.get("/drafts").text
    assert author.post(f"/entries/{entry}/draft", {"body": "x"}).status_code == 404


def test_drafts_go_with_their_author(site: Site, author: Client):
    Page(author, "/diary/new").keep(title="T", body="Words")
    with site.inside(), writing():
        forget_drafts_of(site.ids["friend"])
    assert count(site) == 1
    with site.inside(), writing():
        forget_drafts_of(site.ids["author"])
    assert count(site) == 0


# --- bounds and odd text (S42, S44) -----------------------------------------------------------------------------------


def test_s44_there_is_room_for_fifty_and_no_draft_is_pushed_out(site: Site, author: Client):
    with site.inside(), writing():
        for number in range(MOST_DRAFTS):
            given = {"nonce": f"n{number}", "content": json.dumps({"body": ["x"]}), "saved_at": clock.now()}
            db.session.add(Draft(author_id=site.ids["author"], kind="voice", **given))
    page = Page(author, "/diary/new")
    answer = page.keep(title="T", body="One too many")
    assert answer.status_code == 422
    assert "throw one away" in told(answer)["words"]
    shown = page.press()
    assert shown.status_code == 422
    assert "One too many" in shown.text, "what was typed is kept on the page"
    assert count(site) == MOST_DRAFTS
    assert author.get("/drafts").text.count("Throw away:") == MOST_DRAFTS


def test_s44_too_long_is_refused_and_kept_on_the_page(site: Site, author: Client):
    page = Page(author, "/diary/new")
    answer = page.keep(title="T", body="x" * CONTENT_LENGTH)
    assert answer.status_code == 422
    assert told(answer)["words"] == "This is too long to be kept as a draft."
    assert page.press().status_code == 422
    assert count(site) == 0


def test_s42_odd_text_is_cleaned_or_refused(any_site: Site):
    any_site.join("author")
    page = Page(any_site.sign_in("author"), "/diary/new")
    for bad in ("a\0b", "x\uffff"):
        assert page.keep(title="T", body=bad).status_code == 422
        assert page.press().status_code == 422
    assert page.keep(body="a\u202eb <script>alert(1)</script>").status_code == 200
    (row,) = everything(any_site)["drafts"]
    assert "\u202e" not in repr(row)
    shown = Page(any_site.sign_in("author"), "/diary/new").text
    assert "<script>alert(1)" not in shown
    assert "<script>alert(1)" not in any_site.sign_in("author").get("/drafts").text


def test_s16_a_draft_holds_only_what_its_form_has(site: Site, author: Client):
    Page(author, "/voice/new").keep(body="Tea", author_id="1", saved_at="2000-01-01", is_host="y")
    with site.inside():
        draft = db.session.query(Draft).one()
        assert set(draft.typed) == {"body", "audience"}
        assert draft.author_id == site.ids["author"]
        assert clock.now() - draft.saved_at < timedelta(minutes=5)

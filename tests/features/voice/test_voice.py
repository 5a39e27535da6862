"""A short word: three hundred characters as people count them."""

import pytest

from tests.app.everywhere import everything

FAMILY = "👩\u200d👩\u200d👧\u200d👦"


@pytest.mark.parametrize("page", ["/", "/voice/new"])
def test_a_voice_is_posted_from_home_and_from_its_own_page(site, cast, page):
    author = site.sign_in("author")
    answer = author.submit(page, "Post", body="The tea is ready.\nCome.", audience="friends")
    assert answer.headers["Location"] == "/"
    assert "The tea is ready.<br>Come." in author.get("/").text
    assert "The tea is ready." in site.sign_in("friend").get("/").text
    assert "The tea is ready." not in site.sign_in("stranger").get("/").text


@pytest.mark.parametrize("letter", ["x", "柿", "が", FAMILY, "🇯🇵", "e\u0301"])
def test_three_hundred_characters_are_three_hundred_for_everybody(site, cast, letter):
    author = site.sign_in("author")
    token = author.csrf_token()
    sent = {"csrf_token": token, "audience": "friends"}
    if letter != FAMILY:  # three hundred families are more code points than there is room for: see S44
        assert author.http.post("/voice/new", data={**sent, "body": letter * 300}).status_code == 303
    answer = author.http.post("/voice/new", data={**sent, "body": letter * 301})
    assert answer.status_code == 422
    assert "300" in answer.text


def test_a_voice_that_is_refused_is_kept_with_its_audience(site, cast):
    author = site.sign_in("author")
    before = everything(site)
    answer = author.submit("/", "Post", body="x" * 305, audience="members")
    assert answer.status_code == 422
    assert "5" in answer.text
    form = next(f for f in author.forms(answer) if "Post" in f.buttons)
    assert form.fields["body"].strip() == "x" * 305
    assert form.fields["audience"] == "members"
    assert everything(site) == before


def test_a_voice_is_changed_and_says_so(site, cast):
    entry = site.voice("author", "friends", body="Teh tea.")
    author = site.sign_in("author")
    assert author.submit(f"/entries/{entry}/edit", "Save", body="The tea.").status_code == 303
    page = site.sign_in("friend").get(f"/entries/{entry}").text
    assert "The tea." in page
    assert "dited" in page
    (row,) = (row for row in everything(site)["entries"] if row[0] == entry)
    assert "friends" in row

"""Language and lamp: kept with the member, and in the browser of who is not signed in."""

import pytest

from tests.app.everywhere import everything


def test_a_member_keeps_the_language_in_every_browser(site, cast):
    client = site.sign_in("author")
    answer = client.post("/preferences/language", {"language": "ja"}, headers={"Referer": "http://localhost/friends"})
    assert answer.headers["Location"] == "/friends"
    assert 'lang="ja"' in site.sign_in("author").get("/friends").text
    assert 'lang="en"' in site.sign_in("friend").get("/friends").text


def test_somebody_signed_out_keeps_it_in_the_browser_and_nothing_is_written(site, cast):
    client = site.client()
    before = everything(site)
    client.post("/preferences/language", {"language": "ja"})
    client.post("/preferences/theme", {"theme": "dark"})
    page = client.get("/").text
    assert 'lang="ja"' in page
    assert 'data-theme="dark"' in page
    assert everything(site) == before


@pytest.mark.parametrize(("theme", "words"), [("dark", 'data-theme="dark"'), ("light", 'data-theme="light"')])
def test_the_lamp_stays_as_it_was_left_and_auto_follows_the_device(site, cast, theme, words):
    client = site.sign_in("author")
    client.post("/preferences/theme", {"theme": theme})
    assert words in client.get("/friends").text
    client.post("/preferences/theme", {"theme": "auto"})
    assert words not in client.get("/friends").text


@pytest.mark.parametrize("value", ["", "fr", "EN", "en\0", "../ja", '"><script>', "x" * 5000])
def test_what_is_not_offered_is_not_there(site, cast, value):
    client = site.sign_in("author")
    before = everything(site)
    assert client.post("/preferences/language", {"language": value}).status_code == 404
    assert client.post("/preferences/theme", {"theme": value}).status_code == 404
    assert everything(site) == before


@pytest.mark.parametrize("value", ['"><script>alert(1)</script>', 'dark" onload="alert(1)', "é", "x" * 3000])
def test_a_forged_cookie_writes_nothing_into_the_page(site, value):
    client = site.client()
    client.http.set_cookie("mixlite-theme", value)
    client.http.set_cookie("mixlite-language", value)
    page = client.get("/")
    assert page.status_code == 200
    assert "alert(1)" not in page.text.replace("&lt;", "").split("<body")[0] or "<script>alert" not in page.text
    assert 'onload="alert' not in page.text

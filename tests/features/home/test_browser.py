"""Home in a browser: it goes on by itself and comes back, likes are taken back, keys, the mark, the manifest."""

import gzip
import json
import re

import pytest
from playwright.sync_api import expect

from mixlite.core.db import db
from mixlite.features.home import feed as feeds
from mixlite.features.home.models import FeedMark
from tests.support.browser import DESKTOP, PHONE, assert_accessible, assert_clean, wait_until
from tests.support.live import answering, come_in

MOST_BYTES = 30 * 1024


@pytest.fixture
def house(site):
    """A member with a friend who writes a lot; the address of the house."""
    site.join("host")
    site.join("friend", "host")
    with answering(site) as address:
        yield site, address


def write(site, many, *, words="Number"):
    return [site.voice("friend", body=f"{words} {number}.") for number in range(many)]


def mark_in(site):
    with site.inside():
        return db.session.get(FeedMark, site.ids["host"])


# ---- the mark


@pytest.mark.parametrize("javascript", [True, False])
def test_the_mark_moves_by_looking_at_the_end_or_by_the_button(house, new_context, javascript):
    site, address = house
    write(site, 12)
    page = come_in(new_context(javascript=javascript, viewport=PHONE), address, "host")
    expect(page.locator(".item.unread")).to_have_count(12)
    assert mark_in(site) is None
    if javascript:
        page.locator("[data-read-mark]").scroll_into_view_if_needed()
        expect(page.get_by_text("Marked as read")).to_be_visible()
    else:
        page.get_by_role("button", name="Mark as read").click()
    assert mark_in(site) is not None
    page.goto(f"{address}/")
    expect(page.locator(".item.unread")).to_have_count(0)
    assert_clean(page)


def test_a_glance_is_no_reading(house, new_context):
    site, address = house
    write(site, 12)
    page = come_in(new_context(viewport=PHONE), address, "host")
    page.wait_for_timeout(2000)
    page.locator("[data-read-mark]").scroll_into_view_if_needed()
    page.wait_for_timeout(300)
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_timeout(2000)
    assert mark_in(site) is None


# ---- going on, and coming back


def test_the_feed_goes_on_for_three_pages_and_back_returns_to_the_place(house, new_context, monkeypatch):
    monkeypatch.setattr(feeds, "PER_PAGE", 10)
    site, address = house
    write(site, 60)
    page = come_in(new_context(viewport=PHONE), address, "host")
    for many in (20, 30, 40):
        page.locator(".feed-end").scroll_into_view_if_needed()
        expect(page.locator(".item")).to_have_count(many)
    page.locator(".foot").scroll_into_view_if_needed()
    page.wait_for_timeout(500)
    expect(page.locator(".item")).to_have_count(40)  # the foot can be reached, and the link goes on
    expect(page.locator(".feed-end a[rel=next]")).to_have_count(1)
    expect(page.locator(".feed-day")).to_have_count(1)  # one day, one slip, over four pages
    item = page.locator(".item").nth(33)
    item.scroll_into_view_if_needed()
    box = item.bounding_box()
    assert box is not None
    name, top = item.get_attribute("id"), box["y"]
    site.voice("friend", body="While I was away.")
    item.locator(".moment").click()
    page.wait_for_url("**/entries/*")
    page.go_back()
    expect(page.locator(f"#{name}")).to_be_attached()
    wait_until(page, f"() => Math.abs(document.getElementById('{name}').getBoundingClientRect().top - {top}) < 4")
    ids = page.locator(".item").evaluate_all("all => all.map((each) => each.id)")
    assert len(ids) == len(set(ids))
    assert_clean(page)


def test_without_javascript_there_are_pages(house, new_context, monkeypatch):
    monkeypatch.setattr(feeds, "PER_PAGE", 10)
    site, address = house
    write(site, 25)
    page = come_in(new_context(javascript=False), address, "host")
    seen = []
    while True:
        seen += page.locator(".item").evaluate_all("all => all.map((each) => each.id)")
        if not page.locator("a[rel=next]").count():
            break
        page.click("a[rel=next]")
    assert len(seen) == len(set(seen)) == 25


def test_nothing_that_was_written_is_kept_in_the_browser(house, new_context):
    site, address = house
    write(site, 20, words="Zzyzx")
    page = come_in(new_context(viewport=PHONE), address, "host")
    page.evaluate("scrollTo(0, 900)")
    page.locator(".item .moment").nth(8).click()
    page.wait_for_url("**/entries/*")
    kept = page.evaluate("JSON.stringify({...sessionStorage, ...localStorage})")
    assert "feed" in kept
    assert "Zzyzx" not in kept


# ---- a like


def test_a_like_shows_at_once_and_is_taken_back_when_it_did_not_arrive(house, new_context):
    site, address = house
    (entry,) = write(site, 1)
    page = come_in(new_context(), address, "host")
    button = page.locator(f"#e{entry}").get_by_role("button", name=re.compile("Like"))
    with page.expect_response("**/like"):
        button.click()
        expect(button).to_have_attribute("aria-pressed", "true")
        expect(button).to_contain_text("1")
    page.reload()
    expect(button).to_have_attribute("aria-pressed", "true")
    page.route("**/like/remove", lambda route: route.abort())
    button.click()
    expect(page.locator(".announcement")).to_contain_text("did not reach the house")
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(button).to_contain_text("1")
    page.unroute("**/like/remove")
    with page.expect_response("**/like/remove"):
        button.click()
        expect(button).to_have_attribute("aria-pressed", "false")
    page.reload()
    expect(button).to_have_attribute("aria-pressed", "false")


def test_a_like_of_somebody_who_is_signed_out_meanwhile_is_taken_back(house, new_context):
    site, address = house
    (entry,) = write(site, 1)
    context = new_context()
    page = come_in(context, address, "host")
    context.clear_cookies()
    button = page.locator(f"#e{entry}").get_by_role("button", name=re.compile("Like"))
    button.click()
    expect(page.locator(".announcement")).to_contain_text("did not reach the house")
    expect(button).to_have_attribute("aria-pressed", "false")


def test_on_the_page_of_an_entry_the_names_come_with_the_like(house, new_context):
    site, address = house
    (entry,) = write(site, 1)
    page = come_in(new_context(), address, "host")
    page.goto(f"{address}/entries/{entry}")
    page.locator(".likes").get_by_role("button", name="Like").click()
    expect(page.locator(".like-words")).to_contain_text("Host likes this")
    page.locator(".likes").get_by_role("button", name="Like").click()
    expect(page.locator(".like-words")).to_contain_text("Nobody yet")
    assert_clean(page)


# ---- keys


def test_single_keys_go_through_the_feed_and_can_be_switched_off(house, new_context):
    site, address = house
    entries = write(site, 5)
    page = come_in(new_context(), address, "host")
    focused = "document.activeElement.id"
    page.keyboard.press("j")
    assert page.evaluate(focused) == f"e{entries[4]}"
    page.keyboard.press("j")
    assert page.evaluate(focused) == f"e{entries[3]}"
    page.keyboard.press("k")
    assert page.evaluate(focused) == f"e{entries[4]}"
    page.keyboard.press("Control+j")
    page.keyboard.press("Alt+k")
    assert page.evaluate(focused) == f"e{entries[4]}"
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    assert_accessible(page)
    page.keyboard.press("j")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert page.evaluate(focused) == f"e{entries[4]}"  # the focus came back
    page.keyboard.press("n")
    page.keyboard.type("jnh?")
    assert page.locator(".voice-form textarea").input_value() == "jnh?"
    page.locator(".brand").focus()
    page.goto(f"{address}/friends")
    page.keyboard.press("h")
    page.wait_for_url(f"{address}/")
    page.goto(f"{address}/preferences")
    page.get_by_role("button", name="Off").click()
    expect(page.get_by_role("button", name="Off")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("h")
    page.keyboard.press("?")
    page.wait_for_timeout(300)
    assert "/preferences" in page.url
    expect(page.locator("#keys")).to_have_count(0)
    assert_clean(page)


# ---- what is new meanwhile


def test_an_open_page_says_what_is_new_and_stops_when_signed_out(house, new_context):
    site, address = house
    write(site, 2)
    context = new_context()
    context.clock.install()
    page = come_in(context, address, "host")
    title = page.title()
    write(site, 3)
    with page.expect_response("**/new?*"):
        context.clock.fast_forward(61_000)
    link = page.get_by_role("link", name="3 new entries")
    expect(link).to_be_visible()
    assert page.title() == title
    with page.expect_response("**/new?*") as again:
        context.clock.fast_forward(90_000)
    assert again.value.status == 304
    context.clear_cookies()
    with page.expect_response("**/new?*"):
        context.clock.fast_forward(200_000)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/new?" in request.url else None)
    context.clock.fast_forward(3_600_000)
    page.wait_for_timeout(300)
    assert asked == []


# ---- a house on the phone's first page, and what it weighs


def test_the_manifest_is_one_that_a_phone_takes(house, new_context):
    _site, address = house
    context = new_context(viewport=PHONE)
    page = come_in(context, address, "host")
    answer = context.new_cdp_session(page).send("Page.getAppManifest")
    assert answer["errors"] == []
    manifest = json.loads(answer["data"])
    assert manifest["name"]
    assert (manifest["start_url"], manifest["display"]) == ("/", "standalone")
    for icon in manifest["icons"]:
        found = page.request.get(address + icon["src"])
        assert found.headers["content-type"] == "image/png"
        width, height = (int.from_bytes(found.body()[at : at + 4]) for at in (16, 20))
        assert icon["sizes"] == f"{width}x{height}"
    assert {icon.get("purpose", "any") for icon in manifest["icons"]} == {"any", "maskable"}
    failures = context.new_cdp_session(page).send("Page.getInstallabilityErrors")["installabilityErrors"]
    assert [each["errorId"] for each in failures] in ([], ["in-incognito"])


def test_reading_pages_carry_little(house, new_context):
    """What a browser fetches for home and for an entry, as it travels: at most 30 kB of style and script."""
    site, address = house
    (entry,) = write(site, 1)
    page = come_in(new_context(), address, "host")
    fetched: set[str] = set()
    page.on("request", lambda request: fetched.add(request.url))
    for path in ("/", f"/entries/{entry}"):
        fetched.clear()
        page.goto(address + path)
        page.wait_for_load_state("networkidle")
        files = [url.removeprefix(address) for url in fetched if url.endswith((".css", ".js"))]
        weight = sum(len(gzip.compress(site.app.test_client().get(each).data, 9)) for each in files)
        assert {each.rpartition(".")[2] for each in files} == {"css", "js"}, "each kind is joined into one file"
        assert weight <= MOST_BYTES, (path, weight)


@pytest.mark.parametrize("locale", ["en", "ja"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_home_with_all_its_states_is_accessible(house, new_context, locale, scheme, viewport):
    site, address = house
    write(site, 3)
    page = come_in(new_context(color_scheme=scheme, viewport=viewport), address, "host")
    if locale == "ja":
        page.locator(".language button").click()
    assert_accessible(page)
    page.get_by_role("button", name=re.compile("Mark as read|読んだ")).click()
    assert_accessible(page)
    page.goto(f"{address}/preferences")
    assert_accessible(page)
    assert_clean(page)

"""Writing in a browser: a draft outlives the browser, two windows meet, and people are completed while typing."""

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import DESKTOP, PHONE, assert_accessible, assert_clean
from tests.support.live import come_in
from tests.support.site import Site, gather

SAVED = "Saved at"
REFUSED = (r"409 \(CONFLICT\)",)  # the browser's own word on an answer that was meant to be so
SIZES = pytest.mark.parametrize(("viewport", "scheme"), [(PHONE, "dark"), (DESKTOP, "light")], ids=["390", "1280"])


def kept(page: Page) -> None:
    expect(page.locator(".draft-keeping [role=status]")).to_contain_text(SAVED)


def looks_right(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{page.url} scrolls sideways"
    assert_accessible(page)


@SIZES
def test_a_draft_outlives_a_killed_browser_and_is_on_the_next_device(
    site: Site, address, new_context, viewport, scheme
):
    gather(site)
    context = new_context(viewport=viewport, color_scheme=scheme)
    page = come_in(context, address, "author")
    page.goto(f"{address}/diary/new")
    page.fill("[name=title]", "On the pier")
    page.locator("[name=body]").press_sequentially("The boats came in at six.")
    page.locator("[name=audience][value=members]").check()
    kept(page)
    looks_right(page)
    assert_clean(page)
    context.close()  # no farewell: whatever was not kept by now is lost

    other = come_in(new_context(viewport=viewport, color_scheme=scheme), address, "author")
    other.goto(f"{address}/diary/new")
    expect(other.get_by_text("You are going on with a draft of")).to_be_visible()
    expect(other.locator("[name=body]")).to_have_value("The boats came in at six.")
    expect(other.locator("[name=audience][value=members]")).to_be_checked()
    looks_right(other)
    other.locator("[name=body]").press_sequentially(" All of them.")
    kept(other)
    other.get_by_role("button", name="Publish").click()
    expect(other.get_by_role("heading", name="On the pier")).to_be_visible()
    other.goto(f"{address}/drafts")
    expect(other.get_by_text("No drafts")).to_be_visible()
    looks_right(other)
    assert_clean(other)


@SIZES
def test_r13_two_windows_show_both_texts_and_one_is_chosen(site: Site, address, new_context, viewport, scheme):
    gather(site)
    context = new_context(viewport=viewport, color_scheme=scheme)
    one = come_in(context, address, "author")
    one.goto(f"{address}/diary/new")
    one.fill("[name=title]", "Twice")
    one.fill("[name=body]", "Begun.")
    kept(one)
    two = context.new_page()
    two.goto(f"{address}/diary/new")
    two.fill("[name=body]", "In the second window.")
    kept(two)
    one.fill("[name=body]", "In the first window.")
    choice = one.locator(".two-texts")
    expect(choice).to_be_visible()
    expect(choice.locator("[data-text=mine]")).to_contain_text("In the first window.")
    expect(choice.locator("[data-text=other]")).to_contain_text("In the second window.")
    looks_right(one)
    one.locator("[name=body]").press_sequentially(" Still typing.")
    choice.get_by_role("button", name="Keep this one").click()
    expect(choice).to_be_hidden()
    kept(one)

    two.locator("[name=body]").press_sequentially(" More.")
    expect(two.locator(".two-texts [data-text=other]")).to_contain_text("In the first window. Still typing.")
    two.locator(".two-texts").get_by_role("link", name="Take that one").click()
    expect(two.locator("[name=body]")).to_have_value("In the first window. Still typing.")
    two.get_by_role("button", name="Publish").click()
    expect(two.get_by_role("heading", name="Twice")).to_be_visible()

    one.locator("[name=body]").press_sequentially(" Too late.")
    expect(choice).to_be_visible()
    expect(choice.get_by_text("In another window this was published or thrown away.")).to_be_visible()
    expect(choice.locator(".of-other")).to_be_hidden()
    choice.get_by_role("button", name="Keep this one").click()
    kept(one)
    one.goto(f"{address}/drafts")
    expect(one.get_by_role("link", name="Twice")).to_be_visible()
    assert_clean(one, allow=REFUSED)


@SIZES
def test_what_is_begun_on_home_is_kept_gone_on_with_and_thrown_away(site: Site, address, new_context, viewport, scheme):
    gather(site)
    context = new_context(viewport=viewport, color_scheme=scheme)
    page = come_in(context, address, "author")
    expect(page.get_by_role("button", name="Save as draft")).to_be_hidden()  # there is nothing to keep
    page.locator(".voice-form [name=audience]").select_option("members")
    page.locator(".voice-form [name=body]").press_sequentially("The kettle is on.")
    kept(page)
    looks_right(page)
    context.close()

    context = new_context(viewport=viewport, color_scheme=scheme)
    page = come_in(context, address, "author")
    expect(page.get_by_text("You are going on with a draft of")).to_be_visible()
    expect(page.locator(".voice-form [name=body]")).to_have_value("The kettle is on.")
    expect(page.locator(".voice-form [name=audience]")).to_have_value("members")
    looks_right(page)
    other = context.new_page()
    other.goto(f"{address}/")
    other.locator(".voice-form [name=body]").fill("The kettle is on. Come over.")
    kept(other)
    page.locator(".voice-form [name=body]").fill("The kettle is on. Bring cups.")
    expect(page.locator(".two-texts [data-text=other]")).to_contain_text("Come over.")
    looks_right(page)
    page.get_by_role("button", name="Keep this one").click()
    kept(page)
    page.get_by_role("button", name="Post").click()
    page.wait_for_url(f"{address}/")
    expect(page.locator(".item").first).to_contain_text("The kettle is on. Bring cups.")
    expect(page.locator(".voice-form [name=body]")).to_have_value("")

    page.locator(".voice-form [name=body]").press_sequentially("Never mind.")
    kept(page)
    page.reload()
    looks_right(page)
    page.get_by_role("button", name="Throw the draft away").click()
    expect(page.locator(".voice-form [name=body]")).to_have_value("")
    page.goto(f"{address}/drafts")
    expect(page.get_by_text("No drafts")).to_be_visible()
    assert_clean(page, allow=REFUSED)


def test_home_keeps_a_draft_by_its_button_without_javascript(site: Site, address, new_context):
    gather(site)
    page = come_in(new_context(viewport=PHONE, javascript=False), address, "author")
    page.locator(".voice-form [name=body]").fill("The kettle is on.")
    page.get_by_role("button", name="Save as draft").click()
    expect(page.locator("[name=body]")).to_have_value("The kettle is on.")
    assert "/voice/new" in page.url
    page.goto(f"{address}/")
    expect(page.locator(".voice-form [name=body]")).to_have_value("The kettle is on.")
    page.get_by_role("link", name="Begin with an empty page").click()
    expect(page.locator(".voice-form [name=body]")).to_have_value("")


def test_a_change_of_an_entry_is_kept_too(site: Site, address, new_context):
    gather(site)
    entry = site.voice("author", body="The tea.")
    page = come_in(new_context(viewport=PHONE), address, "author")
    page.goto(f"{address}/entries/{entry}/edit")
    page.fill("[name=body]", "The tea is ready.")
    kept(page)
    page.reload()
    expect(page.locator("[name=body]")).to_have_value("The tea is ready.")
    page.get_by_role("button", name="Throw the draft away").click()
    expect(page.locator("[name=body]")).to_have_value("The tea.")
    assert_clean(page)


def test_without_a_network_it_says_so_and_tries_again(site: Site, address, new_context):
    gather(site)
    context = new_context()
    page = come_in(context, address, "author")
    page.goto(f"{address}/voice/new")
    context.set_offline(True)
    page.fill("[name=body]", "On the train.")
    status = page.locator(".draft-keeping [role=status]")
    expect(status).to_contain_text("Not saved yet")
    context.set_offline(False)
    page.get_by_role("button", name="Save as draft").click()
    kept(page)
    assert page.url.endswith("/voice/new"), "the button keeps it without leaving the page"
    assert_clean(page, allow=["ERR_INTERNET_DISCONNECTED"])


@SIZES
def test_people_are_completed_with_the_keyboard_and_with_the_mouse(site: Site, address, new_context, viewport, scheme):
    gather(site)
    site.befriend("author", "stranger")
    entry = site.voice("author", body="Who comes?")
    page = come_in(new_context(viewport=viewport, color_scheme=scheme), address, "author")
    page.goto(f"{address}/diary/new")
    page.fill("[name=title]", "Together")
    body, list_ = page.locator("[name=body]"), page.locator(".writing [role=listbox]")
    body.press_sequentially("With @")
    expect(list_.get_by_role("option")).to_have_count(2)
    looks_right(page)
    body.press_sequentially("stran")
    expect(list_.get_by_role("option")).to_have_count(1)
    body.press("Enter")
    expect(body).to_have_value("With @stranger ")
    expect(list_).to_be_hidden()
    body.press_sequentially("and @")
    expect(list_.get_by_role("option")).to_have_count(2)
    body.press("ArrowDown")
    body.press("Escape")
    expect(list_).to_be_hidden()
    body.press_sequentially("fr")
    list_.get_by_role("option", name="Friend").click()
    expect(body).to_have_value("With @stranger and @friend ")
    page.get_by_role("button", name="Publish").click()
    expect(page.locator(".prose a")).to_have_text(["@stranger", "@friend"])

    page.goto(f"{address}/entries/{entry}")
    page.locator("[name=body]").press_sequentially("今日は@fri")
    expect(page.locator(".comment-form [role=option]")).to_have_count(1)
    page.keyboard.press("Tab")
    expect(page.locator("[name=body]")).to_have_value("今日は@friend ")
    looks_right(page)
    assert_clean(page)

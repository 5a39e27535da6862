"""Leaving and coming back, walked in a browser: on a desk in English, on a phone in Japanese."""

import re

import pytest
from playwright.sync_api import expect

from tests.support.browser import DESKTOP, PHONE, assert_accessible, assert_clean
from tests.support.site import PASSWORD


@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    ("locale", "viewport", "scheme"), [("en", DESKTOP, "light"), ("ja", PHONE, "dark")], ids=["desk", "phone"]
)
def test_leave_and_come_back(site, address, new_context, locale, viewport, scheme):
    site.join("rosa")
    site.join("hana", "rosa", language=locale, name="森 はな")
    page = new_context(locale=locale, viewport=viewport, color_scheme=scheme).new_page()

    def sign_in() -> None:
        page.goto(f"{address}/sign-in")
        page.fill("[name=login]", "hana")
        page.fill("[name=password]", PASSWORD)
        page.locator("form:has([name=login]) button.main").click()

    sign_in()
    page.goto(f"{address}/settings/account")
    page.locator("a[href='/settings/account/leave']").click()
    expect(page.locator("h1")).to_be_visible()
    assert_accessible(page)
    page.wait_for_load_state()
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    page.fill("[name=password]", "not this one")
    page.locator("form:has([name=password]) button.danger").click()
    expect(page.locator(".note.problem")).to_be_visible()
    page.fill("[name=password]", PASSWORD)
    page.locator("form:has([name=password]) button.danger").click()
    expect(page).to_have_url(re.compile(r"/left$"))
    assert_accessible(page)

    rosa = new_context(locale="en").new_page()
    rosa.goto(f"{address}/@hana")
    expect(rosa.get_by_text("森 はな")).to_have_count(0)

    sign_in()
    expect(page).to_have_url(re.compile(r"/come-back$"))
    expect(page.get_by_text("森 はな")).to_be_visible()
    assert_accessible(page)
    page.wait_for_load_state()
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    page.locator("form[action='/come-back'] button").click()
    expect(page).to_have_url(re.compile(r"/$"))
    page.goto(f"{address}/@hana")
    expect(page.locator("main").get_by_text("森 はな").first).to_be_visible()
    assert_clean(page)

"""The pages of a profile in a browser: whole at both widths, by day and by night, and axe finds nothing."""

import re

import pytest
from playwright.sync_api import expect

from mixlite.features.profiles.verbs import add_free_fact, state_fact
from mixlite.features.reading.verbs import favour
from mixlite.policy.visibility import visible_entry
from tests.support.browser import DESKTOP, PHONE, assert_accessible, assert_clean
from tests.support.site import PASSWORD, Site

LOOKS = pytest.mark.parametrize(
    ("language", "scheme", "viewport"),
    [("en", "light", PHONE), ("ja", "dark", PHONE), ("en", "dark", DESKTOP), ("ja", "light", DESKTOP)],
)
PAGES = (
    "/@aki",
    "/@aki/diary",
    "/@aki/favourites",
    "/settings/profile",
    "/settings/profile/facts/birthday",
    "/settings/profile/facts/interests",
    "/settings/profile/facts/friends",
    "/settings/profile/facts/free",
)


@pytest.fixture
def house(site: Site) -> Site:
    """Aki, who says a lot of herself, and Rosa, a friend."""
    site.join("rosa", name="Rosa Delgado")
    site.join("aki", "rosa", name="佐藤 亜希")
    for kind, value, audience in (
        ("reading", "さとう あき", "members"),
        ("place", "Kawagoe, above a stationery shop", "friends"),
        ("interests", "長いロープ、短い会議、万年筆、よその猫。" * 5, "friends_of_friends"),
        ("work", "A library, third floor", "only_me"),
    ):
        site.do(state_fact, "aki", kind, value=value, audience=audience)
    site.do(add_free_fact, "aki", label="Pneumonoultramicroscopicsilico", value="x" * 120, audience="friends")
    entry = site.diary("rosa", "members", title="The long table")
    site.do(lambda member: favour(member, visible_entry(member, entry)), "aki")
    site.diary("aki", "friends", title="祖母の縁側で、柿をむく")
    return site


def sign_in(page, address, handle):
    page.goto(f"{address}/sign-in")
    page.fill("[name=login]", handle)
    page.fill("[name=password]", PASSWORD)
    page.locator("form:has([name=password]) button.main").click()
    page.wait_for_url(f"{address}/")


@LOOKS
def test_the_pages_of_a_profile_are_whole_and_accessible(house, address, new_context, language, scheme, viewport):
    page = new_context(locale=language, color_scheme=scheme, viewport=viewport).new_page()
    sign_in(page, address, "aki")
    for path in PAGES:
        page.goto(address + path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{path} scrolls sideways"
        assert_accessible(page)
    assert_clean(page)


@pytest.mark.parametrize("has_scripts", [True, False])
def test_a_birthday_is_said_corrected_and_read_by_a_friend_on_home(house, address, new_context, has_scripts):
    context = new_context(viewport=PHONE, javascript=has_scripts)
    page = context.new_page()
    sign_in(page, address, "aki")
    page.goto(f"{address}/settings/profile")
    page.get_by_role("link", name=re.compile("Add.*Birthday")).click()
    page.get_by_label("Month").select_option("2")
    page.get_by_label("Day of the month").fill("30")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("There is no such day in that month.")
    expect(page.get_by_label("Day of the month")).to_have_value("30")
    page.get_by_label("Day of the month").fill("２９")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#facts")).to_contain_text("29 February")
    page.goto(f"{address}/sign-in")
    context.clear_cookies()
    sign_in(page, address, "rosa")
    page.goto(f"{address}/@aki")
    expect(page.locator(".about-lines")).to_contain_text("29 February")
    expect(page.locator(".about-lines")).not_to_contain_text("A library")
    expect(page.locator("h1 rt").first).to_have_text("さとう")

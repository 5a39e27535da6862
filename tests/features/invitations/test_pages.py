"""Every page of this room in a browser: whole at both widths, by day and by night, and axe finds nothing."""

import os

import pytest
from playwright.sync_api import expect

from mixlite.core.db import writing
from mixlite.people.circle import the_circle
from tests.support.browser import DESKTOP, PHONE, assert_accessible, assert_clean
from tests.support.site import PASSWORD, Site

JAPANESE = "亜希さん、こんばんは。\n\n前に話した場所です。急がなくていいので、のぞいてみてください。"


def sign_in(page, address, handle):
    page.goto(f"{address}/sign-in")
    page.fill("[name=login]", handle)
    page.fill("[name=password]", PASSWORD)
    page.locator("form:has([name=password]) button.main").click()


def fill_house(site: Site, language: str) -> None:
    """A small tree, a guest in their first hour, an empty place in the middle, tickets in every state."""
    site.join("hana", language=language, name="森 はな")
    for handle, inviter, name in (
        ("rosa", "hana", "Rosa Delgado"),
        ("ken", "hana", "Ken Watanabe"),
        ("emi", "rosa", "Emi Sato"),
        ("tom", "emi", "Tom Okafor"),
        ("aki", "emi", "佐藤 亜希"),
        ("jun", "tom", "Jun"),
        ("leo", "rosa", "Leo Marchetti"),
    ):
        site.join(handle, inviter, language=language, name=name)
    with site.inside(), writing():
        site.member("emi").status = "suspended"
        the_circle().welcome = (
            "はじめまして。\n\n靴を脱いで、どうぞ。" if language == "ja" else "Take your shoes off.\n\nTea is at four."
        )


LOOKS = pytest.mark.parametrize(
    ("language", "scheme", "viewport"),
    [("en", "light", PHONE), ("ja", "dark", PHONE), ("en", "dark", DESKTOP), ("ja", "light", DESKTOP)],
)


@LOOKS
def test_the_inviters_pages_are_whole_and_accessible(
    site: Site, address: str, new_context, language, scheme, viewport
) -> None:
    fill_house(site, language)
    context = new_context(locale=language, color_scheme=scheme, viewport=viewport)
    page = context.new_page()
    sign_in(page, address, "rosa")
    page.goto(f"{address}/invitations")
    page.fill("[name=letter]", JAPANESE)
    page.fill("[name=email]", "tomoko@example.org")
    page.locator("form:has([name=letter]) button").click()
    page.locator(".ticket-qr summary").first.click()
    expect(page.locator(".ticket-qr img").first).not_to_have_js_property("naturalWidth", 0)
    check(page, f"index-{language}-{scheme}-{viewport['width']}")
    for path, name in (
        ("/", "inviter-home"),
        ("/invitations/tree", "tree"),
        (f"/invitations/tree/{site.ids['tom']}", "branch"),
        ("/@tom", "profile"),
    ):
        page.goto(address + path)
        check(page, f"{name}-{language}-{scheme}-{viewport['width']}")
    assert_clean(page)


@LOOKS
def test_the_newcomers_pages_are_whole_and_accessible(
    site: Site, address: str, new_context, language, scheme, viewport
) -> None:
    fill_house(site, language)
    context = new_context(locale=language, color_scheme=scheme, viewport=viewport)
    page = context.new_page()
    with site.inside(), writing():
        the_circle().invite_wait_hours = 24
        site.member("ken").invite_denial = "Three guests in a row did not know you."
    for handle, path in (("leo", "/"), ("leo", "/invitations"), ("ken", "/invitations")):
        context.clear_cookies()
        sign_in(page, address, handle)
        page.goto(address + path)
        check(page, f"{handle}{path.replace('/', '-')}-{language}-{scheme}-{viewport['width']}")
    assert_clean(page)


def check(page, name):
    if folder := os.environ.get("SHOTS"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)
    page.wait_for_load_state()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{page.url} scrolls sideways"
    assert_accessible(page)

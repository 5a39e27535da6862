"""The flows of the account, walked in a browser: confirm, forget, change, devices, the second factor."""

import re
from datetime import timedelta

import pyotp
import pytest
from playwright.sync_api import Page, expect

from mixlite.core import clock
from tests.support.browser import DESKTOP, PHONE, assert_accessible, assert_clean
from tests.support.site import PASSWORD, Site

NEW_PASSWORD = "two herons by the weir"


def sign_in(page: Page, address: str, login: str = "rosa", password: str = PASSWORD) -> None:
    page.goto(f"{address}/sign-in")
    page.fill("[name=login]", login)
    page.fill("[name=password]", password)
    page.locator("form:has([name=login]) button.main").click()


def no_sideways(page: Page) -> None:
    page.wait_for_load_state()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{page.url} scrolls sideways"


def test_joining_confirming_forgetting_and_coming_back(site: Site, address: str, new_context, post) -> None:
    here = new_context(locale="en").new_page()
    here.goto(address + site.invite())
    for name, value in (("name", "Rosa"), ("handle", "rosa"), ("email", "rosa@example.com"), ("password", PASSWORD)):
        here.fill(f"[name={name}]", value)
    here.locator("form:has([name=handle]) button.main").click()
    here.goto(f"{address}/settings/account")
    expect(here.get_by_text("not confirmed yet")).to_be_visible()
    (mail,) = post()

    # The link is opened on a phone, where she is not signed in.
    phone = new_context(locale="en", viewport=PHONE).new_page()
    phone.goto(address + mail.path)
    assert_accessible(phone)
    no_sideways(phone)
    phone.get_by_role("button", name="Yes, it is mine").click()
    expect(phone.locator(".flashes")).to_contain_text("rosa@example.com is confirmed")
    here.reload()
    expect(here.get_by_text("confirmed", exact=True)).to_be_visible()

    # She forgot her password.
    phone.get_by_role("link", name="Forgotten your password?").click()
    assert_accessible(phone)
    phone.fill("[name=login]", "Rosa@Example.com")
    phone.get_by_role("button", name="Mail me a link").click()
    expect(phone.get_by_role("heading", name="Look into your mail")).to_be_visible()
    (mail,) = post()
    phone.goto(address + mail.path)
    assert_accessible(phone)
    phone.fill("[name=new_password]", "short")
    phone.get_by_role("button", name="Set the new password").click()
    expect(phone.get_by_role("alert")).to_contain_text("At least 12 characters")
    phone.fill("[name=new_password]", NEW_PASSWORD)
    phone.get_by_role("button", name="Set the new password").click()
    expect(phone.locator(".flashes")).to_contain_text("Your new password is set")
    here.goto(f"{address}/friends")
    assert "/sign-in" in here.url  # everywhere else she is out
    sign_in(here, address, "rosa@example.com", NEW_PASSWORD)
    expect(here).to_have_url(re.compile(r"/friends$|/$"))

    # The link is used up.
    phone.goto(address + mail.path)
    expect(phone.get_by_role("heading", name="This link does not work any more")).to_be_visible()
    for page in (here, phone):
        assert_clean(page)


def test_changing_the_address_and_the_password_and_looking_after_devices(site, address, new_context, post) -> None:
    site.join("rosa", confirmed=True)
    here, library = new_context(locale="en").new_page(), new_context(locale="en").new_page()
    for page in (here, library):
        sign_in(page, address)
    post()
    here.locator(".menu-holder summary").click()
    here.get_by_role("link", name="Account").click()
    here.get_by_role("link", name="Change the address").click()
    here.fill("[name=email]", "new@example.net")
    here.get_by_role("button", name="Mail me a link").click()
    expect(here.get_by_text("Waiting for the link in the mail to new@example.net")).to_be_visible()
    (mail,) = post()
    here.goto(address + mail.path)
    here.get_by_role("button", name="Yes, it is mine").click()
    expect(here.locator(".fact b").first).to_have_text("new@example.net")
    library.goto(f"{address}/friends")
    assert "/sign-in" in library.url
    sign_in(library, address, "new@example.net")

    here.get_by_role("link", name="Devices").click()
    expect(here.locator(".devices li")).to_have_count(2)
    expect(here.get_by_text("this one")).to_have_count(1)
    assert_accessible(here)
    here.get_by_role("button", name="Sign out everywhere else").click()
    expect(here.locator(".devices li")).to_have_count(1)
    library.goto(f"{address}/friends")
    assert "/sign-in" in library.url

    here.goto(f"{address}/settings/account/password")
    here.fill("[name=password]", "a wrong password")
    here.fill("[name=new_password]", NEW_PASSWORD)
    here.get_by_role("button", name="Set the new password").click()
    expect(here.get_by_role("alert")).to_contain_text("This is not your password.")
    here.fill("[name=password]", PASSWORD)
    here.fill("[name=new_password]", NEW_PASSWORD)
    here.get_by_role("button", name="Set the new password").click()
    expect(here.locator(".flashes")).to_contain_text("Your new password is set")
    for page in (here, library):
        assert_clean(page)


def test_the_second_factor_from_beginning_to_end(site, address, new_context) -> None:
    site.join("rosa", confirmed=True)
    here = new_context(locale="en", viewport=PHONE).new_page()
    sign_in(here, address)
    here.goto(f"{address}/settings/account/second-factor")
    here.get_by_role("button", name="Begin").click()
    assert_accessible(here)
    no_sideways(here)
    expect(here.get_by_role("img", name="QR code")).to_be_visible()
    secret = "".join(here.locator(".secret").inner_text().split())
    app = pyotp.TOTP(secret)
    assert here.get_by_role("link", name="Open in the app").get_attribute("href") == app.provisioning_uri(
        name="rosa", issuer_name="mixlite"
    )
    here.fill("[name=code]", app.at(clock.now() - timedelta(seconds=30)))
    here.get_by_role("button", name="Switch it on").click()
    expect(here.locator(".paper-codes li")).to_have_count(10)
    paper = here.locator(".paper-codes li").all_inner_texts()
    assert_accessible(here)
    no_sideways(here)
    here.get_by_role("link", name="I have kept them").click()
    expect(here.get_by_text("10 recovery codes left")).to_be_visible()

    there = new_context(locale="en").new_page()
    sign_in(there, address)
    expect(there.get_by_role("heading", name="One more step")).to_be_visible()
    assert_accessible(there)
    there.fill("[name=code]", "000000")
    there.get_by_role("button", name="Go in").click()
    expect(there.get_by_role("alert")).to_contain_text("This code is not right")
    there.fill("[name=code]", app.at(clock.now()))
    there.get_by_role("button", name="Go in").click()
    expect(there).to_have_url(re.compile(r"/$"))

    lost = new_context(locale="en").new_page()
    sign_in(lost, address)
    lost.fill("[name=code]", paper[0])
    lost.get_by_role("button", name="Go in").click()
    expect(lost).to_have_url(re.compile(r"/$"))
    lost.goto(f"{address}/settings/account/second-factor")
    expect(lost.get_by_text("9 recovery codes left")).to_be_visible()
    lost.get_by_role("button", name="Switch it off").click()
    expect(lost.locator(".flashes")).to_contain_text("The second factor is off")
    for page in (here, there, lost):
        assert_clean(page)


@pytest.mark.parametrize(
    ("locale", "scheme", "viewport", "javascript"),
    [("en", "light", PHONE, True), ("ja", "dark", DESKTOP, True), ("ja", "light", PHONE, False)],
)
def test_every_page_by_day_and_by_night(site, address, new_context, locale, scheme, viewport, javascript) -> None:
    site.join("rosa", confirmed=True, language=locale)
    page = new_context(color_scheme=scheme, javascript=javascript, viewport=viewport, locale=locale).new_page()
    paths = ["/password/forgotten", "/password/forgotten/sent", "/password/reset/none"]
    for path in paths:
        look_at(page, address + path, javascript)
    sign_in(page, address)
    for path in (
        "/settings/account",
        "/settings/account/address",
        "/settings/account/password",
        "/settings/account/second-factor",
        "/settings/assure",
        "/settings/sessions",
        "/settings/profile",
        "/settings/privacy",
    ):
        look_at(page, address + path, javascript)
        expect(page.locator("html")).to_have_attribute("lang", locale)
        expect(page.locator("nav.tabs a[aria-current=page]")).to_have_count(1)
    assert_clean(page)


def look_at(page: Page, where: str, javascript: bool) -> None:
    page.goto(where)
    no_sideways(page)
    if javascript:  # axe is a script
        assert_accessible(page)


def test_too_often_is_said_kindly(site, address, new_context) -> None:
    site.join("rosa")
    page = new_context(locale="ja", viewport=PHONE).new_page()
    for _ in range(11):
        sign_in(page, address, "rosa", "a wrong password")
    expect(page.get_by_role("heading", name="ひとやすみ")).to_be_visible()
    assert_accessible(page)
    no_sideways(page)
    assert_clean(page)

"""Every page there is, looked at in a browser: axe, reflow, large text, targets, keyboard, quiet motion.

Pages are found by following links, so a new page is looked at as soon as something leads to it.
"""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page

from mixlite.core.db import db
from mixlite.people.members import Member
from tests.app.everywhere import ROOMS, WAYS, Whole, address_in_room
from tests.support import looking
from tests.support.browser import DESKTOP, PHONE, assert_clean
from tests.support.live import answering
from tests.support.site import PASSWORD
from tests.support.walking import pages_of

WHO = ("author", "host", None)
LANGUAGES = ("en", "ja")


def _start(whole: Whole, who: str | None) -> list[str]:
    """The addresses that no link may lead to: of every route that is known, those that are pages."""
    known = [whole.address(endpoint, way) for endpoint, ways in WAYS.items() for way in ways if way.sent is None]
    rooms = [address_in_room(whole.site, endpoint) for endpoint, methods in ROOMS.items() if "GET" in methods]
    return ["/", *(known if who != "host" else ()), *rooms]


def _speak(whole: Whole, language: str) -> None:
    with whole.site.inside():
        for member in db.session.query(Member):
            member.language = language
        db.session.commit()


def _come_in(context: BrowserContext, address: str, who: str | None) -> Page:
    page = context.new_page()
    if who is not None:
        page.goto(f"{address}/sign-in")
        page.fill("[name=login]", who)
        page.fill("[name=password]", PASSWORD)
        page.locator("form:has([name=password]) button.main").click()
        page.wait_for_url(f"{address}/")
    return page


def _pages(whole: Whole, who: str | None) -> list[str]:
    """Of a host only what nobody else has: the other pages look as the author's do."""
    client = whole.site.client() if who is None else whole.site.sign_in(who)
    known = () if who != "host" else pages_of(whole.site.sign_in("author"), _start(whole, "author"))
    return pages_of(client, _start(whole, who), but_like=known)


def _look(whole: Whole, new_context, who, language, see: Callable[[Page], list[str]], **context) -> None:
    """Open every page of this person and gather what `see` finds on it."""
    _speak(whole, language)
    whole.site.without_throttles()
    findings: dict[str, list[str]] = {}
    addresses = _pages(whole, who)
    assert len(addresses) > 5, addresses
    with answering(whole.site) as address:
        page = _come_in(new_context(locale=language, reduced_motion="reduce", **context), address, who)
        for path in [*addresses, "/nothing-here"]:
            page.goto(address + path)
            if found := see(page):
                findings[path] = found
        assert_clean(page)
    told = [f"{path}: {words}" for path, found in findings.items() for words in found]
    assert not told, f"{len(told)} findings on {len(findings)} of {len(addresses)} pages:\n  " + "\n  ".join(told)


def _axe_in_every_light(page: Page) -> list[str]:
    """Everything by day; by night only what colours can break."""
    looking.in_light(page, "light")
    by_day = looking.axe(page)
    looking.in_light(page, "dark")
    return by_day + [f"by night: {words}" for words in looking.axe(page, looking.COLOUR_RULES)]


def _in_every_light_and_size(page: Page) -> list[str]:
    """Axe on phone and desk; at 320 px, and with letters twice as large, nothing runs over or is cut off."""
    found: list[str] = []
    for viewport in (PHONE, DESKTOP):
        page.set_viewport_size(viewport)
        found += [
            f"{viewport['width']} px: {words}" for words in (*_axe_in_every_light(page), *looking.too_small(page))
        ]
    for width, size in ((looking.NARROW, "100%"), (PHONE["width"], "200%"), (DESKTOP["width"], "200%")):
        page.set_viewport_size({"width": width, "height": 800})
        page.evaluate("(size) => { document.documentElement.style.fontSize = size; }", size)
        found += [f"{width} px, {size}: {words}" for words in (*looking.runs_over(page), *looking.cut_off(page))]
    return found


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("who", WHO)
def test_pages_are_accessible_and_whole_in_every_light_and_size(whole, new_context, who, language) -> None:
    _look(whole, new_context, who, language, _in_every_light_and_size)


@pytest.mark.parametrize("who", WHO)
def test_the_keyboard_reaches_everything_in_order_and_nothing_moves(whole, new_context, who) -> None:
    def see(page: Page) -> list[str]:
        return looking.keyboard(page) + looking.moving(page)

    _look(whole, new_context, who, "en", see, viewport=PHONE)


def test_the_menu_gives_the_focus_back(whole, new_context) -> None:
    with answering(whole.site) as address:
        page = _come_in(new_context(), address, "author")
        summary = page.locator(".menu-holder > summary")
        summary.focus()
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('.menu') !== null")
        page.keyboard.press("Escape")
        assert page.evaluate("document.activeElement.matches('.menu-holder > summary')")
        assert not page.evaluate("document.querySelector('.menu-holder').open")


def test_errors_of_a_form_take_the_focus_and_lead_to_their_fields(whole, new_context) -> None:
    with answering(whole.site) as address:
        page = _come_in(new_context(), address, "author")
        page.goto(f"{address}/diary/new")
        page.locator("form:has([name=title]) button.main").click()
        assert page.evaluate("document.activeElement.matches('[role=alert]')")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.getAttribute('aria-invalid')") == "true"


@pytest.mark.parametrize("query", ["dialog[open]"])
def test_dialogs_give_the_focus_back(whole, new_context, query) -> None:
    """Whatever opens a dialog gets the focus back when Escape closes it."""
    with answering(whole.site) as address:
        page = _come_in(new_context(), address, "author")
        for number in range(page.locator("button[data-opens]:visible").count()):
            opener = page.locator("button[data-opens]:visible").nth(number)
            opener.focus()
            page.keyboard.press("Enter")
            page.locator(query).wait_for()
            page.keyboard.press("Escape")
            assert opener.evaluate("(button) => button === document.activeElement")

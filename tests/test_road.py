"""The road of the first issue, in a browser: host, two newcomers and a stranger, each with a browser of their own."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import select

from mixlite.app.worker import build_workshop
from mixlite.core import clock
from mixlite.core.db import db
from mixlite.entries.comments import Comment
from mixlite.entries.entries import Entry
from tests.support.browser import PHONE, assert_accessible, assert_clean
from tests.support.site import PASSWORD, Site, gather

SECRET = "祖母の縁側で柿をむく"


def join(context: BrowserContext, link: str, name: str, handle: str) -> Page:
    page = context.new_page()
    page.goto(link)
    page.fill("[name=name]", name)
    page.fill("[name=handle]", handle)
    page.fill("[name=email]", f"{handle}@example.jp")
    page.fill("[name=password]", PASSWORD)
    page.locator("form[method=post]:has([name=handle]) button").click()
    expect(page).to_have_url(re.compile(r"/$"))
    return page


def status_of(page: Page, address: str) -> int:
    answer = page.goto(address)
    assert answer is not None
    return answer.status


def invite(page: Page, base: str, letter: str, uses: int = 1) -> str:
    page.goto(f"{base}/invitations")
    page.fill("[name=letter]", letter)
    page.fill("[name=uses]", str(uses))
    page.locator("form:has([name=letter]) button").click()
    return page.locator(".ticket.fresh input[readonly]").input_value()


def test_the_road(site: Site, address: str, new_context) -> None:
    founder = address + site.invite()
    host = join(new_context(locale="en"), founder, "Rosa Delgado", "rosa")

    # The host invites; the letter is what Hana reads, in Japanese, on a phone.
    link = invite(host, address, "Dear Hana, here is the place I told you about.\n\nThere is no hurry.")
    hana_context = new_context(locale="ja", viewport=PHONE)
    opened = hana_context.new_page()
    for _ in range(3):  # opening changes nothing: mail scanners and the curious do it
        opened.goto(link)
        expect(opened.get_by_text("There is no hurry.")).to_be_visible()
    assert_accessible(opened)
    hana = join(hana_context, link, "森 はな", "hana")
    expect(hana.locator("html")).to_have_attribute("lang", "ja")

    # Rosa writes before Aki is there; Hana invites Aki, who is a stranger to Rosa.
    host.goto(f"{address}/diary/new")
    host.fill("[name=title]", "Winter swim")
    host.fill("[name=body]", "The *cold* is a kind of friend.\n\n- towel\n- tea")
    host.locator("input[name=audience][value=members], select[name=audience]").first.click()
    host.get_by_role("button", name="Publish").click()
    expect(host.locator("main em")).to_have_text("cold")
    aki = join(new_context(locale="ja"), invite(hana, address, "亜希さん、こんばんは。"), "佐藤 亜希", "aki")

    # Hana writes a diary for friends and a voice; Aki finds both on home and answers.
    hana.goto(f"{address}/diary/new")
    hana.fill("[name=title]", SECRET)
    hana.fill("[name=body]", "三年ぶりに帰った。\n\n**渋柿**が箱で三つ。")
    hana.locator("form:has([name=title]) button[type=submit], form:has([name=title]) button.main").last.click()
    expect(hana.locator("h1")).to_have_text(SECRET)
    entry = hana.url
    hana.goto(f"{address}/voice/new")
    hana.fill("[name=body]", "下山。温泉。瓶コーラ。")
    hana.locator("form:has([name=body]) button.main").click()
    aki.goto(address)
    expect(aki.get_by_text("下山。温泉。瓶コーラ。")).to_be_visible()
    aki.get_by_role("link", name=SECRET).click()
    aki.fill("[name=body]", "一つちょうだい。")
    aki.locator("#comment button.main").click()
    expect(aki.locator("#c1")).to_contain_text("一つちょうだい。")
    hana.goto(entry)
    expect(hana.locator("#c1")).to_contain_text("佐藤 亜希")
    hana.goto(f"{entry}/readers")
    expect(hana.locator("main .people li")).to_have_count(2)  # exactly Rosa and Aki

    # Nobody else can see a trace: a member who is no friend of hers, and somebody from outside.
    stranger = join(new_context(locale="en"), invite(host, address, "Welcome."), "Tom Okafor", "tom")
    for where in ("/", "/@hana", "/@hana/diary", "/@hana/friends", "/@aki", "/@aki/favourites", "/friends"):
        stranger.goto(address + where)
        assert SECRET not in stranger.content(), where
        assert "一つちょうだい" not in stranger.content(), where
    assert status_of(stranger, entry) == 404
    hidden = stranger.content()
    stranger.goto(f"{address}/entries/424242")
    assert stranger.content() == hidden
    outside = new_context(locale="en").new_page()
    outside.goto(entry)
    assert "/sign-in" in outside.url
    assert SECRET not in outside.content()

    # Becoming friends, and ending it, counts from the next page on.
    stranger.goto(f"{address}/@hana")
    stranger.fill("[name=message]", "We met at the bridge.")
    stranger.get_by_role("button", name="Ask to be friends").click()
    assert status_of(stranger, entry) == 404  # nothing changes until she accepts
    hana.goto(address)
    hana.get_by_role("link", name=re.compile("Tom Okafor|1")).first.click()
    hana.goto(f"{address}/friends/requests")
    expect(hana.get_by_text("We met at the bridge.")).to_be_visible()
    hana.locator("form[action$='/accept'] button").click()
    assert status_of(stranger, entry) == 200
    stranger.get_by_role("button", name="Like").click()
    expect(stranger.get_by_role("button", name="Like")).to_have_attribute("aria-pressed", "true")
    stranger.get_by_role("button", name="Favourite").click()
    aki.goto(f"{address}/@tom")
    aki.goto(f"{address}/@tom/favourites")
    expect(aki.get_by_role("link", name=SECRET)).to_be_visible()  # she may read it, so she may be told
    hana.goto(f"{address}/@tom")
    hana.locator("details:has(form[action$='/friend/end']) summary").click()
    hana.locator("form[action$='/friend/end'] button").click()
    assert status_of(stranger, entry) == 404

    # A block: neither exists for the other, in the comments either.
    hana.goto(f"{address}/@tom")
    hana.locator("details:has(form[action$='/block']) summary").click()
    hana.locator("form[action$='/block'] button").click()
    expect(hana).to_have_url(re.compile("/settings/privacy"))
    assert status_of(stranger, f"{address}/@hana") == 404
    assert status_of(hana, f"{address}/@tom") == 404

    # Deleted is gone: at once for everybody, and soon its row.
    hana.goto(f"{entry}/delete")
    hana.locator("main form button").last.click()
    assert status_of(hana, entry) == 404
    assert status_of(aki, entry) == 404

    # Signing out ends the session, also for a copy of its cookie.
    copied = aki.context.cookies()
    aki.goto(address)
    aki.locator(".menu-holder summary").click()
    aki.locator("form[action='/sign-out'] button").first.click()
    expect(aki.locator("[name=login]")).to_be_visible()
    thief = new_context(locale="ja")
    thief.add_cookies(copied)
    page = thief.new_page()
    page.goto(f"{address}/friends")
    assert "/sign-in" in page.url

    for page in (host, hana, stranger, outside):
        assert_clean(page)
    with site.inside(), clock.at(clock.now() + timedelta(minutes=1)):
        build_workshop().sweep()
        assert db.session.scalars(select(Entry.id).where(Entry.deleted_at.is_not(None))).all() == []
        assert db.session.scalars(select(Comment)).all() == []


@pytest.mark.parametrize("javascript", [True, False])
def test_pages_are_accessible_and_whole(site: Site, address: str, new_context, javascript) -> None:
    """Every page of the first issue, by day and by night, with and without JavaScript: axe finds nothing."""
    gather(site)
    entry = site.diary("author", title="A day at the pool", body="Words.\n\n> quoted\n\n1. one\n2. two")
    site.voice("author")
    for scheme in ("light", "dark") if javascript else ("light",):
        context = new_context(color_scheme=scheme, javascript=javascript, viewport=PHONE)
        page = context.new_page()
        page.goto(f"{address}/sign-in")
        page.fill("[name=login]", "author")
        page.fill("[name=password]", PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        for path in (
            "/",
            f"/entries/{entry}",
            f"/entries/{entry}/edit",
            f"/entries/{entry}/readers",
            f"/entries/{entry}/delete",
            "/diary/new",
            "/voice/new",
            "/invitations",
            "/friends",
            "/friends/requests",
            "/settings/privacy",
            "/settings/profile",
            "/@author",
            "/@friend",
            "/@stranger",
            "/@friend/diary",
            "/@friend/friends",
            "/@friend/favourites",
            "/entries/424242",
        ):
            page.goto(address + path)
            if javascript:
                assert_accessible(page)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{path} scrolls sideways"
        assert_clean(page)

"""Hosts and reports in a browser: each flow on a phone and on a desk, by day and by night; axe finds nothing."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import update

from mixlite.core import clock, events
from mixlite.core.db import db, writing
from mixlite.core.events import Event
from mixlite.people.circle import the_circle
from mixlite.people.sessions import SignedIn
from tests.support.browser import DESKTOP, PHONE, assert_accessible, assert_clean
from tests.support.live import come_in
from tests.support.site import PASSWORD, Site, gather

WALKS = pytest.mark.parametrize(("viewport", "javascript"), [(PHONE, False), (DESKTOP, True)], ids=["390", "1280"])
SIZES = pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["390", "1280"])


def looks_right(page: Page) -> None:
    page.wait_for_load_state()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{page.url} scrolls sideways"
    assert_accessible(page)


@SIZES
def test_a_comment_is_reported_removed_and_both_are_told(site: Site, address: str, new_context, viewport) -> None:
    gather(site)
    entry = site.diary("author", title="On the pier")
    friend = come_in(new_context(viewport=viewport), address, "friend")
    friend.goto(f"{address}/entries/{entry}")
    friend.fill("[name=body]", "Stay away, nobody wants you here.")
    friend.get_by_role("button", name="Comment").click()

    author = come_in(new_context(viewport=viewport), address, "author")
    author.goto(f"{address}/entries/{entry}")
    author.get_by_role("link", name="Report comment 1").click()
    looks_right(author)
    author.get_by_role("button", name="Send to the host").click()  # nothing chosen yet
    expect(author.get_by_role("alert")).to_be_visible()
    looks_right(author)
    author.get_by_label("It is unkind or hurtful").check()
    author.get_by_label("In your own words").fill("She has not seen it yet.")
    author.get_by_role("button", name="Send to the host").click()
    expect(author.get_by_text("A host will look at it")).to_be_visible()

    host = come_in(new_context(viewport=viewport, color_scheme="dark"), address, "host")
    host.get_by_role("link", name="1 report waits for a host").click()
    looks_right(host)
    host.get_by_role("link", name="Look at it").click()
    expect(host.get_by_text("Stay away, nobody wants you here.")).to_be_visible()
    expect(host.get_by_text("She has not seen it yet.")).to_be_visible()
    looks_right(host)
    host.get_by_label("Remove the comment").check()
    host.get_by_label("Words to both of them").fill("Not in this house.")
    host.get_by_role("button", name="Decide").click()
    expect(host.get_by_text("Nothing waits")).to_be_visible()
    looks_right(host)
    host.get_by_role("link", name="Log").first.click()
    expect(host.get_by_text("Not in this house.")).to_be_visible()

    for page, words in ((author, "The hosts removed it."), (friend, "The hosts removed something of yours")):
        page.goto(address)
        expect(page.get_by_text(words)).to_be_visible()
        looks_right(page)
        page.get_by_role("button", name="Read", exact=True).click()
        expect(page.get_by_text(words)).to_have_count(0)
    friend.goto(f"{address}/entries/{entry}")
    expect(friend.get_by_text("nobody wants you")).to_have_count(0)
    for page in (author, friend, host):
        assert_clean(page)


@SIZES
def test_a_member_is_found_suspended_and_let_in_again(site: Site, address: str, new_context, viewport) -> None:
    gather(site)
    author = come_in(new_context(viewport=viewport), address, "author")
    host = come_in(new_context(viewport=viewport), address, "host")
    host.locator(".menu-holder summary").click()
    host.locator(".menu").get_by_role("link", name="Host").click()
    looks_right(host)
    host.locator(".tabs").get_by_role("link", name="Members").click()
    host.get_by_label("Handle or name").fill("auth")
    host.get_by_role("button", name="Search").click()
    looks_right(host)
    host.locator(".people").get_by_role("link", name="Author").click()
    looks_right(host)
    host.get_by_role("link", name="Suspend").click()
    looks_right(host)
    host.get_by_label("How long").select_option("30")
    host.get_by_label("Why").fill("A month of quiet.")
    host.get_by_role("button", name="Suspend").click()
    expect(host.locator(".label.alarm")).to_have_text("Suspended")
    author.goto(f"{address}/friends")
    expect(author.locator("[name=login]")).to_be_visible()
    author.fill("[name=login]", "author")
    author.fill("[name=password]", PASSWORD)
    author.get_by_role("button", name="Sign in").click()
    expect(author.get_by_text("A month of quiet.")).to_be_visible()
    host.get_by_role("link", name="Lift the suspension").click()
    host.get_by_label("Why").fill("They wrote a letter.")
    host.get_by_role("button", name="Lift").click()
    expect(host.locator(".label.alarm")).to_have_count(0)
    author = come_in(new_context(viewport=viewport), address, "author")
    author.goto(f"{address}/settings/acts")
    expect(author.get_by_text("They wrote a letter.")).to_be_visible()
    looks_right(author)
    assert_clean(host)


@SIZES
def test_the_house_gets_a_name_and_a_notice(site: Site, address: str, new_context, viewport) -> None:
    gather(site)
    host = come_in(new_context(viewport=viewport), address, "host")
    host.goto(f"{address}/host/settings")
    host.get_by_label("Name of the house").fill("Yanagi Dojo")
    host.get_by_label("Notice on everybody’s home").fill("The house rests on Tuesday night.")
    host.get_by_label("Rules of the house").fill("Be good to each other.")
    host.get_by_role("button", name="Save").click()
    expect(host.get_by_text("Saved.")).to_be_visible()
    looks_right(host)
    author = come_in(new_context(viewport=viewport, color_scheme="dark"), address, "author")
    expect(author.locator(".board")).to_contain_text("The house rests on Tuesday night.")
    looks_right(author)
    author.locator(".foot").get_by_role("link", name="Rules of the house").click()
    expect(author.locator("main")).to_contain_text("Be good to each other.")
    looks_right(author)
    visitor = new_context(viewport=viewport).new_page()
    visitor.goto(address + site.invite("author"))
    expect(visitor.locator(".join-rules")).to_contain_text("Be good to each other.")
    looks_right(visitor)
    for page in (host, author, visitor):
        assert_clean(page)


@SIZES
@pytest.mark.parametrize("javascript", [True, False])
def test_a_job_is_tried_again_and_an_invitation_revoked(
    site: Site, address: str, new_context, viewport, javascript
) -> None:
    gather(site)
    site.invite("author", uses=3)
    with site.inside(), writing():
        events.record("entry.deleted", actor_id=None, subject_id=424242)
        db.session.execute(
            update(Event).where(Event.subject_id == 424242).values(state="failed", error="ValueError: x", attempts=12)
        )
        the_circle().rules = "Be good."
    host = come_in(new_context(viewport=viewport, javascript=javascript), address, "host")
    host.goto(f"{address}/host/jobs")
    if javascript:
        looks_right(host)
    host.get_by_role("button", name="Try again: Erasing an entry").click()
    expect(host.get_by_text("Nothing failed")).to_be_visible()
    host.goto(f"{address}/host/invitations")
    if javascript:
        looks_right(host)
    host.get_by_role("link", name="Revoke invitation").first.click()
    if javascript:
        looks_right(host)
    host.get_by_label("Why").fill("Not now.")
    host.get_by_role("button", name="Revoke").click()
    expect(host.get_by_text("stands in the log")).to_be_visible()
    assert_clean(host)


@WALKS
def test_who_is_shut_out_for_good_costs_the_host_their_password_and_no_typed_word(
    site: Site, address: str, new_context, viewport, javascript
) -> None:
    gather(site)
    host = come_in(new_context(viewport=viewport, javascript=javascript), address, "host")
    with site.inside(), writing():
        db.session.execute(update(SignedIn).values(assured_at=clock.now() - timedelta(minutes=11)))
    host.goto(f"{address}/host/members/{site.ids['author']}/suspend")
    host.get_by_label("How long").select_option("until a host lifts it")
    host.get_by_label("Why").fill("After a long talk.")
    host.get_by_role("button", name="Suspend").click()
    expect(host.get_by_role("alert")).to_contain_text("Please give your password once more")
    if javascript:
        looks_right(host)
    with host.context.expect_page() as opened:
        host.get_by_role("link", name="Give it now (in a new tab)").click()
    again = opened.value
    if javascript:
        looks_right(again)
    again.get_by_label("Password").fill(PASSWORD)
    again.get_by_role("button", name="Go on").click()
    again.close()
    host.get_by_role("button", name="Suspend").click()  # what was typed is still here
    expect(host.locator(".label.alarm")).to_have_text("Suspended")
    expect(host.locator(".acts")).to_contain_text("After a long talk.")
    assert_clean(host)


@WALKS
def test_two_hosts_at_the_same_settings_see_both_texts(
    site: Site, address: str, new_context, viewport, javascript
) -> None:
    gather(site)
    with site.inside(), writing():
        site.member("friend").is_host = True
    one, other = (
        come_in(new_context(viewport=viewport, javascript=javascript), address, handle) for handle in ("host", "friend")
    )
    for page, words in ((one, "Keiko on Monday."), (other, "Sweep on Sunday.")):
        page.goto(f"{address}/host/settings")
        page.get_by_label("Notice on everybody’s home").fill(words)
    for page in (one, other):
        page.get_by_role("button", name="Save").click()
    expect(other.get_by_role("alert")).to_contain_text("Meanwhile another host has saved these settings.")
    expect(other.locator(".theirs")).to_contain_text("Keiko on Monday.")
    expect(other.get_by_label("Notice on everybody’s home")).to_have_value("Sweep on Sunday.")
    if javascript:
        looks_right(other)
    other.get_by_role("button", name="Save").click()
    expect(other.get_by_text("Saved.")).to_be_visible()
    for page in (one, other):
        assert_clean(page)

"""Pictures in a browser: from the file picker to a friend's home, and one after the other."""

import re
from io import BytesIO

import pytest
from PIL import Image
from playwright.sync_api import expect

from mixlite.app.worker import build_workshop
from mixlite.core.db import db
from mixlite.entries.media import Media
from mixlite.entries.photos import Photo
from tests.support.browser import PHONE, assert_accessible, assert_clean
from tests.support.live import answering
from tests.support.site import PASSWORD

ALBUM = re.compile(r"/albums/\d+$")


@pytest.fixture
def house(site):
    """Two friends, and where their house answers."""
    site.join("host")
    site.join("friend", "host")
    with answering(site) as address:
        yield site, address


def come_in(context, address, who):
    page = context.new_page()
    page.goto(f"{address}/sign-in")
    page.fill("[name=login]", who)
    page.fill("[name=password]", PASSWORD)
    page.click("main button.main")
    page.wait_for_url(f"{address}/")
    return page


def pictures(*colours, size=(1600, 1200)):
    files = []
    for number, colour in enumerate(colours):
        content = BytesIO()
        Image.new("RGB", size, colour).save(content, "JPEG")
        files.append({"name": f"IMG_{number}.jpg", "mimeType": "image/jpeg", "buffer": content.getvalue()})
    return files


def large():
    """A picture of three parts."""
    content = BytesIO()
    Image.effect_noise((1500, 1500), 90).convert("RGB").save(content, "PNG")
    assert len(content.getvalue()) > 2 * 1024 * 1024
    return {"name": "large.png", "mimeType": "image/png", "buffer": content.getvalue()}


def work(site):
    with site.inside():
        build_workshop().sweep()


@pytest.mark.parametrize("javascript", [True, False])
def test_pictures_from_the_file_picker_to_a_friend_s_home(house, new_context, javascript):
    site, address = house
    page = come_in(new_context(javascript=javascript, viewport=PHONE), address, "host")
    page.goto(f"{address}/albums/new")
    page.get_by_role("textbox", name="Title").fill("Kumotori")
    page.set_input_files("input[name=files]", pictures("teal", "maroon", "olive"))
    if javascript:
        expect(page.locator(".upload [name=media]")).to_have_count(3)
        page.locator(".upload").nth(1).get_by_role("textbox").fill("A red door")
        page.locator(".upload").nth(2).get_by_role("button").click()
        expect(page.locator(".upload")).to_have_count(2)
        assert_accessible(page)
    page.get_by_role("button", name="Publish").click()
    page.wait_for_url(ALBUM)
    work(site)
    friend = come_in(new_context(javascript=javascript, viewport=PHONE), address, "friend")
    strip = friend.locator(".item .strip img")
    expect(strip).to_have_count(2 if javascript else 3)
    if javascript:
        expect(strip.nth(1)).to_have_attribute("alt", "A red door")
    friend.locator(".item-title a").click()
    friend.wait_for_url(ALBUM)
    friend.wait_for_function("[...document.querySelectorAll('.prints-sheet img')].every((e) => e.naturalWidth > 0)")
    assert_clean(page)
    assert_clean(friend)


def test_a_broken_upload_goes_on_and_a_form_sent_too_early_waits_for_it(house, new_context):
    site, address = house
    page = come_in(new_context(), address, "host")
    page.goto(f"{address}/albums/new")
    seen = []

    def part(route):
        seen.append(int(route.request.url.rpartition("/")[2]))
        if len(seen) == 2:
            route.abort()
        else:
            route.continue_()

    page.route("**/parts/*", part)
    page.get_by_role("textbox", name="Title").fill("Noise")
    expect(page.locator(".upload-ways")).to_be_visible()
    page.set_input_files("input[name=files]", [large()])
    page.get_by_role("button", name="Publish").click()
    page.wait_for_url(ALBUM, timeout=20_000)
    assert seen[:3] == [0, 1024 * 1024, 1024 * 1024], "what was acknowledged is not sent again"
    with site.inside():
        assert db.session.query(Photo).count() == 1
        assert db.session.query(Media).count() == 1


def test_what_is_no_picture_is_told_and_not_sent(house, new_context):
    site, address = house
    page = come_in(new_context(), address, "host")
    page.goto(f"{address}/albums/new")
    bad = {"name": "letter.jpg", "mimeType": "image/jpeg", "buffer": b"Dear all, " * 50}
    page.set_input_files("input[name=files]", [bad])
    expect(page.locator(".upload [name=media]")).to_have_count(1)
    work(site)
    expect(page.locator(".upload.failed")).to_contain_text("not a picture")
    expect(page.locator(".upload [name=media]")).to_have_count(0)
    assert_clean(page)


def test_one_after_the_other_above_the_album_and_back(house, new_context):
    site, address = house
    page = come_in(new_context(), address, "host")
    page.goto(f"{address}/albums/new")
    page.get_by_role("textbox", name="Title").fill("Three")
    page.set_input_files("input[name=files]", pictures("teal", "maroon", "olive"))
    expect(page.locator(".upload [name=media]")).to_have_count(3)
    page.get_by_role("button", name="Publish").click()
    page.wait_for_url(ALBUM)
    album = page.url
    work(site)
    page.goto(album)
    links = page.locator(".prints-sheet a[id]")
    addresses = [f"{address}{links.nth(number).get_attribute('href')}" for number in range(3)]
    links.nth(1).click()
    viewer = page.locator("dialog.lightbox")
    expect(viewer).to_be_visible()
    expect(viewer).to_contain_text("2 of 3")
    assert page.url == addresses[1]
    page.keyboard.press("ArrowRight")
    expect(viewer).to_contain_text("3 of 3")
    page.keyboard.press("Home")
    expect(viewer).to_contain_text("1 of 3")
    assert page.url == addresses[0]
    assert_accessible(page)
    page.keyboard.press("Escape")
    expect(viewer).to_be_hidden()
    page.wait_for_url(album)
    expect(links.nth(0)).to_be_focused()
    page.goto(addresses[0])
    page.keyboard.press("End")
    page.wait_for_url(addresses[2])
    page.keyboard.press("ArrowLeft")
    page.wait_for_url(addresses[1])
    page.keyboard.press("Escape")
    page.wait_for_url(f"{album}#*")
    expect(links.nth(1)).to_be_focused()
    assert_clean(page)


def test_without_javascript_pictures_are_plain_links(house, new_context):
    site, address = house
    page = come_in(new_context(javascript=False), address, "host")
    page.goto(f"{address}/albums/new")
    page.get_by_role("textbox", name="Title").fill("Two")
    page.set_input_files("input[name=files]", pictures("teal", "maroon"))
    page.get_by_role("button", name="Publish").click()
    page.wait_for_url(ALBUM)
    work(site)
    page.reload()
    page.locator(".prints-sheet a").first.click()
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_text("2 of 2")).to_be_visible()
    page.locator("a[rel=up]").click()
    expect(page.locator(".prints-sheet")).to_be_visible()
    assert_clean(page)

"""Pictures in a browser: from the file picker to a friend's home, and one after the other."""

import re
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import expect

from mixlite.app.worker import build_workshop
from mixlite.core.db import db
from mixlite.entries.media import Media
from mixlite.entries.photos import Photo
from tests.support import looking
from tests.support.browser import PHONE, assert_accessible, assert_clean, wait_until
from tests.support.live import answering, come_in

LISTENS = "main [data-listens]"  # the module that only these pages need has come
ALBUM = re.compile(r"/albums/\d+$")


@pytest.fixture
def house(site):
    """Two friends, and where their house answers."""
    site.join("host")
    site.join("friend", "host")
    with answering(site) as address:
        yield site, address


def pictures(*colours: str, size: tuple[int, int] = (1600, 1200)) -> Any:
    files = []
    for number, colour in enumerate(colours):
        content = BytesIO()
        Image.new("RGB", size, colour).save(content, "JPEG")
        files.append({"name": f"IMG_{number}.jpg", "mimeType": "image/jpeg", "buffer": content.getvalue()})
    return files


def large() -> Any:
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
    wait_until(friend, "() => [...document.querySelectorAll('.prints-sheet img')].every((e) => e.naturalWidth > 0)")
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
    bad: Any = {"name": "letter.jpg", "mimeType": "image/jpeg", "buffer": b"Dear all, " * 50}
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
    expect(page.locator(LISTENS)).to_have_count(1)
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
    for key, there in (("End", 2), ("ArrowLeft", 1)):
        expect(page.locator(LISTENS)).to_have_count(1)
        page.keyboard.press(key)
        page.wait_for_url(addresses[there])
    expect(page.locator(LISTENS)).to_have_count(1)
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


GIVE = """([target, kind]) => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 60, height: 40 });
  canvas.getContext("2d").fillRect(0, 0, 30, 40);
  return new Promise((done) => canvas.toBlob((blob) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([blob], `${kind}.png`, { type: "image/png" }));
    transfer.items.add(new File(["words"], "words.txt", { type: "text/plain" }));
    const event = kind === "paste"
      ? new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true, cancelable: true })
      : new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true });
    document.querySelector(target).dispatchEvent(event);
    done();
  }));
}"""


def test_pictures_are_dropped_pasted_and_taken_with_the_camera(house, new_context):
    site, address = house
    page = come_in(new_context(viewport=PHONE), address, "host")
    page.goto(f"{address}/diary/new")
    expect(page.locator(".upload-ways")).to_be_visible()
    page.evaluate(GIVE, ["textarea[name=body]", "drop"])
    page.evaluate(GIVE, ["textarea[name=body]", "paste"])
    with page.expect_file_chooser() as camera:
        page.get_by_role("button", name="Take a picture").click()
    camera.value.set_files(pictures("teal"))
    expect(page.locator(".upload [name=media]")).to_have_count(3)
    expect(page.locator(".upload-name")).to_have_text(["drop.png", "paste.png", "IMG_0.jpg"])
    page.get_by_role("textbox", name="Title").fill("Three ways")
    page.locator("textarea[name=body]").fill("All of them.")
    page.get_by_role("button", name="Publish").click()
    page.wait_for_url(re.compile(r"/entries/\d+$"))
    work(site)
    page.reload()
    expect(page.locator(".prints-sheet img")).to_have_count(3)
    assert_accessible(page)
    assert_clean(page)


def test_a_picture_under_a_comment(house, new_context):
    site, address = house
    entry = site.diary("friend")
    page = come_in(new_context(viewport=PHONE), address, "host")
    page.goto(f"{address}/entries/{entry}")
    page.get_by_text("Add pictures").click()
    expect(page.locator(".upload-ways")).to_be_visible()
    page.set_input_files("input[name=files]", pictures("teal"))
    expect(page.locator(".upload [name=media]")).to_have_count(1)
    page.locator("textarea[name=body]").fill("Look!")
    page.get_by_role("button", name="Comment", exact=True).click()
    page.wait_for_url("**#c1")
    work(site)
    page.reload()
    expect(page.locator(".comment .strip img")).to_be_visible()
    assert_accessible(page)
    assert_clean(page)


def test_pictures_are_dragged_to_their_places(house, new_context):
    site, address = house
    page = come_in(new_context(), address, "host")
    page.goto(f"{address}/albums/new")
    page.get_by_role("textbox", name="Title").fill("Three")
    page.set_input_files("input[name=files]", pictures("teal", "maroon", "olive"))
    expect(page.locator(".upload [name=media]")).to_have_count(3)
    page.get_by_role("button", name="Publish").click()
    page.wait_for_url(ALBUM)
    work(site)
    page.get_by_role("link", name="Arrange the pictures").click()
    expect(page.get_by_text("Drag a picture to its place")).to_be_visible()
    lines = page.locator(".arrange > li")
    before = [lines.nth(number).get_attribute("data-photo") for number in range(3)]
    lines.nth(2).locator(".print").drag_to(lines.nth(0).locator(".print"))
    expect(page.locator("#order-said")).to_have_text("The order is saved.")
    page.reload()
    after = [lines.nth(number).get_attribute("data-photo") for number in range(3)]
    assert after == [before[2], before[0], before[1]]
    lines.nth(0).get_by_role("button", name="one place later").click()
    page.wait_for_url("**#p*")
    assert lines.nth(0).get_attribute("data-photo") == before[0]
    assert_accessible(page)
    assert_clean(page)


def test_a_finger_wipes_and_a_touch_brings_near(house, new_context):
    site, address = house
    page = come_in(new_context(viewport=PHONE, has_touch=True), address, "host")
    page.goto(f"{address}/albums/new")
    page.get_by_role("textbox", name="Title").fill("Two")
    page.set_input_files("input[name=files]", pictures("teal", "maroon"))
    expect(page.locator(".upload [name=media]")).to_have_count(2)
    page.get_by_role("button", name="Publish").click()
    page.wait_for_url(ALBUM)
    work(site)
    page.reload()
    expect(page.locator(LISTENS)).to_have_count(1)
    page.locator(".prints-sheet a[id]").first.click()
    viewer = page.locator("dialog.lightbox")
    expect(viewer).to_contain_text("1 of 2")
    wipe = """([from, to]) => {
      const viewer = document.querySelector("dialog [data-viewer]");
      const at = (kind, x) => viewer.dispatchEvent(
        new PointerEvent(kind, { pointerType: "touch", isPrimary: true, clientX: x, clientY: 300, bubbles: true }));
      at("pointerdown", from); at("pointerup", to);
    }"""
    page.evaluate(wipe, [300, 80])
    expect(viewer).to_contain_text("2 of 2")
    page.evaluate(wipe, [80, 300])
    expect(viewer).to_contain_text("1 of 2")
    viewer.locator("img").click()
    expect(viewer.locator(".viewer")).to_have_class(re.compile("near"))
    page.keyboard.press("Escape")
    expect(viewer.locator(".viewer")).not_to_have_class(re.compile("near"))
    expect(viewer).to_be_visible()
    page.go_back()
    expect(viewer).to_be_hidden()
    assert_clean(page)


@pytest.mark.parametrize("language", ["en", "ja"])
def test_pages_of_pictures_are_whole_in_every_light_and_size(house, new_context, language):
    """As `tests/app/test_every_page.py` looks at all pages; that house has no pictures."""
    site, address = house
    page = come_in(new_context(locale=language, reduced_motion="reduce"), address, "host")
    page.goto(f"{address}/albums/new")
    page.locator("[name=title]").fill("Three")
    page.set_input_files("input[name=files]", pictures("teal", "maroon", "olive"))
    expect(page.locator(".upload [name=media]")).to_have_count(3)
    page.locator(".end-bar button.main").click()
    page.wait_for_url(ALBUM)
    work(site)
    album = page.url.removeprefix(address)
    entry = album.replace("albums", "entries")
    page.reload()
    photo = page.locator(".prints-sheet a[id]").nth(1).get_attribute("href")
    rooms = ("photos/arrange", "photos/describe", "photos/add")
    told = []
    for path in (album, entry, f"{album}/contributors", *(f"{entry}/{room}" for room in rooms), photo, f"{photo}/edit"):
        page.set_viewport_size(PHONE)
        page.evaluate("document.documentElement.style.fontSize = ''")
        page.goto(address + path)
        found = [*looking.too_small(page), *looking.keyboard(page), *looking.moving(page)]
        for light in ("light", "dark"):
            looking.in_light(page, light)
            found += looking.axe(page)
        for width, size in ((looking.NARROW, "100%"), (PHONE["width"], "200%"), (1280, "200%")):
            page.set_viewport_size({"width": width, "height": 800})
            page.evaluate("(size) => { document.documentElement.style.fontSize = size; }", size)
            found += [f"{width} px, {size}: {words}" for words in (*looking.runs_over(page), *looking.cut_off(page))]
        told += [f"{path}: {words}" for words in found]
    assert not told, "\n".join(told)
    assert_clean(page)


def test_after_the_page_was_lost_the_same_file_goes_on_where_it_broke(house, new_context, tmp_path):
    _site, address = house
    file = tmp_path / "large.png"
    file.write_bytes(large()["buffer"])
    page = come_in(new_context(), address, "host")
    page.goto(f"{address}/albums/new")
    expect(page.locator(".upload-ways")).to_be_visible()
    sent = []

    def part(route):
        sent.append(int(route.request.url.rpartition("/")[2]))
        if sent == [0] or 0 not in sent:
            route.continue_()
        else:
            route.abort()

    page.route("**/parts/*", part)
    page.set_input_files("input[name=files]", [file])
    with page.expect_request(lambda request: request.url.endswith(f"/parts/{1024 * 1024}")):
        pass
    page.reload()
    expect(page.locator(".upload-ways")).to_be_visible()
    sent.clear()
    page.set_input_files("input[name=files]", [file])
    expect(page.locator(".upload [name=media]")).to_have_count(1)
    assert sent[0] == 1024 * 1024, "the first part is there already"

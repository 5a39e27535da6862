"""A phone's camera roll: thirty pictures of every kind through a connection that breaks, to a friend's home."""

from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pillow_heif
import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import expect
from sqlalchemy import func, select

from mixlite.core.db import db
from mixlite.core.storage import storage
from mixlite.entries.media import Media
from mixlite.entries.photos import Photo
from tests.features.photos.test_browser import ALBUM, work
from tests.support.browser import PHONE, assert_accessible, assert_clean, wait_until
from tests.support.live import answering, come_in
from tests.support.site import Site

PLAIN = 23
Sent = Any


def drawn(size: tuple[int, int], mark: int) -> Image.Image:
    """A picture that is no other one: a gradient, some grain, and stripes that count."""
    image = Image.merge(
        "RGB", [Image.linear_gradient("L").resize(size), *[Image.radial_gradient("L").resize(size)] * 2]
    )
    paint = ImageDraw.Draw(image)
    for stripe in range(mark + 1):
        left = stripe * size[0] // 40
        paint.rectangle((left, 0, left + size[0] // 80, size[1] // 3), fill=(255 - 8 * mark, 40, 8 * mark))
    return image


def file(name: str, image: Image.Image, kind: str, **options: Any) -> Sent:
    content = BytesIO()
    image.save(content, kind, **options)
    return {"name": name, "mimeType": "application/octet-stream", "buffer": content.getvalue()}


def camera_roll() -> Iterator[Sent]:
    """Thirty pictures: one of each kind that is hard, and ordinary ones."""
    pillow_heif.register_heif_opener()
    turned = Image.Exif()
    turned[0x0112] = 6
    grain = Image.effect_noise((1300, 1000), 90).convert("RGB")
    clear = drawn((900, 700), 30)
    clear.putalpha(Image.radial_gradient("L").resize(clear.size))
    frames = [drawn((320, 240), mark).convert("P") for mark in (1, 5, 9)]
    yield file("IMG_0001.HEIC", drawn((1600, 1200), 31), "HEIF", quality=70)
    yield file("turned.jpg", drawn((1600, 1200), 32), "JPEG", exif=turned)
    yield file("panorama.jpg", drawn((12_000, 1500), 33), "JPEG", quality=85)
    yield file("48 megapixels.jpg", drawn((8064, 6048), 34), "JPEG", quality=80)
    yield file("clear.png", clear, "PNG")
    yield file("moving.gif", frames[0], "GIF", save_all=True, append_images=frames[1:], duration=100, loop=0)
    yield file("several parts.png", grain, "PNG")
    for mark in range(PLAIN):
        yield file(f"IMG_{mark:04}.jpg", drawn((1024, 768), mark), "JPEG")


@pytest.fixture
def house(site: Site) -> Iterator[tuple[Site, str]]:
    site.join("host")
    site.join("friend", "host")
    with answering(site) as address:
        yield site, address


class BadConnection:
    """Breaks when parts come through: some get lost, some are taken and the answer gets lost."""

    def __init__(self) -> None:
        self.count = 0
        self.broken: Counter[str] = Counter()

    def __call__(self, route: Any) -> None:
        self.count += 1
        if self.count in (3, 4, 11, 24):
            self.broken["lost"] += 1
            route.abort("connectionreset")
        elif self.count in (7, 15, 19):
            self.broken["answer lost"] += 1
            route.fetch()
            route.abort("connectionreset")
        else:
            route.continue_()


@pytest.mark.timeout(300)
def test_thirty_pictures_through_a_bad_connection_to_a_friend_s_home(house, new_context) -> None:
    site, address = house
    files = list(camera_roll())
    assert len(files) == 30
    page = come_in(new_context(viewport=PHONE), address, "host")
    page.goto(f"{address}/albums/new")
    page.get_by_role("textbox", name="Title").fill("A whole summer")
    expect(page.locator(".upload-ways")).to_be_visible()  # the module that only these pages need has come
    connection = BadConnection()
    page.route("**/media/*/parts/*", connection)
    page.set_input_files("input[name=files]", files)
    expect(page.locator(".upload")).to_have_count(30)
    page.wait_for_timeout(400)
    page.context.set_offline(True)  # in the middle of it
    page.wait_for_timeout(1500)
    page.context.set_offline(False)
    expect(page.locator(".upload [name=media]")).to_have_count(30, timeout=120_000)
    assert connection.broken == {"lost": 4, "answer lost": 3}
    assert_accessible(page)
    page.get_by_role("button", name="Publish").click()
    page.wait_for_url(ALBUM)
    work(site)

    with site.inside():
        assert db.session.scalar(select(func.count()).select_from(Photo)) == 30
        rows = list(db.session.scalars(select(Media).order_by(Media.id)))
        assert [row.state for row in rows] == ["ready"] * 30
        shapes = {row.file_name: (row.width, row.height) for row in rows}
        assert sorted(shapes) == sorted(sent["name"] for sent in files)
        assert shapes["turned.jpg"] == (1200, 1600)
        assert shapes["panorama.jpg"] == (12_000, 1500)
        assert shapes["48 megapixels.jpg"] == (8064, 6048)
        assert len(set(storage().names())) == sum(len(row.sizes) for row in rows), "a file that is nobody's"

    friend = come_in(new_context(viewport=PHONE), address, "friend")
    expect(friend.locator(".item .strip img").first).to_be_visible()
    expect(friend.locator(".item .strip")).to_have_count(1)
    friend.locator(".item-title a").click()
    friend.wait_for_url(ALBUM)
    prints = friend.locator(".prints-sheet img")
    expect(prints).to_have_count(30)
    prints.last.scroll_into_view_if_needed()
    wait_until(
        friend,
        """() => [...document.querySelectorAll('.prints-sheet img')].every(
             (image) => { image.loading = 'eager'; return image.complete && image.naturalWidth > 0; })""",
        patience_ms=60_000,
    )
    assert len({image.get_attribute("src") for image in prints.all()}) == 30, "nothing twice"
    assert_clean(page, allow=["Failed to load resource", "net::ERR"])
    assert_clean(friend)

#!/usr/bin/env python3
"""Takes the README's pictures of the demo: home, an entry, a letter, a newcomer's home, the hosts' room.

WebP, together below 600 kB.
"""

import base64
import sys
from dataclasses import dataclass
from pathlib import Path

from demo_site import Demo, open_browser, open_demo
from playwright.sync_api import Browser, BrowserContext, Page

FOLDER = Path(__file__).resolve().parent / "pictures"
QUALITY = 78
MOST_BYTES = 600_000
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 860}


# Every picture in the window is there; those below come only when somebody scrolls.
ARE_SHOWN = """() => [...document.images].every((image) => {
  const place = image.getBoundingClientRect();
  return !place.width || place.top > innerHeight || (image.complete && image.naturalWidth);
})"""


@dataclass(frozen=True)
class Picture:
    """What is on it: who looks at which page, in which language and light, on what. No `who`: a stranger.

    A member reads in their own language and light, whatever the browser asks for.
    """

    name: str
    who: str
    path: str
    language: str
    light: str
    on: dict[str, int]


PICTURES = (
    Picture("home-light-en", "maya", "/", "en", "light", DESK),
    Picture("home-dark-ja", "michiko", "/", "ja", "dark", PHONE),
    Picture("entry-light-ja", "michiko", "entry", "ja", "light", PHONE),
    Picture("entry-dark-en", "maya", "entry", "en", "dark", DESK),
    Picture("letter-light-en", "", "invitation", "en", "light", DESK),
    Picture("letter-dark-ja", "", "invitation", "ja", "dark", PHONE),
    Picture("newcomer-light-ja", "suzu", "/", "ja", "light", PHONE),
    Picture("album-light-en", "rosa", "/@tom/photos", "en", "light", DESK),
    Picture("album-dark-ja", "michiko", "/@goro/photos", "ja", "dark", DESK),
    Picture("host-light-ja", "hiraku", "/host", "ja", "light", DESK),
)


def main() -> int:
    FOLDER.mkdir(exist_ok=True)
    with open_demo() as demo, open_browser() as browser:
        sizes = {picture.name: _take(browser, demo, picture) for picture in PICTURES}
    for name, size in sizes.items():
        print(f"{name:18}{size / 1000:7.0f} kB")
    whole = sum(sizes.values())
    print(f"{'together':18}{whole / 1000:7.0f} kB")
    return 0 if whole <= MOST_BYTES else 1


def _take(browser: Browser, demo: Demo, picture: Picture) -> int:
    """Take one and keep it; its size in bytes."""
    context = browser.new_context(
        viewport=picture.on,  # type: ignore[arg-type]
        locale=picture.language,
        color_scheme=picture.light,  # type: ignore[arg-type]
        reduced_motion="reduce",
        device_scale_factor=1.5,
        timezone_id="Asia/Tokyo",
    )
    try:
        page = context.new_page()
        if picture.who:
            demo.sign_in(page, picture.who)
        page.goto(demo.address + _path(page, demo, picture.path))
        page.wait_for_load_state("load")
        page.wait_for_function(ARE_SHOWN)
        page.wait_for_timeout(200)  # until what has arrived is painted
        content = _webp(context, page)
    finally:
        context.close()
    (FOLDER / f"{picture.name}.webp").write_bytes(content)
    return len(content)


def _path(page: Page, demo: Demo, named: str) -> str:
    """The address behind a name: the newest diary on home, or an invitation."""
    if named == "invitation":
        return demo.invitation
    if named.endswith("/photos"):
        return _album(page, demo, named)
    if named == "entry":
        own = page.locator(".item-title:not([lang]) a")  # in the page's own language, if there is one
        return (own if own.count() else page.locator(".item-title a")).first.get_attribute("href") or "/"
    return named


def _album(page: Page, demo: Demo, photos: str) -> str:
    """The newest album on somebody's page of photos, once the worker has made its pictures ready."""
    page.goto(demo.address + photos)
    address = page.locator(".item-title a").first.get_attribute("href") or "/"
    for _second in range(60):
        page.goto(demo.address + address)
        if not page.locator("[data-preparing]").count():
            break
        page.wait_for_timeout(1000)
    return address


def _webp(context: BrowserContext, page: Page) -> bytes:
    """What the window shows. Playwright itself makes no WebP."""
    session = context.new_cdp_session(page)
    answer = session.send("Page.captureScreenshot", {"format": "webp", "quality": QUALITY, "optimizeForSpeed": False})
    return base64.b64decode(answer["data"])


if __name__ == "__main__":
    sys.exit(main())

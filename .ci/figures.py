#!/usr/bin/env python3
"""How the site feels on a slow phone: the figures that Lighthouse prints, by Chromium's own protocol.

A phone of 390 x 844 px whose processor is four times slower than this machine's, on a slow 4G line (150 ms away, 1.6
Mbit/s down, 0.75 up). Each page is opened by somebody who has nothing of the site kept ("first"), and once more
("again"). LCP: when the largest thing stands there. CLS: how much things jump (0.1 is the most that is good). TBT: how
long scripts and layout keep the page from answering. kB and requests: what came over the line.
"""

import sys
from dataclasses import dataclass, field
from typing import Any

from demo_site import Demo, open_browser, open_demo
from playwright.sync_api import Browser, BrowserContext, CDPSession

SLOWER = 4
SLOW_4G = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 0.75e6 / 8}
SETTLED_MS = 1200
WHO = "maya"
# What is good on such a phone (web.dev): the program fails where a page is worse.
MOST = {"lcp": 2500, "cls": 0.1, "tbt": 200}

HEAD = "            first: LCP ms    CLS  TBT ms      kB  requests   again: LCP ms      kB  requests"

_WATCH = """
window.__seen = { lcp: 0, cls: 0, tbt: 0 };
const watch = (type, tell) =>
  new PerformanceObserver((list) => list.getEntries().forEach(tell)).observe({ type, buffered: true });
watch("largest-contentful-paint", (entry) => { __seen.lcp = entry.startTime; });
watch("layout-shift", (entry) => { if (!entry.hadRecentInput) __seen.cls += entry.value; });
watch("longtask", (entry) => { __seen.tbt += Math.max(0, entry.duration - 50); });
"""


@dataclass
class Line:
    """What came over the line."""

    size: int = 0
    requests: list[str] = field(default_factory=list)

    def listen(self, session: CDPSession) -> None:
        session.on("Network.requestWillBeSent", lambda event: self.requests.append(event["request"]["url"]))
        session.on("Network.loadingFinished", self._finished)

    def _finished(self, event: dict[str, Any]) -> None:
        self.size += int(event["encodedDataLength"])

    def forget(self) -> None:
        self.size, self.requests = 0, []


@dataclass(frozen=True)
class Figures:
    """Of one page. Milliseconds; kilobytes as they were sent."""

    lcp: float
    cls: float
    tbt: float
    size: float
    requests: int


def main() -> int:
    with open_demo() as demo, open_browser() as browser:
        pages = _pages(browser, demo)
        print(HEAD)
        worse = []
        for name, (path, handle) in pages.items():
            first, again = _measure(browser, demo, path, handle)
            print(
                f"{name:10}{first.lcp:15.0f}{first.cls:7.3f}{first.tbt:8.0f}{first.size:8.1f}{first.requests:10}"
                f"{again.lcp:16.0f}{again.size:8.1f}{again.requests:10}"
            )
            worse += [
                f"{name}: {what} is {getattr(first, what):.3g}, more than {most}"
                for what, most in MOST.items()
                if getattr(first, what) > most
            ]
    print("\n".join(worse) or "All of it is good on a slow phone.")
    return 1 if worse else 0


def _pages(browser: Browser, demo: Demo) -> dict[str, tuple[str, str]]:
    """Path and reader of each page; the entry is the newest diary on home."""
    context = browser.new_context()
    page = context.new_page()
    demo.sign_in(page, WHO)
    entry = page.locator(".item-title a").first.get_attribute("href") or "/"
    context.close()
    return {
        "home": ("/", WHO),
        "entry": (entry, WHO),
        "profile": ("/@rosa", WHO),
        "join": (demo.invitation, ""),
        "sign-in": ("/sign-in", ""),
    }


def _measure(browser: Browser, demo: Demo, path: str, handle: str) -> tuple[Figures, Figures]:
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, device_scale_factor=2, has_touch=True, locale="en"
    )
    try:
        if handle:
            demo.sign_in(context.new_page(), handle)
        return _open_twice(context, f"{demo.address}{path}")
    finally:
        context.close()


def _open_twice(context: BrowserContext, address: str) -> tuple[Figures, Figures]:
    page = context.new_page()
    page.add_init_script(_WATCH)
    session = context.new_cdp_session(page)
    line = Line()
    session.send("Network.enable")
    session.send("Network.clearBrowserCache")
    session.send("Network.emulateNetworkConditions", SLOW_4G)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    line.listen(session)
    found = []
    for _ in range(2):
        line.forget()
        page.goto(address, wait_until="load")
        page.wait_for_timeout(SETTLED_MS)
        seen = page.evaluate("__seen")
        found.append(Figures(seen["lcp"], seen["cls"], seen["tbt"], line.size / 1000, len(line.requests)))
        page.goto("about:blank")
    return found[0], found[1]


if __name__ == "__main__":
    sys.exit(main())

"""A real Chromium for the tests, driven by Playwright. A pytest plugin.

Every context that `new_context` makes keeps a `Record` of what must not happen on a page of ours; `assert_clean(page)`
reads it. Nothing can leave this machine: names and addresses other than loopback do not resolve in this browser.
"""

import contextlib
import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Dialog,
    Page,
    Playwright,
    Request,
    ViewportSize,
    WebError,
    sync_playwright,
)
from playwright.sync_api import Error as PlaywrightError

from tests.support import missing

PHONE: ViewportSize = {"width": 390, "height": 844}
DESKTOP: ViewportSize = {"width": 1280, "height": 800}
PATIENCE_MS = 10_000
PICTURES = Path(__file__).resolve().parents[2] / ".artifacts" / "failed"
NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE *.localhost, EXCLUDE 127.0.0.1, EXCLUDE [::1]",
]
# Tells the record about every violation, also of a report-only policy. Without JavaScript Chromium's console tells it.
_CSP_LISTENER = """
addEventListener("securitypolicyviolation", (event) => {
  window.__mixlite_csp?.(`${event.effectiveDirective} ${event.blockedURI} ${event.sample} on ${event.documentURI}`);
}, true);
"""
_CSP_WORDS = re.compile(r"content security policy", re.IGNORECASE)
_STATUS_WORDS = re.compile(r"^Failed to load resource: the server responded with a status of [45]\d\d")


@dataclass
class Record:
    """What happened in one browser context. `answer` is what a dialog (alert, confirm ...) gets."""

    csp_violations: list[str] = field(default_factory=list)
    page_errors: list[str] = field(default_factory=list)
    console_errors: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)
    left_loopback: list[str] = field(default_factory=list)
    documents: set[str] = field(default_factory=set)
    answer: Literal["accept", "dismiss"] = "dismiss"

    def problems(self) -> list[str]:
        """Everything recorded so far, one line each."""
        kinds = {
            "CSP violation": self.csp_violations,
            "page error": self.page_errors,
            "console error": self.console_errors,
            "dialog": self.dialogs,
            "left loopback": self.left_loopback,
        }
        return [f"{kind}: {what}" for kind, found in kinds.items() for what in found]

    def forget(self) -> None:
        """Start over, after something that was meant to happen."""
        for found in (self.csp_violations, self.page_errors, self.console_errors, self.dialogs, self.left_loopback):
            found.clear()

    def _watch(self, context: BrowserContext) -> None:
        context.expose_binding("__mixlite_csp", lambda _source, words: self.csp_violations.append(words))
        context.add_init_script(_CSP_LISTENER)
        context.on("console", self._console)
        context.on("dialog", self._dialog)
        context.on("request", self._request)
        context.on("weberror", self._weberror)
        context.on("page", lambda page: page.on("websocket", lambda socket: self._address(socket.url)))

    def _console(self, message: ConsoleMessage) -> None:
        where = message.location
        if _CSP_WORDS.search(message.text):
            self.csp_violations.append(message.text)
        # A page that answers 404 or 422 is a page all the same. A picture or a script that does is an error.
        elif message.type == "error" and not (_STATUS_WORDS.match(message.text) and where["url"] in self.documents):
            self.console_errors.append(f"{message.text} ({where['url']})")

    def _dialog(self, dialog: Dialog) -> None:
        # A page that asks before it is left must be left all the same, or the test would hang.
        answer = "accept" if dialog.type == "beforeunload" else self.answer
        self.dialogs.append(f"{dialog.type}: {dialog.message}")
        with contextlib.suppress(PlaywrightError):  # the test has answered it already
            dialog.accept() if answer == "accept" else dialog.dismiss()

    def _weberror(self, error: WebError) -> None:
        self.page_errors.append(str(error.error))

    def _request(self, request: Request) -> None:
        if request.is_navigation_request():
            self.documents.add(request.url)
        self._address(request.url)

    def _address(self, url: str) -> None:
        if not is_loopback(url):
            self.left_loopback.append(url)


_RECORDS: WeakKeyDictionary[BrowserContext, Record] = WeakKeyDictionary()


def record_of(page: Page) -> Record:
    """The record of the context that this page lives in."""
    return _RECORDS[page.context]


def wait_until(page: Page, function: str, *, patience_ms: int = PATIENCE_MS) -> None:
    """Until this JavaScript function answers true. Playwright's own way polls by eval, which our pages forbid: it works
    only when the first answer is true.
    """
    for _ in range(patience_ms // 100):
        if page.evaluate(function):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"waited in vain on {page.url}: {function}")


def assert_clean(page: Page, *, allow: Iterable[str] = ()) -> None:
    """Fail if anything is on the record that no pattern in `allow` (regular expressions) forgives."""
    page.evaluate("() => 0")  # events that are on their way have arrived when this answer has
    patterns = [re.compile(words) for words in allow]
    found = record_of(page).problems()
    bad = [problem for problem in found if not any(pattern.search(problem) for pattern in patterns)]
    assert not bad, f"{page.url} is not clean:\n  " + "\n  ".join(bad)


def assert_accessible(page: Page, *, but: Iterable[str] = ()) -> None:
    """Fail if axe finds anything on the page as it is now, except the rules named in `but`."""
    found = [rule for rule in Axe().run(page).response["violations"] if rule["id"] not in set(but)]
    bad = [f"{rule['id']} ({rule['impact']}): {node['html'][:160]}" for rule in found for node in rule["nodes"]]
    assert not bad, f"axe on {page.url}:\n  " + "\n  ".join(bad)


def is_loopback(url: str) -> bool:
    """Whether a request for this address stays on this machine (data:, blob: and the like do)."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https", "ws", "wss", "ftp"}:
        return True
    host = (parts.hostname or "").rstrip(".")
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def find_chromium() -> str | None:
    """The browser that `MIXLITE_CHROMIUM` names, else one from the PATH."""
    given = os.environ.get("MIXLITE_CHROMIUM", "").strip()
    return given or next((path for name in NAMES if (path := shutil.which(name))), None)


# ------------------------------------------------------------------------------------------------------- fixtures


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def browser(request: pytest.FixtureRequest) -> Iterator[Browser]:
    """One Chromium for this process. Skips, and has it said, where there is none."""
    path = find_chromium()
    if path is None:
        missing.skip("browser", "no MIXLITE_CHROMIUM, and no chromium or google-chrome on the PATH")
    running: Playwright = request.getfixturevalue("playwright")
    try:
        started = running.chromium.launch(executable_path=path, args=FLAGS)
    except PlaywrightError as error:
        missing.skip("browser", f"{path} does not start: {error.message[:200]}")
    yield started
    started.close()


NewContext = Callable[..., BrowserContext]


@pytest.fixture
def new_context(browser: Browser, request: pytest.FixtureRequest) -> Iterator[NewContext]:
    """Makes contexts (separate people, each with cookies of their own); closes them when the test ends.

    `new_context(locale="en", color_scheme="light", viewport=DESKTOP, javascript=True, **more)`; `more` goes to
    Playwright's `Browser.new_context` (`base_url`, `reduced_motion`, `has_touch`, `timezone_id` ...).
    """
    contexts: list[BrowserContext] = []

    def make(
        *,
        locale: str = "en",
        color_scheme: Literal["light", "dark", "no-preference"] = "light",
        viewport: ViewportSize = DESKTOP,
        javascript: bool = True,
        **more: Any,
    ) -> BrowserContext:
        settings: dict[str, Any] = {"timezone_id": "Asia/Tokyo", **more}
        context = browser.new_context(
            locale=locale, color_scheme=color_scheme, viewport=viewport, java_script_enabled=javascript, **settings
        )
        contexts.append(context)
        _RECORDS[context] = record = Record()
        record._watch(context)
        context.set_default_timeout(PATIENCE_MS)
        return context

    yield make
    if request.node.stash.get(_FAILED, False):
        _take_pictures(request.node.nodeid, contexts)
    for context in contexts:
        context.close()


_FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):
    report = yield
    if report.failed:
        item.stash[_FAILED] = True
    return report


def _take_pictures(test: str, contexts: list[BrowserContext]) -> None:
    """What a failed test saw last, as pictures and pages in .artifacts/failed/."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    name = re.sub(r"[^\w.-]+", "-", test)[-120:]
    pages = [page for context in contexts for page in context.pages]
    for number, page in enumerate(pages):
        picture = PICTURES / f"{name}-{number}.png"
        with contextlib.suppress(PlaywrightError):
            page.screenshot(path=picture, timeout=PATIENCE_MS)
            (PICTURES / f"{name}-{number}.html").write_text(f"<!-- {page.url} -->\n{page.content()}", encoding="utf-8")
            print(f"page as it was: {picture}")

"""The demo, open on a port of this machine for as long as a program needs it, and a browser signed in to it."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.support.browser import FLAGS, find_chromium  # noqa: E402 - below the line that makes it found

PATIENCE_SECONDS = 180  # the first time, three years of diaries are written


@dataclass(frozen=True)
class Demo:
    """Where it answers, everybody's password, and an invitation for whoever comes."""

    address: str
    password: str
    invitation: str

    def sign_in(self, page: Page, handle: str) -> None:
        page.goto(f"{self.address}/sign-in")
        page.fill("[name=login]", handle)
        page.fill("[name=password]", self.password)
        page.locator("form:has([name=password]) button.main").click()
        page.wait_for_url(f"{self.address}/")


@contextmanager
def open_demo() -> Iterator[Demo]:
    """In an instance of its own below .artifacts, kept for the next time."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = ROOT / ".artifacts" / "site"
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "demo.log"
    with log.open("w", encoding="utf-8") as written:
        command = [sys.executable, "-m", "mixlite", "demo", "--port", str(port)]
        environment = {**os.environ, "MIXLITE_INSTANCE": str(folder), "PYTHONUNBUFFERED": "1"}
        running = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=written, stderr=subprocess.STDOUT)
    try:
        _wait(f"http://localhost:{port}", running, log)
        said = log.read_text(encoding="utf-8")
        yield Demo(
            f"http://localhost:{port}", _found(r"password is: (.+)", said), _found(r"http://\S+(/join/\S+)", said)
        )
    finally:
        running.terminate()
        try:
            running.wait(20)
        except subprocess.TimeoutExpired:
            running.kill()


@contextmanager
def open_browser() -> Iterator[Browser]:
    path = find_chromium()
    if path is None:
        sys.exit("no browser: set MIXLITE_CHROMIUM, or run `make system`")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


def _wait(address: str, running: "subprocess.Popen[Any]", log: Path) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end and running.poll() is None:
        try:
            with urlopen(f"{address}/readyz", timeout=2):  # noqa: S310 - our own address
                return
        except (URLError, OSError):
            time.sleep(0.3)
    sys.exit(f"the demo did not open:\n{log.read_text(encoding='utf-8')}")


def _found(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    return found[1].strip() if found else ""

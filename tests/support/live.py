"""A site that answers on a loopback port, for browsers: the real server, in a thread of the test's process."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from playwright.sync_api import BrowserContext, Page
from waitress.server import create_server

from mixlite.app.factory import create_app
from tests.support.site import PASSWORD, Site


@contextmanager
def answering(site: Site) -> Iterator[str]:
    """The address at which `site` answers within the block. Its links lead there too."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        address = f"http://localhost:{listener.getsockname()[1]}"
        site.settings = replace(site.settings, base_url=address)
        site.app = create_app(site.settings)
        server = create_server(site.app, sockets=[listener], threads=8)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        try:
            yield address
        finally:
            server.close()
            thread.join(10)


def come_in(context: BrowserContext, address: str, handle: str, password: str = PASSWORD) -> Page:
    """A page of this member's, signed in through the form, at home."""
    page = context.new_page()
    page.goto(f"{address}/sign-in")
    page.fill("[name=login]", handle)
    page.fill("[name=password]", password)
    page.locator("form:has([name=password]) button.main").click()
    page.wait_for_url(f"{address}/")
    return page


@pytest.fixture
def address(site: Site) -> Iterator[str]:
    """Where the (empty) `site` of this test answers."""
    with answering(site) as found:
        yield found

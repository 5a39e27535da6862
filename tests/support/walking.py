"""Finds every page of a site by following its links, so that tests which look at all pages know of new ones by
themselves."""

import re
from collections import Counter
from collections.abc import Iterable
from html import unescape
from urllib.parse import urlsplit

from tests.support.site import Client

MOST_OF_ONE_KIND = 2  # pages of one route: two different entries are enough
_LINK = re.compile(r'<a\b[^>]*\bhref="(/[^"#]*)')
_NO_PAGES = {"static", "healthz", "readyz", "invitations.qr"}


def pages_of(client: Client, start: Iterable[str], but_like: Iterable[str] = ()) -> list[str]:
    """Addresses of pages that this person can open, each route at most `MOST_OF_ONE_KIND` times, the given ones first.

    Routes of the addresses in `but_like` are walked through and left out.
    """
    urls = client.site.app.url_map.bind("localhost")
    left_out = {_endpoint(urls, address) for address in but_like}
    seen: set[str] = set()
    kinds: Counter[str] = Counter()
    found: list[str] = []
    waiting = list(start)
    while waiting:
        address = waiting.pop(0)
        if address in seen:
            continue
        seen.add(address)
        endpoint = _endpoint(urls, address)
        if endpoint is None or endpoint in _NO_PAGES or kinds[endpoint] >= MOST_OF_ONE_KIND:
            continue
        answer = client.get(address)
        if answer.status_code != 200 or answer.mimetype != "text/html":
            answer.close()  # a file that is sent in pieces would hold its request open, and the next one with it
            continue
        kinds[endpoint] += 1
        if endpoint not in left_out:
            found.append(address)
        waiting += [unescape(link) for link in _LINK.findall(answer.text)]
    return found


def _endpoint(urls, address: str) -> str | None:
    try:
        endpoint, _values = urls.match(urlsplit(address).path, method="GET")
    except Exception:  # noqa: BLE001 - no route, or another method's: no page either way
        return None
    return str(endpoint)

"""Walking through a site by its links, as somebody does who looks everywhere."""

import re
from collections.abc import Iterable, Iterator
from urllib.parse import urldefrag

from tests.support.site import Client

MOST_PAGES = 1200


def reachable(
    client: Client, start: Iterable[str] = ("/",), but: re.Pattern[str] | None = None
) -> Iterator[tuple[str, str]]:
    """Every page of this site that can be reached by links from `start`, with its words. Links lead somewhere.

    Addresses that begin with what `but` says are left out.
    """
    waiting = list(start)
    seen = set(waiting)
    while waiting:
        path = waiting.pop(0)
        answer = client.get(path)
        if answer.mimetype != "text/html":
            continue
        assert answer.status_code == 200, f"{path} is linked to, and answers {answer.status_code}"
        yield path, answer.text
        for link in re.findall(r'href="(/[^"]*)"', answer.text):
            address = urldefrag(link.replace("&amp;", "&")).url
            is_of_many = address.startswith("/settings/portrait?")  # faces without number, of nobody
            is_dull = address.startswith("/static/") or (but is not None and but.match(address) is not None)
            if address not in seen and not is_dull and not is_of_many:
                assert len(seen) < MOST_PAGES
                seen.add(address)
                waiting.append(address)

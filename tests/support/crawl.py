"""Walking through a site by its links, as somebody does who looks everywhere."""

import re
from collections.abc import Iterable, Iterator
from urllib.parse import urldefrag

from tests.support.site import Client

MOST_PAGES = 400


def reachable(client: Client, start: Iterable[str] = ("/",)) -> Iterator[tuple[str, str]]:
    """Every page of this site that can be reached by links from `start`, with its words. Links lead somewhere."""
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
            if address not in seen and not address.startswith("/static/") and not is_of_many:
                assert len(seen) < MOST_PAGES
                seen.add(address)
                waiting.append(address)

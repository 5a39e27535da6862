"""What a host needs to see of attacks, in the Python log: fixed words and numbers, never what somebody typed.

So no line holds an address, a password, a token or a line break of others. A client is a mark that changes every day:
enough to see that one of them tries a thousand doors, not enough to know who it was last week (SECURITY.md, S61, P12).
"""

import logging

from mixlite.core import clock
from mixlite.core.crypto import fingerprint
from mixlite.core.http import client_network

log = logging.getLogger("mixlite.security")


def noted(what: str, member_id: int | None = None, *, is_bad: bool = False) -> None:
    """`what` is one of our own phrases, such as "sign-in refused"."""
    level = logging.WARNING if is_bad else logging.INFO
    log.log(level, "%s: member %s, client %s", what, member_id or "-", client_mark())


def client_mark() -> str:
    """The client of this request, under a name that is good for today (UTC)."""
    return fingerprint("client", client_network(), clock.now().date().isoformat())[:10]

"""Many people at the same moment, and people with many friends. For the tests of races."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy import insert, select

from mixlite.core import clock
from mixlite.core.db import db, writing
from mixlite.people.friendships import Friendship
from mixlite.people.members import Member
from tests.support.site import Client, Site

T = TypeVar("T")
PATIENCE_SECONDS = 30


def together(acts: Sequence[Callable[[], T]]) -> list[T]:
    """Do all of these at the same moment, each in a thread of its own; what they answered, in the order given."""
    ready = threading.Barrier(len(acts), timeout=PATIENCE_SECONDS)

    def wait_for_the_others(act: Callable[[], T]) -> T:
        ready.wait()
        return act()

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(wait_for_the_others, acts, timeout=PATIENCE_SECONDS))


class Presser:
    """Somebody signed in who presses a button at once: the token of their pages is in their hand already."""

    def __init__(self, client: Client):
        self.client = client
        self.token = client.csrf_token()

    def press(self, path: str) -> int:
        """The status of the answer."""
        return self.client.http.post(path, data={"csrf_token": self.token}).status_code


def give_friends(site: Site, handle: str, count: int) -> None:
    """Make `count` people who do nothing but be this member's friends."""
    now = clock.now()
    with site.inside(), writing():
        member = site.member(handle).id
        people = [
            {
                "handle": f"{handle}_{n}",
                "name": f"Friend {n}",
                "email": f"{handle}{n}@example.com",
                "password_hash": "none",
            }
            for n in range(count)
        ]
        db.session.execute(insert(Member), people)
        made = select(Member.id).where(Member.handle.startswith(f"{handle}_", autoescape=True))
        ids = db.session.scalars(made).all()
        rows = [{"member_id": member, "friend_id": friend, "since": now} for friend in ids]
        rows += [{"member_id": friend, "friend_id": member, "since": now} for friend in ids]
        db.session.execute(insert(Friendship), rows)

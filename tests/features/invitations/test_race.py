"""S2: however many people go through one door at the same moment, no more get in than it says."""

import http.client
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlencode

import pytest
from sqlalchemy import func, select

from mixlite.core.db import db
from mixlite.core.once import Submission
from mixlite.features.invitations.models import Invitation
from mixlite.people.circle import is_founded
from mixlite.people.friendships import MOST_FRIENDS, FriendRequest, Friendship
from mixlite.people.members import Member
from mixlite.people.sessions import SignedIn
from tests.people.races import Presser, give_friends, together
from tests.support.site import PASSWORD, Client, Form, Site, forms_in

IN, CLOSED, CORRECT = 303, 404, 422
CROWD = 20
ROOT = Path(__file__).resolve().parents[3]


def newcomer(handle: str) -> dict[str, str]:
    return {"name": handle.title(), "handle": handle, "email": f"{handle}@example.com", "password": PASSWORD}


class Visitor:
    """Somebody who has opened the link, and filled in the form."""

    def __init__(self, site: Site, path: str, handle: str):
        self.client = Client(site)
        self.page = self.client.get(path)
        assert self.page.status_code == 200
        self.typed = newcomer(handle)

    def join(self) -> int:
        answer = self.client.submit(self.page, "Join", **self.typed)
        assert (answer.status_code == CLOSED) == ("This invitation is closed" in answer.text)
        return answer.status_code


@dataclass
class Rows:
    """What the database says about one link."""

    uses_left: int
    joined: int
    friends: int
    sessions: int

    @classmethod
    def of(cls, site: Site, path: str) -> "Rows":
        with site.inside():
            invitation = next(
                row for row in db.session.scalars(select(Invitation)) if row.token == path.removeprefix("/join/")
            )
            joined = list(db.session.scalars(select(Member.id).where(Member.invitation_id == invitation.id)))
            return cls(
                invitation.uses_left,
                len(joined),
                _count(Friendship, Friendship.member_id.in_(joined))
                + _count(Friendship, Friendship.friend_id.in_(joined)),
                _count(SignedIn, SignedIn.member_id.in_(joined)),
            )


def _count(table: type, *where: object) -> int:
    return db.session.scalar(select(func.count()).select_from(table).where(*where)) or 0  # type: ignore[arg-type]


# --------------------------------------------------------------------------------------------------- one link, many


@pytest.mark.parametrize("uses", [1, 5])
def test_s2_a_link_makes_as_many_accounts_as_it_says(any_site: Site, uses: int):
    any_site.join("host")
    path = any_site.invite("host", uses=uses)
    visitors = [Visitor(any_site, path, f"visitor{n}") for n in range(CROWD)]
    assert Counter(together([visitor.join for visitor in visitors])) == {IN: uses, CLOSED: CROWD - uses}
    # Each who got in is friends with the host in both directions, and signed in; nobody else is anything.
    assert Rows.of(any_site, path) == Rows(uses_left=0, joined=uses, friends=2 * uses, sessions=uses)
    assert [visitor.client.get("/friends").status_code for visitor in visitors].count(200) == uses
    with any_site.inside():
        assert _count(Member) == 1 + uses
        assert _count(Submission) == uses
    assert any_site.client().get(path).status_code == CLOSED


def test_s2_one_person_sending_twenty_times_joins_once(any_site: Site):
    """R12: the same form from one window: one account, and every sending is signed in to it."""
    any_site.join("host")
    path = any_site.invite("host", uses=5)
    visitor = Visitor(any_site, path, "newcomer")
    statuses = Counter(together([visitor.join] * 5))
    assert statuses == {IN: 5}
    assert Rows.of(any_site, path) == Rows(uses_left=4, joined=1, friends=2, sessions=5)


def test_s2_revoked_in_the_same_moment(any_site: Site):
    """Whoever was faster: the counter and the accounts agree, and afterwards the door is shut."""
    any_site.join("host")
    host = Presser(any_site.sign_in("host"))
    for n in range(5):
        path = any_site.invite("host", uses=2)
        with any_site.inside():
            invitation_id = db.session.scalars(select(Invitation.id).order_by(Invitation.id.desc()).limit(1)).one()
        visitors = [Visitor(any_site, path, f"visitor{n}_{m}") for m in range(3)]
        revoke = partial(host.press, f"/invitations/{invitation_id}/revoke")
        acts: list[Callable[[], int]] = [revoke, *(visitor.join for visitor in visitors)]
        revoking, *joining = together(acts)
        assert revoking == 303
        rows = Rows.of(any_site, path)
        assert rows == Rows(2 - rows.joined, rows.joined, 2 * rows.joined, rows.joined)
        assert Counter(joining) == Counter({IN: rows.joined, CLOSED: 3 - rows.joined})
        assert any_site.client().get(path).status_code == CLOSED


# ---------------------------------------------------------------------------------------- several processes at once

SERVE = """
import sys
from pathlib import Path
import waitress
from mixlite.app.factory import create_app
from tests.support.site import settings_for

settings = settings_for(Path(sys.argv[1]), sys.argv[2])
server = waitress.create_server(create_app(settings), host="127.0.0.1", port=0, threads=8)
print(server.effective_port, flush=True)
server.run()
"""


@contextmanager
def served(site: Site) -> Iterator[int]:
    """A web process of its own on this site; the port that it answers on."""
    command = [sys.executable, "-c", SERVE, str(site.settings.instance), site.settings.database_url]
    with subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.terminate()
            process.wait(20)


class Remote:
    """A visitor who reaches the site through a socket."""

    def __init__(self, port: int, path: str, handle: str):
        self.port, self.path = port, path
        status, headers, text = self._ask("GET", path)
        assert status == 200
        self.cookie = headers["Set-Cookie"].partition(";")[0]
        form: Form = next(form for form in forms_in(text) if "Join" in form.buttons)
        self.sent = urlencode({**form.fields, **newcomer(handle)})

    def join(self) -> int:
        headers = {"Cookie": self.cookie, "Content-Type": "application/x-www-form-urlencoded"}
        status, _headers, text = self._ask("POST", self.path, self.sent, headers)
        assert (status == CLOSED) == ("This invitation is closed" in text)
        return status

    def _ask(
        self, method: str, path: str, body: str = "", headers: Mapping[str, str] | None = None
    ) -> tuple[int, http.client.HTTPMessage, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body, {"Accept-Language": "en", **(headers or {})})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read().decode()
        finally:
            connection.close()


def test_s2_over_several_web_processes(any_site: Site):
    any_site.join("host")
    once, five = any_site.invite("host"), any_site.invite("host", uses=5)
    with ExitStack() as running:
        ports = [running.enter_context(served(any_site)) for _ in range(3)]
        for path, uses in ((once, 1), (five, 5)):
            visitors = [Remote(ports[n % 3], path, f"visitor{n}_of_{uses}") for n in range(CROWD)]
            assert Counter(together([visitor.join for visitor in visitors])) == {IN: uses, CLOSED: CROWD - uses}
            assert Rows.of(any_site, path) == Rows(uses_left=0, joined=uses, friends=2 * uses, sessions=uses)


# ------------------------------------------------------------------------------------------------------- the founder


def test_s2_two_founders_at_once_make_one_host(any_site: Site):
    first, second = any_site.invite(uses=3), any_site.invite(uses=3)
    visitors = [Visitor(any_site, path, f"founder{n}") for n, path in enumerate([first, second] * 4)]
    assert Counter(together([visitor.join for visitor in visitors])) == {IN: 1, CLOSED: 7}
    with any_site.inside():
        assert is_founded()
        assert db.session.scalars(select(Member.is_host)).all() == [True]
        assert sorted(db.session.scalars(select(Invitation.uses_left))) == [2, 3]
        assert _count(Friendship) == 0
    # Every other link without an inviter is dead, and so is what is left of this one.
    assert [any_site.client().get(path).status_code for path in (first, second)] == [CLOSED, CLOSED]


# ------------------------------------------------------------------------------------------ what fails uses nothing up


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param({"handle": "host"}, id="a taken handle"),
        pytest.param({"handle": "HOST"}, id="a taken handle in capitals"),
        pytest.param({"handle": "no spaces"}, id="an impossible handle"),
        pytest.param({"password": "short"}, id="a short password"),
        pytest.param({"password": "passwordpassword"}, id="a common password"),
        pytest.param({"email": "nowhere"}, id="no e-mail address"),
        pytest.param({"name": "   "}, id="no name"),
    ],
)
def test_s2_a_failed_sign_up_uses_nothing_up(any_site: Site, typed: dict[str, str]):
    any_site.join("host")
    path = any_site.invite("host")
    visitor = Visitor(any_site, path, "newcomer")
    right, visitor.typed = visitor.typed, {**visitor.typed, **typed}
    assert visitor.join() == CORRECT
    assert Rows.of(any_site, path) == Rows(uses_left=1, joined=0, friends=0, sessions=0)
    with any_site.inside():
        assert (_count(Member), _count(Submission)) == (1, 0)
    visitor.typed = right
    assert visitor.join() == IN
    assert Rows.of(any_site, path) == Rows(uses_left=0, joined=1, friends=2, sessions=1)


@pytest.mark.parametrize("is_one_link", [True, False], ids=["through one link", "through two links"])
def test_s2_two_people_who_want_one_handle(any_site: Site, is_one_link: bool):
    """Both may come in, but not under one name; the one who must choose again has used nothing up."""
    any_site.join("host")
    for n in range(5):
        one = any_site.invite("host", uses=2)
        other = one if is_one_link else any_site.invite("host", uses=2)
        visitors = [Visitor(any_site, one, f"popular{n}"), Visitor(any_site, other, f"popular{n}")]
        visitors[1].typed["email"] = f"other{n}@example.com"
        assert sorted(together([visitor.join for visitor in visitors])) == [IN, CORRECT]
        left = {Rows.of(any_site, path).uses_left for path in (one, other)}
        assert left == ({1} if is_one_link else {1, 2})


# ------------------------------------------------------------------------------------------------ the last free place


@pytest.mark.parametrize("is_one_link", [True, False], ids=["through one link", "through two links"])
def test_s2_the_thousandth_friend_is_one_person(any_site: Site, is_one_link: bool):
    any_site.join("host")
    give_friends(any_site, "host", MOST_FRIENDS - 1)
    one = any_site.invite("host", uses=2)
    other = one if is_one_link else any_site.invite("host", uses=2)
    visitors = [Visitor(any_site, path, f"visitor{n}") for n, path in enumerate((one, other))]
    assert sorted(together([visitor.join for visitor in visitors])) == [IN, CLOSED]
    with any_site.inside():
        assert _count(Friendship, Friendship.member_id == any_site.ids["host"]) == MOST_FRIENDS
        assert _count(FriendRequest) == 0
    assert {Rows.of(any_site, path).uses_left for path in (one, other)} == ({1} if is_one_link else {1, 2})
    assert any_site.client().get(one).status_code == CLOSED

"""A whole site for a test: its own instance, its own database, and a fixed cast.

`site` is on SQLite; `any_site` runs the test once on SQLite and once on PostgreSQL. Databases are copied from one that
the real migrations made. Requests go through `Client`, a browser without JavaScript: it follows nothing by itself, and
it finds the form on the page and sends what a person would send.

Never hold `site.inside()` open across a request: Flask would lend the request your database session.
"""

import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from html import unescape
from pathlib import Path
from typing import Any, Self

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, text
from werkzeug.test import TestResponse

from mixlite.app.factory import create_app
from mixlite.core import clock
from mixlite.core.config import Settings, load_settings
from mixlite.core.crypto import hash_password
from mixlite.core.db import Base, begin_writing, db, writing
from mixlite.entries.selections import Choice
from mixlite.features.diary.verbs import publish_diary
from mixlite.features.friends.verbs import accept_request, ask_to_be_friends, block
from mixlite.features.invitations.models import Invitation
from mixlite.features.invitations.verbs import join_circle, write_invitation
from mixlite.features.voice.verbs import post_voice
from mixlite.migrations.upgrade import upgrade
from mixlite.people.circle import the_circle
from mixlite.people.friendships import request_between
from mixlite.people.groups import Group, GroupMember
from mixlite.people.members import Member, member_with_handle

PASSWORD = "seven ripe persimmons"


def settings_for(folder: Path, database_url: str = "", **overrides: Any) -> Settings:
    """A test's instance: cheap password hashes, nothing from the environment."""
    given = {"testing": True, "bcrypt_cost": 4, "base_url": "http://localhost", "timezone": "UTC", **overrides}
    return load_settings({}, instance=folder, database_url=database_url, **given)


@dataclass
class Form:
    """A form as it stands on a page: where it goes, and what it would send."""

    action: str
    method: str
    fields: dict[str, str]
    buttons: list[str]
    markup: str = field(repr=False, default="")


class Client:
    """Somebody's browser, without JavaScript."""

    def __init__(self, site: "Site", handle: str | None = None):
        self.site = site
        self.handle = handle
        self.http: FlaskClient = site.app.test_client()

    def get(self, path: str, **kwargs: Any) -> TestResponse:
        answer = self.http.get(path, **kwargs)
        if answer.mimetype == "application/zip":
            answer.get_data()  # to its end: what is streamed would lend the next question its database session
            answer.close()
        return answer

    def post(self, path: str, data: dict[str, Any] | None = None, **kwargs: Any) -> TestResponse:
        """A POST with a valid CSRF token and whatever `data` says; not what a page's form would add."""
        return self.http.post(path, data={"csrf_token": self.csrf_token(), **(data or {})}, **kwargs)

    def csrf_token(self) -> str:
        """From the footer of a page that everybody can open."""
        forms = self.forms(self.get("/sign-in" if self.handle is None else "/settings/profile"))
        return next(form.fields["csrf_token"] for form in forms if "csrf_token" in form.fields)

    def forms(self, page: TestResponse) -> list[Form]:
        return list(forms_in(page.text))

    def submit(self, page: str | TestResponse, button: str, **typed: Any) -> TestResponse:
        """Press `button` on a page after typing; sends what the page's form holds besides."""
        shown = self.get(page) if isinstance(page, str) else page
        form = next((f for f in self.forms(shown) if button in f.buttons), None)
        assert form is not None, f"no button {button!r} on {shown.request.path}"
        return self.http.post(form.action or shown.request.path, data={**form.fields, **typed})


@dataclass
class Site:
    """One instance with its application."""

    app: Flask
    settings: Settings
    ids: dict[str, int] = field(default_factory=dict)

    @contextmanager
    def inside(self) -> Iterator[None]:
        """An application context, for looking at and changing rows."""
        with self.app.app_context():
            try:
                yield
            finally:
                db.session.remove()

    def without_throttles(self) -> "Site":
        """For a test that knocks more often than anybody may, and is about something else (S12)."""
        self.settings = replace(self.settings, throttling=False)
        self.app = create_app(self.settings)
        return self

    def client(self) -> Client:
        """Somebody who is not signed in."""
        return Client(self)

    def sign_in(self, handle: str, password: str = PASSWORD) -> Client:
        """Through the real form."""
        client = Client(self)
        answer = client.submit("/sign-in", "Sign in", login=handle, password=password)
        assert answer.status_code == 303, answer.text
        client.handle = handle
        return client

    def do(self, verb: Callable[..., Any], actor: str | None, *args: Any, **kwargs: Any) -> Any:
        """Run a verb as a member, and commit. Members among `args` are given by handle. Answers the new row's id."""
        with self.inside(), writing():
            people = [member_with_handle(arg) if isinstance(arg, str) and arg in self.ids else arg for arg in args]
            made = verb(self.member(actor) if actor else None, *people, **kwargs)
            return getattr(made, "id", made)

    def member(self, handle: str) -> Member:
        """Only inside `inside()`."""
        member = member_with_handle(handle)
        assert member is not None
        return member

    def invite(self, inviter: str | None = None, **kwargs: Any) -> str:
        """The path of a new invitation link. Nobody asks here whether the inviter may."""
        given = {"letter": "Come and see.", "uses": 1, "days": 14, **kwargs}
        with self.inside():
            with writing():
                invitation: Invitation = write_invitation(self.member(inviter) if inviter else None, **given)
            return f"/join/{invitation.token}"

    def join(self, handle: str, inviter: str | None = None, *, confirmed: bool = False, **kwargs: Any) -> int:
        """Make a member, through an invitation of `inviter`; the first one of a site has none, and becomes the host.

        `confirmed`: the e-mail address is known to be theirs.
        """
        path = self.invite(inviter)
        with self.inside():
            given = {
                "name": handle.capitalize(),
                "handle": handle,
                "email": f"{handle}@example.com",
                "password_hash": hash_password(PASSWORD),
                "language": "en",
                "device": "a test",
                **kwargs,
            }
            begin_writing()
            member = join_circle(None, path.removeprefix("/join/"), **given)
            member.email_confirmed_at = clock.now() if confirmed else None
            db.session.commit()
            self.ids[handle] = member.id
            return member.id

    def befriend(self, one: str, other: str) -> None:
        """By asking and accepting."""
        self.do(ask_to_be_friends, one, other, message="")
        with self.inside():
            request = request_between(self.ids[one], self.ids[other])
            assert request is not None
            request_id = request.id
        self.do(accept_request, other, request_id)

    def diary(
        self,
        author: str,
        audience: str = "friends",
        title: str = "A title",
        body: str = "Some words.",
        choice: Choice | None = None,
    ) -> int:
        given = {"title": title, "body": body, "excerpt": body[:160], "audience": audience, "choice": choice}
        return int(self.do(publish_diary, author, **given))

    def voice(
        self, author: str, audience: str = "friends", body: str = "A short word.", choice: Choice | None = None
    ) -> int:
        return int(self.do(post_voice, author, body=body, audience=audience, choice=choice))

    def choice(
        self, people: str = "", *, exceptions: str = "", groups: Iterable[int] = (), all_friends: bool = False
    ) -> Choice:
        """People and exceptions by their handles, with blanks between."""
        named, left_out = (frozenset(self.ids[handle] for handle in text.split()) for text in (people, exceptions))
        return Choice(all_friends=all_friends, groups=frozenset(groups), people=named, exceptions=left_out)

    def group(self, owner: str, name: str, people: str) -> int:
        """A group of friends of the owner, by their handles with blanks between."""
        with self.inside(), writing():
            group = Group(owner_id=self.ids[owner], name=name)
            db.session.add(group)
            db.session.flush()
            db.session.add_all(GroupMember(group_id=group.id, member_id=self.ids[each]) for each in people.split())
            return group.id

    def statements(self) -> "Statements":
        """Counts what is asked of the database within the block."""
        with self.inside():
            return Statements(db.engine)

    def wipe(self) -> None:
        """An empty circle again, in the same database: quicker than a new one. Ids go on; they never come back."""
        tables = [table for table in reversed(Base.metadata.sorted_tables) if table.name != "circle"]
        self.ids.clear()
        with self.inside(), writing():
            if db.engine.dialect.name == "postgresql":
                db.session.execute(text(f"TRUNCATE {', '.join(table.name for table in tables)} CASCADE"))
            else:
                for table in tables:
                    db.session.execute(table.delete())
            db.session.execute(text("UPDATE circle SET founded_at = NULL"))

    def close(self) -> None:
        with self.app.app_context():
            db.session.remove()
            db.engine.dispose()


class Statements(list[str]):
    """Every statement sent to the database within the block, transaction control left out."""

    def __init__(self, engine: Any):
        super().__init__()
        self.engine = engine

    def __enter__(self) -> Self:
        event.listen(self.engine, "before_cursor_execute", self._note)
        return self

    def __exit__(self, *_: object) -> None:
        event.remove(self.engine, "before_cursor_execute", self._note)

    def _note(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA", "SAVEPOINT", "RELEASE", "ROLLBACK")):
            self.append(statement)


_FORM = re.compile(r"<form\b([^>]*)>(.*?)</form>", re.DOTALL)
_CONTROL = re.compile(r"<(input|textarea|select|button)\b([^>]*)>(?:(.*?)</\1>)?", re.DOTALL)
_OPTION = re.compile(r"<option\b([^>]*)>(.*?)</option>", re.DOTALL)
_ATTRIBUTE = re.compile(r"""([\w-]+)(?:\s*=\s*"([^"]*)")?""")
_TAG = re.compile(r"<svg\b.*?</svg>|<[^>]+>", re.DOTALL)


def forms_in(html: str) -> Iterator[Form]:
    """The forms of a page, with what they would send as they stand."""
    for match in _FORM.finditer(html):
        attributes = _attributes(match[1])
        fields: dict[str, str] = {}
        buttons: list[str] = []
        for control in _CONTROL.finditer(match[2]):
            _read_control(control, fields, buttons)
        yield Form(attributes.get("action", ""), attributes.get("method", "get").lower(), fields, buttons, match[0])


def _read_control(control: re.Match[str], fields: dict[str, str], buttons: list[str]) -> None:
    tag, given, inner = control[1], _attributes(control[2]), control[3] or ""
    if tag == "button":
        buttons.append(" ".join(unescape(_TAG.sub(" ", inner)).split()) or given.get("aria-label", ""))
    elif tag == "textarea":
        fields[given["name"]] = unescape(inner).removeprefix("\n")
    elif tag == "select":
        options = [(_attributes(option[1]), option[2]) for option in _OPTION.finditer(inner)]
        chosen = next((o for o in options if "selected" in o[0]), options[0])
        fields[given["name"]] = chosen[0].get("value", chosen[1])
    elif given.get("type") in ("checkbox", "radio") and "checked" not in given:
        return
    elif "name" in given:
        fields[given["name"]] = given.get("value", "")


def _attributes(text: str) -> dict[str, str]:
    return {name: unescape(value) for name, value in _ATTRIBUTE.findall(text)}


@dataclass(frozen=True)
class Cast:
    """The same people in every test. Ties: author - friend - second (friend of a friend); the rest are strangers.

    `blocked` was blocked by the author; `blocker` has blocked the author. The host invited author and stranger.
    """

    host: str = "host"
    author: str = "author"
    friend: str = "friend"
    second: str = "second"
    stranger: str = "stranger"
    blocked: str = "blocked"
    blocker: str = "blocker"

    @property
    def everybody(self) -> tuple[str, ...]:
        return (self.host, self.author, self.friend, self.second, self.stranger, self.blocked, self.blocker)


def gather(site: Site) -> Cast:
    """Bring the cast onto an empty site. The host is a stranger to all of them but stranger."""
    from mixlite.features.friends.verbs import end_friendship

    cast = Cast()
    site.join(cast.host)
    for handle, inviter in (("author", "host"), ("friend", "author"), ("second", "friend"), ("stranger", "host")):
        site.join(handle, inviter)
    for handle in ("blocked", "blocker"):
        site.join(handle, "stranger")
        site.do(end_friendship, handle, "stranger")
    site.do(end_friendship, "author", "host")
    site.do(block, "author", "blocked")
    site.do(block, "blocker", "author")
    return cast


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite database as the migrations make it, to be copied."""
    folder = tmp_path_factory.mktemp("template")
    _build(settings_for(folder))
    return folder / "mixlite.sqlite3"


@pytest.fixture
def site(tmp_path: Path, sqlite_template: Path) -> Iterator[Site]:
    """An empty site on SQLite."""
    folder = tmp_path / "instance"
    folder.mkdir()
    shutil.copy(sqlite_template, folder / "mixlite.sqlite3")
    (folder / "mixlite.sqlite3").chmod(0o600)
    site = _open(settings_for(folder))
    yield site
    site.close()


@pytest.fixture
def postgres_site(tmp_path: Path, postgres_server: Any) -> Iterator[Site]:
    """An empty site on PostgreSQL."""
    template = postgres_server.template("house", lambda url: _build(settings_for(tmp_path / "template", url)))
    url = postgres_server.fresh_database(template)
    site = _open(settings_for(tmp_path / "instance", url))
    yield site
    site.close()
    postgres_server.drop_database(url)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def any_site(request: pytest.FixtureRequest) -> Site:
    """An empty site, once on each database."""
    made: Site = request.getfixturevalue("site" if request.param == "sqlite" else "postgres_site")
    return made


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def lasting_site(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path
) -> Iterator[Site]:
    """One site for all tests of a module, once on each database."""
    folder = tmp_path_factory.mktemp("lasting")
    if request.param == "sqlite":
        shutil.copy(sqlite_template, folder / "mixlite.sqlite3")
        (folder / "mixlite.sqlite3").chmod(0o600)
        site = _open(settings_for(folder))
        yield site
        site.close()
        return
    server = request.getfixturevalue("postgres_server")
    url = server.fresh_database(server.template("house", lambda url: _build(settings_for(folder / "template", url))))
    site = _open(settings_for(folder / "instance", url))
    yield site
    site.close()
    server.drop_database(url)


@pytest.fixture
def cast(site: Site) -> Cast:
    """The cast, on `site`."""
    return gather(site)


def _open(settings: Settings) -> Site:
    return Site(create_app(settings), settings)


def _build(settings: Settings) -> None:
    site = _open(settings)
    with site.inside():
        upgrade(settings)
        with writing():
            the_circle().invite_wait_hours = 0  # newcomers may invite at once; who tests the waiting sets it
    if settings.is_sqlite:
        with site.inside(), db.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    site.close()

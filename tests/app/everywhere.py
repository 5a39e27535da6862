"""Every route of the site, how to use it, and the whole database to compare: for the tests that go everywhere.

`WAYS` names every endpoint; a test compares it with the application, so a new route is looked at before it ships.
"""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from werkzeug.test import TestResponse

from mixlite.core.db import Base, db
from mixlite.features.friends.verbs import ask_to_be_friends
from mixlite.features.profiles.verbs import add_free_fact, state_fact
from mixlite.features.reading.verbs import add_comment, favour, like
from mixlite.people.friendships import request_between
from mixlite.policy.visibility import visible_entry
from tests.support.site import PASSWORD, Client, Site, gather

MISSING_ID = 4711
PUBLIC = {
    "portraits.show",
    "home.manifest",  # the name of the house, and its icons
    "home.show",  # signed out: what this place is, and sign-in
    "accounts.sign_in",
    "accounts.code",  # the second step of the door
    "accounts.cancel",
    "accounts.forgotten",
    "accounts.forgotten_sent",
    "accounts.reset",  # mailed links
    "accounts.confirm",
    "invitations.join",
    "leaving.left",
    "leaving.come_back",
    "preferences.language",
    "preferences.theme",
    "static",
    "healthz",
    "readyz",
}


@dataclass(frozen=True)
class Way:
    """How the author uses one method of one route: who it is about, what is sent, what comes back."""

    args: Mapping[str, str] = field(default_factory=dict)  # name in the address: name in `Whole.of`
    sent: Mapping[str, Any] | None = None  # what a form sends; None for a page that is read
    status: int = 200
    signed_out: bool = False
    texts: tuple[str, ...] = ()  # the fields that take words

    @property
    def method(self) -> str:
        return "GET" if self.sent is None else "POST"


def _read(status: int = 200, *, signed_out: bool = False, **args: str) -> Way:
    return Way(args, status=status, signed_out=signed_out)


def _send(sent: Mapping[str, Any] | None = None, *, texts: str = "", signed_out: bool = False, **args: str) -> Way:
    return Way(args, sent or {}, 303, signed_out, tuple(texts.split()))


ENTRY = {"entry_id": "entry"}
NEWCOMER = {"name": "New", "handle": "newcomer", "email": "new@example.com", "password": "nine green teapots"}

WAYS: Mapping[str, tuple[Way, ...]] = {
    "home.show": (_read(), _read(signed_out=True)),
    "accounts.sign_in": (
        _read(signed_out=True),
        _send({"login": "author", "password": PASSWORD, "remember": "y"}, texts="login next", signed_out=True),
    ),
    "accounts.sign_out": (_send(),),
    "invitations.index": (_read(),),
    "invitations.create": (_send({"letter": "Come.", "uses": "2", "days": "3"}, texts="letter"),),
    "invitations.revoke": (_send(invitation_id="invitation"),),
    "invitations.join": (
        _read(signed_out=True, token="token"),
        _send(NEWCOMER, texts="name handle email", signed_out=True, token="token"),
    ),
    "friends.index": (_read(),),
    "friends.requests": (_read(),),
    "friends.accept": (_send(request_id="request"),),
    "friends.decline": (_send(request_id="request"),),
    "friends.ask": (_send({"message": "Hello."}, texts="message", handle="stranger"),),
    "friends.end": (_send(handle="friend"),),
    "friends.block": (_send(handle="friend"),),
    "friends.unblock": (_send(handle="blocked"),),
    "friends.blocks": (_read(),),
    "profiles.show": (_read(handle="friend"),),
    "profiles.diary": (_read(handle="friend"),),
    "profiles.favourites": (_read(handle="friend"),),
    "profiles.friends": (_read(handle="friend"),),
    "profiles.edit": (_read(), _send({"name": "Me", "introduction": "I am."}, texts="name introduction")),
    "profiles.fact": (
        _read(kind="kind"),
        _send({"value": "A hill.", "audience": "friends"}, texts="value", kind="kind"),
    ),
    "profiles.new_fact": (
        _read(),
        _send({"label": "Tea", "value": "Sencha.", "audience": "friends"}, texts="label value"),
    ),
    "profiles.free_fact": (
        _read(fact_id="fact"),
        _send({"label": "Tea", "value": "Bancha.", "audience": "friends"}, texts="label value", fact_id="fact"),
    ),
    "reading.show": (Way(ENTRY),),
    "reading.comment": (Way(ENTRY, {"body": "Indeed."}, 303, texts=("body",)),),
    "reading.remove_comment": (_send(entry_id="entry", number="number"),),
    "reading.like": (Way(ENTRY, {}, 303),),
    "reading.unlike": (Way(ENTRY, {}, 303),),
    "reading.favourite": (Way(ENTRY, {}, 303),),
    "reading.unfavourite": (Way(ENTRY, {}, 303),),
    "reading.edit": (
        Way(ENTRY),
        Way(ENTRY, {"title": "New", "body": "Words.", "audience": "friends"}, 303, texts=("title", "body")),
    ),
    "reading.readers": (Way(ENTRY),),
    "reading.delete": (Way(ENTRY), Way(ENTRY, {}, 303)),
    "diary.new": (_read(), _send({"title": "Day", "body": "Words.", "audience": "friends"}, texts="title body")),
    "voice.new": (_read(),),
    "voice.create": (_send({"body": "Tea.", "audience": "friends"}, texts="body"),),
    "portraits.show": (_read(code="portrait"),),
    "portraits.choose": (_read(), _send({"portrait": "t-cat"})),
    "home.manifest": (_read(), _read(signed_out=True)),
    "preferences.show": (_read(),),
    "preferences.shortcuts": (_send({"shortcuts": "off"}),),
    "drafts.index": (_read(),),
    "drafts.keep_change": (Way(ENTRY, {"title": "New", "body": "Words.", "audience": "friends"}, 303),),
    "mentions.for_whom": (_read(),),
    "mentions.readers": (Way(ENTRY),),
    "audiences.count": (_read(),),
    "audiences.friends": (_read(),),
    "audiences.view_as": (_read(),),
    "audiences.entry_as": (Way(ENTRY),),
    "groups.index": (_read(), _send({"name": "Hiking"}, texts="name")),
    "reading.versions": (Way(ENTRY),),
    "reading.close_comments": (Way(ENTRY, {}, 303),),
    "reading.open_comments": (Way(ENTRY, {}, 303),),
    "preferences.language": (_send({"language": "ja"}),),
    "preferences.theme": (_send({"theme": "dark"}),),
    "static": (_read(version="version", name="name"),),
    "healthz": (_read(),),
    "readyz": (_read(),),
}
# Rooms whose own tests walk them (in tests/features): what they need is more than the author's own things. What holds
# for every route is asked of them here all the same.
ROOMS: Mapping[str, tuple[str, ...]] = {
    "cupboard.show": ("GET",),
    "audiences.default": ("GET", "POST"),
    "audiences.many": ("GET", "POST"),
    "audiences.undo": ("POST",),
    "friends.dismiss": ("POST",),
    "friends.end_break": ("POST",),
    "friends.take_a_break": ("POST",),
    "friends.withdraw": ("POST",),
    "groups.delete": ("GET", "POST"),
    "groups.rename": ("GET", "POST"),
    "groups.show": ("GET", "POST"),
    "groups.sort": ("POST",),
    "groups.take_out": ("POST",),
    "reading.delete_version": ("POST",),
    "reading.edit_comment": ("GET", "POST"),
    "reading.restore": ("POST",),
    "reading.restore_comment": ("POST",),
    "reading.version": ("GET",),
    "accounts.account": ("GET",),
    "accounts.assure": ("GET", "POST"),
    "accounts.begin_second_factor": ("POST",),
    "accounts.cancel": ("POST",),
    "accounts.change_address": ("GET", "POST"),
    "accounts.change_password": ("GET", "POST"),
    "accounts.choose": ("POST",),
    "accounts.code": ("GET", "POST"),
    "accounts.confirm": ("GET", "POST"),
    "accounts.end_device": ("POST",),
    "accounts.end_other_devices": ("POST",),
    "accounts.forgotten": ("GET", "POST"),
    "accounts.forgotten_sent": ("GET",),
    "accounts.renew_codes": ("POST",),
    "accounts.resend": ("POST",),
    "accounts.reset": ("GET", "POST"),
    "accounts.second_factor": ("GET",),
    "accounts.sessions": ("GET",),
    "accounts.switch_off": ("POST",),
    "accounts.switch_on": ("POST",),
    "home.mark_read": ("POST",),
    "home.new": ("GET",),
    "drafts.discard": ("POST",),
    "drafts.keep_new": ("POST",),
    "host.act_on": ("GET", "POST"),
    "host.jobs": ("GET",),
    "host.log": ("GET",),
    "host.member": ("GET",),
    "host.members": ("GET",),
    "host.own_acts": ("GET",),
    "host.retry": ("POST",),
    "host.retry_all": ("POST",),
    "host.rules": ("GET",),
    "host.settings": ("GET", "POST"),
    "host.today": ("GET",),
    "host_invitations.index": ("GET",),
    "host_invitations.revoke": ("GET", "POST"),
    "invitations.branch": ("GET",),
    "invitations.qr": ("GET",),
    "invitations.whole_tree": ("GET",),
    "leaving.come_back": ("GET", "POST"),
    "leaving.leave": ("GET", "POST"),
    "leaving.left": ("GET",),
    "media.begin": ("POST",),
    "media.cancel": ("POST",),
    "media.part": ("POST",),
    "media.progress": ("GET",),
    "media.show": ("GET",),
    "photos.add": ("GET", "POST"),
    "photos.arrange": ("GET",),
    "photos.cover": ("POST",),
    "photos.describe": ("GET", "POST"),
    "photos.download": ("GET",),
    "photos.earlier": ("POST",),
    "photos.later": ("POST",),
    "photos.move": ("POST",),
    "photos.new": ("GET", "POST"),
    "photos.of_member": ("GET",),
    "photos.order": ("POST",),
    "photos.share": ("GET", "POST"),
    "photos.show": ("GET",),
    "reports.decided": ("GET",),
    "reports.make": ("GET", "POST"),
    "reports.put_away": ("POST",),
    "reports.queue": ("GET",),
    "reports.show": ("GET", "POST"),
}
_IN_ROOMS = {"name": "entry", "kind": "event", "kind_name": "diary", "token": "x" * 32}
EVERY_WAY = [(endpoint, way) for endpoint, ways in WAYS.items() for way in ways]
EVERY_WAY_IDS = [f"{way.method}-{endpoint}{'-signed-out' * way.signed_out}" for endpoint, way in EVERY_WAY]
EVERY_ACT = [(endpoint, way) for endpoint, way in EVERY_WAY if way.sent is not None]
EVERY_ACT_IDS = [endpoint for endpoint, _way in EVERY_ACT]


@dataclass
class Whole:
    """A site where everything there is can be found once. `of` says what stands in addresses."""

    site: Site
    of: dict[str, str]

    def address(self, endpoint: str, way: Way, **instead: object) -> str:
        """The address of a route; `instead` replaces arguments by other values."""
        values = {name: instead.get(name, self.of[what]) for name, what in way.args.items()}
        return self.site.app.url_map.bind("localhost").build(endpoint, values)

    def client_for(self, way: Way) -> Client:
        return self.site.client() if way.signed_out else self.site.sign_in("author")

    def use(self, client: Client, endpoint: str, way: Way, **instead: object) -> TestResponse:
        """Do it as a person would."""
        address = self.address(endpoint, way, **instead)
        return client.get(address) if way.sent is None else client.post(address, dict(way.sent))


def furnish(site: Site, *, diary: str = "Some words.", title: str = "A title", words: str = "Oh.") -> Whole:
    """The cast; the author's diary and voice for friends with all that hangs on them; a request; an invitation."""
    gather(site)
    entry = site.diary("author", "friends", title=title, body=diary)
    voice = site.voice("author", "friends", body=words)
    private = site.diary("author", "only_me", title=title, body=diary)
    of_friend = site.diary("friend", "friends", title="Of a friend", body="Seen by friends.")
    for who, where in (("friend", entry), ("author", entry), ("friend", voice), ("author", of_friend)):
        _hang(site, who, where, words)
    site.do(state_fact, "author", "birthday", value="1980-02-29", audience="friends")
    fact = site.do(add_free_fact, "author", label="Words", value=words[:300], audience="only_me")
    site.do(ask_to_be_friends, "second", "author", message=words)
    with site.inside():
        request = request_between(site.ids["second"], site.ids["author"])
        assert request is not None
        request_id = request.id
    token = site.invite("author", letter=words).removeprefix("/join/")
    return Whole(
        site,
        {
            "entry": str(entry),
            "voice": str(voice),
            "private": str(private),
            "of_friend": str(of_friend),
            "number": "1",
            "fact": str(fact),
            "kind": "place",
            "request": str(request_id),
            "invitation": str(_count(site, "invitations")),
            "token": token,
            "friend": "friend",
            "stranger": "stranger",
            "blocked": "blocked",
            "portrait": "t-cat",
            "version": site.app.extensions["mixlite.assets"].version,
            "name": "mixlite.css",
        },
    )


def _hang(site: Site, who: str, where: int, words: str) -> None:
    def act(member: Any) -> None:
        entry = visible_entry(member, where)
        add_comment(member, entry, body=words)
        like(member, entry)
        favour(member, entry)

    site.do(act, who)


def _count(site: Site, table: str) -> int:
    return len(everything(site)[table])


def everything(site: Site) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table."""
    with site.inside(), db.engine.connect() as connection:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
            for table in Base.metadata.sorted_tables
        }


def plainly(response: TestResponse) -> tuple[int, bytes, tuple[tuple[str, str], ...]]:
    """An answer without what differs by the second: to be compared byte for byte."""
    headers = tuple(sorted((k, v) for k, v in response.headers.items() if k not in ("Date", "Set-Cookie")))
    return response.status_code, response.data, headers


def locked() -> OperationalError:
    """As SQLAlchemy says that SQLite's lock was not free in time."""
    orig = sqlite3.OperationalError("database is locked")
    orig.sqlite_errorcode = sqlite3.SQLITE_BUSY
    return OperationalError("SELECT secret_column", {}, orig)


def address_in_room(site: Site, endpoint: str) -> str:
    """An address of one of `ROOMS`, with the first row of whatever it is about."""
    rule = next(rule for rule in site.app.url_map.iter_rules() if rule.endpoint == endpoint)
    values = {name: _IN_ROOMS.get(name, 1) for name in rule.arguments}
    return site.app.url_map.bind("localhost").build(endpoint, values)

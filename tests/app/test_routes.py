"""Every route: it works, it asks for sign-in, what is hidden looks missing, and reading changes nothing."""

from typing import Any

import pytest

from mixlite.core.db import writing
from mixlite.core.http import LARGEST_ID
from mixlite.features.friends.verbs import ask_to_be_friends
from mixlite.features.reading.verbs import add_comment
from mixlite.people.friendships import request_between
from mixlite.policy.visibility import visible_entry
from tests.app.everywhere import (
    EVERY_ACT,
    EVERY_WAY,
    EVERY_WAY_IDS,
    MISSING_ID,
    PUBLIC,
    ROOMS,
    WAYS,
    Way,
    Whole,
    address_in_room,
    everything,
    furnish,
    plainly,
)
from tests.support.site import Site


def _private_ways() -> list[tuple[str, Way]]:
    return [(endpoint, way) for endpoint, way in EVERY_WAY if endpoint not in PUBLIC]


def test_every_route_is_known_to_these_tests(site):
    methods: dict[str, set[str]] = {}
    for rule in site.app.url_map.iter_rules():
        methods.setdefault(rule.endpoint, set()).update(rule.methods - {"HEAD", "OPTIONS"})
    known = {endpoint: {way.method for way in ways} for endpoint, ways in WAYS.items()}
    assert methods == known | {endpoint: set(methods) for endpoint, methods in ROOMS.items()}


@pytest.mark.parametrize("endpoint", ROOMS)
def test_rooms_ask_for_sign_in_and_for_a_token_and_reading_changes_nothing(site, cast, endpoint):
    """What holds for every route, whatever else its own tests show (S3, S33, deny by default)."""
    address, nobody, author = address_in_room(site, endpoint), site.client(), site.sign_in(cast.author)
    before = everything(site)
    for method in ROOMS[endpoint]:
        signed_out = nobody.http.open(address, method=method)
        if endpoint not in PUBLIC and method == "GET":
            assert (signed_out.status_code, signed_out.headers["Location"].split("?")[0]) == (303, "/sign-in")
        if method == "POST":
            assert signed_out.status_code == 400, "sent without a token"
            assert author.http.post(address).status_code == 400, "sent without a token"
        else:
            assert author.get(address).status_code < 500
            assert author.http.head(address).status_code < 500
    assert everything(site) == before


def test_public_routes_are_these_and_no_others(site):
    """Deny by default: whoever opens another route to everybody has to say so here."""
    views = site.app.view_functions.items()
    assert {endpoint for endpoint, view in views if getattr(view, "is_public", False)} == PUBLIC


@pytest.mark.parametrize(("endpoint", "way"), EVERY_WAY, ids=EVERY_WAY_IDS)
def test_every_route_works(whole, endpoint, way):
    client = whole.client_for(way)
    before = everything(whole.site)
    answer = whole.use(client, endpoint, way)
    assert answer.status_code == way.status, answer.text
    changes_nothing = {
        "reading.like",
        "reading.favourite",
        "reading.open_comments",  # they are open
        "preferences.language",
        "preferences.theme",
    }
    if way.sent is not None and endpoint not in changes_nothing:
        assert everything(whole.site) != before


@pytest.mark.postgres
def test_every_route_works_on_postgresql_too(postgres_site):
    """On one site, one after the other: what takes something away comes last."""
    whole = furnish(postgres_site.without_throttles())
    last = [
        "invitations.revoke",
        "friends.end",
        "friends.decline",
        "friends.block",
        "friends.unblock",
        "reading.delete",
    ]
    order = sorted(EVERY_WAY, key=lambda pair: (pair[1].sent is not None, pair[0] in last and last.index(pair[0]) + 1))
    for endpoint, way in order:
        if endpoint == "friends.block":
            postgres_site.befriend("author", "friend")
        instead = {"request_id": _new_request(whole)} if endpoint == "friends.decline" else {}
        answer = whole.use(whole.client_for(way), endpoint, way, **instead)
        assert answer.status_code == way.status, (endpoint, way.method)


def _new_request(whole: Whole) -> int:
    whole.site.do(ask_to_be_friends, "host", "author", message="")
    with whole.site.inside():
        request = request_between(whole.site.ids["host"], whole.site.ids["author"])
        assert request is not None
        return request.id


def test_every_private_route_asks_for_sign_in_and_tells_nothing(whole):
    """Signed out, what exists and what does not answer alike; and nothing happens."""
    client = whole.site.client()
    before = everything(whole.site)
    for endpoint, way in _private_ways():
        real, false = whole.address(endpoint, way), whole.address(endpoint, way, **_missing(way))
        answers = [plainly(_ask(client, address, way)) for address in (real, false)]
        blank = [_without(answer, address) for answer, address in zip(answers, (real, false), strict=True)]
        assert blank[0] == blank[1], endpoint
        assert answers[0][0] == 303, endpoint
        assert dict(answers[0][2])["Location"].split("?")[0] == "/sign-in"
    assert everything(whole.site) == before


def _ask(client, address, way):
    return client.get(address) if way.sent is None else client.post(address, dict(way.sent))


def _without(answer, address):
    status, body, headers = answer
    blank = [(name, value.replace(address, "-")) for name, value in headers if name != "Content-Length"]
    return status, body.replace(address.encode(), b"-"), blank


def _missing(way: Way) -> dict[str, object]:
    values = {"handle": "nobody", "token": "x" * 32, "version": "0", "name": "none.css"}
    return {name: values.get(name, MISSING_ID) for name in way.args}


def test_sign_in_leads_back_to_the_asked_page(whole):
    client = whole.site.client()
    asked = client.get(f"/entries/{whole.of['entry']}?after=3")
    answer = client.submit(asked.headers["Location"], "Sign in", login="author", password="seven ripe persimmons")
    assert answer.headers["Location"] == f"/entries/{whole.of['entry']}?after=3"


# --- S14 ------------------------------------------------------------------------------------------------------------

# Who asks; what stands in the address instead of what the author would use.
HIDDEN = [
    pytest.param("stranger", {}, id="a stranger, what is for friends"),
    pytest.param("second", {}, id="a friend's friend, what is for friends"),
    pytest.param("friend", {"entry_id": "private"}, id="a friend, what is for nobody"),
    pytest.param("host", {"entry_id": "private"}, id="the host, what is for nobody"),
    pytest.param("blocked", {"handle": "author"}, id="one who was blocked, the blocker"),
    pytest.param("author", {"handle": "blocker"}, id="one who was blocked, the other way"),
    pytest.param("stranger", {"handle": "gone"}, id="anybody, one who is suspended"),
]


@pytest.mark.parametrize(("viewer", "instead"), HIDDEN)
def test_s14_hidden_is_missing_byte_for_byte(whole, viewer, instead):
    """On every route with an id or a handle: same status, same body, same headers as for what never was."""
    _suspend(whole.site, "gone")
    whole.of["gone"] = "gone"
    whole.of["author"], whole.of["blocker"] = "author", "blocker"
    client = whole.site.sign_in(viewer)
    never = plainly(client.get("/there/was/never/such/a/page"))
    asked = 0
    before = everything(whole.site)
    for endpoint, way in _private_ways():
        wanted = {name: whole.of[instead.get(name, what)] for name, what in way.args.items()}
        if not _is_hidden(viewer, wanted, instead):
            continue
        answers = [_ask(client, whole.address(endpoint, way, **args), way) for args in (wanted, _missing(way))]
        assert plainly(answers[0]) == plainly(answers[1]), endpoint
        assert plainly(answers[0]) == never, endpoint
        asked += 1
    assert everything(whole.site) == before
    assert asked >= (8 if "handle" in instead else 10)


def _is_hidden(viewer, wanted, instead):
    if "handle" in wanted:
        return "handle" in instead
    if "handle" in instead:
        return False
    own = {"kind", *({"second": ("request_id",)}.get(viewer, ()))}  # a kind of fact is everybody's
    return bool(wanted) and not set(wanted) & own


def _suspend(site: Site, handle: str) -> None:
    site.join(handle, "host")
    with site.inside(), writing():
        site.member(handle).status = "suspended"


def test_s14_a_deleted_entry_is_missing_for_its_author_too(whole):
    client = whole.site.sign_in("author")
    whole.use(client, "reading.delete", WAYS["reading.delete"][1])
    client.get("/")  # the word about it is shown once
    for endpoint, way in _private_ways():
        if "entry_id" in way.args:
            answers = [_ask(client, whole.address(endpoint, way, **args), way) for args in ({}, _missing(way))]
            assert plainly(answers[0]) == plainly(answers[1]), endpoint
            assert answers[0].status_code == 404


def test_s14_a_comment_by_somebody_blocked_is_missing(whole):
    site = whole.site
    entry = site.diary("second", "members")
    site.do(lambda member: add_comment(member, visible_entry(member, entry), body="Hidden."), "blocked")
    client = site.sign_in("author")
    assert "Hidden." not in client.get(f"/entries/{entry}").text
    answers = [client.post(f"/entries/{entry}/comments/{number}/remove") for number in (1, 2)]
    assert plainly(answers[0]) == plainly(answers[1])
    assert answers[0].status_code == 404


def test_s14_the_404_page_gives_nothing_away(whole):
    client = whole.site.sign_in("friend")
    page = client.get(f"/entries/{whole.of['private']}")
    assert page.status_code == 404
    assert client.forms(page) == []
    for word in ("csrf", "nonce", "friend", "author", "/entries", whole.site.ids and "members in this"):
        assert word not in page.text.lower()


NO_IDS = [
    "0",
    "-1",
    str(LARGEST_ID + 1),
    str(2**64),
    "9" * 40,
    "1_0",
    "+1",
    "１",
    "0x1",
    "1e3",
    "1.0",
    "%00",
    "1%00",
    "%20",
    "%F0%9F%8D%B5",
]


def test_s43_ids_that_are_none_are_missing(whole):
    client = whole.site.sign_in("author")
    never = plainly(client.get("/there/was/never/such/a/page"))
    token = client.csrf_token()
    for number in NO_IDS:
        for path in (f"/entries/{number}", f"/entries/{number}/readers", f"/entries/{number}/edit"):
            assert plainly(client.get(path)) == never, path
        for path in (f"/entries/{number}/like", f"/friends/requests/{number}/accept", f"/invitations/{number}/revoke"):
            assert plainly(client.http.post(path, data={"csrf_token": token})) == never, path


def test_s43_the_largest_id_is_answered_on_both_databases(any_site):
    whole = furnish(any_site)
    client = any_site.sign_in("author")
    for endpoint, way in _private_ways():
        if {"entry_id", "request_id", "invitation_id", "number"} & set(way.args):
            ids = dict.fromkeys(way.args, LARGEST_ID)
            assert _ask(client, whole.address(endpoint, way, **ids), way).status_code < 500, endpoint
    number_only = whole.address("reading.remove_comment", WAYS["reading.remove_comment"][0], number=LARGEST_ID)
    assert client.post(number_only).status_code == 404


STRANGE_VALUES = [
    "-1",
    "0",
    "9" * 18,
    "9" * 19,
    "9" * 5000,
    "1e9",
    "1_000",
    "１２",
    "\x00",
    "abc",
    "1;drop",
    "🍵",
    "2026-11-22",
]


def test_s43_numbers_and_cursors_in_the_query_are_no_error(any_site):
    whole = furnish(any_site)
    client = any_site.sign_in("author")
    numbered = [f"/entries/{whole.of['entry']}", f"/entries/{whole.of['entry']}/readers"]
    paged = ["/", "/friends", "/invitations", "/@friend", "/@friend/diary", "/@friend/friends", "/@friend/favourites"]
    asked = [(path, value) for path in numbered for value in STRANGE_VALUES]
    asked += [(path, value) for path in paged for value in ("9" * 19, "\x00", "WzFd.abc")]
    for path, value in asked:
        answer = client.get(path, query_string={"after": value, "made": value, "next": value})
        assert answer.status_code == 200, (path, value)


# --- S3 -------------------------------------------------------------------------------------------------------------


def test_s3_reading_changes_nothing_in_any_table(whole):
    """GET and HEAD on every address, also on those that take only POST, as every kind of person."""
    author = whole.site.sign_in("author")
    others = [whole.site.client(), whole.site.sign_in("friend"), whole.site.sign_in("stranger")]
    before = everything(whole.site)
    for endpoint, way in EVERY_WAY:
        address = whole.address(endpoint, way)
        for method in ("GET", "HEAD", "OPTIONS"):
            assert author.http.open(address, method=method).status_code < 500, (method, address)
        for client in others:
            assert client.get(address).status_code < 500, address
    assert everything(whole.site) == before


def test_s33_a_method_cannot_be_overridden(whole):
    client = whole.site.sign_in("author")
    token = client.csrf_token()
    before = everything(whole.site)
    for endpoint, way in EVERY_ACT:
        address = whole.address(endpoint, way)
        sent = {"_method": "POST", "csrf_token": token, **(way.sent or {})}
        client.get(address, query_string=sent, headers={"X-HTTP-Method-Override": "POST", "X-CSRFToken": token})
        for method in ("PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "QUIET"):
            answer = client.http.open(address, method=method, data=sent, headers={"X-CSRFToken": token})
            assert answer.status_code == 405, (endpoint, method)
    assert everything(whole.site) == before


# --- S33 ------------------------------------------------------------------------------------------------------------


def test_s33_without_a_token_of_ones_own_nothing_happens(whole):
    """For every form, signed in or not; that it works with the right token is shown by test_every_route_works."""
    stale_token = whole.site.client().csrf_token()
    foreign_token = whole.site.sign_in("friend").csrf_token()
    clients = {signed_out: whole.client_for(Way(signed_out=signed_out)) for signed_out in (True, False)}
    tokens = {signed_out: client.csrf_token() for signed_out, client in clients.items()}
    before = everything(whole.site)
    for endpoint, way in EVERY_ACT:
        client, own = clients[way.signed_out], tokens[way.signed_out]
        address, sent = whole.address(endpoint, way), dict(way.sent or {})
        attempts: dict[str, dict[str, Any]] = {
            "missing": {"data": sent},
            "empty": {"data": {**sent, "csrf_token": ""}},
            "foreign": {"data": {**sent, "csrf_token": foreign_token}},
            "stale": {"data": {**sent, "csrf_token": stale_token}},
            "forged": {"data": {**sent, "csrf_token": own[:-3] + "abc"}},
            "in the query": {"data": sent, "query_string": {"csrf_token": own}},
            "JSON": {"json": {**sent, "csrf_token": own}},
            "text/plain": {"data": f"csrf_token={own}", "content_type": "text/plain"},
        }
        for name, attempt in attempts.items():
            assert client.http.post(address, **attempt).status_code == 400, (endpoint, name)
    assert everything(whole.site) == before


def test_s5_the_token_changes_at_sign_in_and_sign_out(cast, site):
    client = site.client()
    before = client.csrf_token()
    client.submit("/sign-in", "Sign in", login="author", password="seven ripe persimmons")
    client.handle = "author"
    during = client.csrf_token()
    answer = client.http.post("/sign-out", data={"csrf_token": before})
    assert answer.status_code == 400
    assert client.http.post("/sign-out", data={"csrf_token": during}).status_code == 303
    client.handle = None
    assert client.http.post("/sign-in", data={"csrf_token": during}).status_code == 400

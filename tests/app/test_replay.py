"""S15 and S16: other people's addresses, and fields that nobody asked for."""

import re
import shutil
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest

from mixlite.core import clock
from mixlite.core.db import Base
from tests.app.everywhere import EVERY_ACT, Whole, everything, furnish
from tests.support.site import Client, Site, _open, forms_in, settings_for

CANARY = "kakinohazushi"  # a word that stands in everything of the author and nowhere else


# --- S15 ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def whole_with_canary(site) -> Whole:
    return furnish(site, diary=f"Private {CANARY}.", title=f"Title {CANARY}", words=f"Words {CANARY}.")


def crawl(client: Client, start: str = "/") -> set[str]:
    """Every address of this site that a person can reach by following links, and where every form leads."""
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        page = client.get(path)
        assert page.status_code < 400, (path, page.status_code)
        if page.mimetype != "text/html":
            continue
        links = re.findall(r'<a\b[^>]*\bhref="([^"]+)"', page.text)
        for link in links:
            parts = urlsplit(link.replace("&amp;", "&"))
            is_of_many = parts.path == "/settings/portrait" and parts.query  # faces without number, of nobody
            if not parts.netloc and not parts.scheme and parts.path and not is_of_many:
                waiting.append(parts.path + (f"?{parts.query}" if parts.query else ""))
        seen |= {f"POST {form.action}" for form in forms_in(page.text)}
        assert len(seen) < 500, "the crawl does not end"
    return seen


def _with_an_id(addresses: set[str]) -> list[str]:
    return sorted(a for a in addresses if re.search(r"/\d+|@author|after=|made=|/join/", a))


def test_s15_what_one_person_reaches_is_closed_to_others(whole_with_canary):
    """Every address and form with an id that the author finds, replayed by a stranger, by one blocked, by nobody."""
    site = whole_with_canary.site
    found = _with_an_id(crawl(site.sign_in("author")))
    assert any(f"/entries/{whole_with_canary.of['private']}/edit" in address for address in found)
    assert any("/accept" in address for address in found)
    assert any("/revoke" in address for address in found)
    assert len(found) > 25
    for who in ("stranger", "blocked", None):
        client = site.sign_in(who) if who else site.client()
        before = _rows_of_others(site, who)
        token = client.csrf_token()
        for address in found:
            path = address.removeprefix("POST ")
            for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
                sent = {"csrf_token": token, "title": "T", "body": "B", "audience": "members", "message": "M"}
                answer = client.http.open(path, method=method, data=None if method in ("GET", "HEAD") else sent)
                assert CANARY not in answer.text or path.startswith("/join/"), (who, method, path)
                assert answer.status_code in (200, 303, 400, 404, 405, 422), (who, method, path)
        missing = {name: before[name] - _rows_of_others(site, who)[name] for name in before}
        assert not any(missing.values()), (who, missing)


def _rows_of_others(site: Site, who: str | None) -> dict[str, set[str]]:
    """Every row but the own account and sessions: these must all be there afterwards, as they were."""
    own = {site.ids[who]} if who else set()
    rows = everything(site)
    kept = {name: {repr(row) for row in found} for name, found in rows.items()}
    kept["members"] = {repr(row) for row in rows["members"] if row[0] not in own}
    kept["sessions"] = {repr(row) for row in rows["sessions"] if row[1] not in own}
    return kept


def test_s15_a_cursor_of_another_person_or_list_opens_nothing(whole):
    site = whole.site
    for number in range(25):
        site.voice("friend", "friends", body=f"voice {number}")
    older = re.search(r'href="/\?after=([^"]+)"', site.sign_in("author").get("/").text)
    assert older
    stranger = site.sign_in("stranger")
    first_page = stranger.get("/").text
    for path in ("/", "/@author", "/friends", "/invitations"):
        assert "voice 1" not in stranger.get(f"{path}?after={older[1]}").text
    fields = re.compile(r'value="[^"]{20,}"')  # tokens and nonces
    assert fields.sub("", stranger.get(f"/?after={older[1]}").text) == fields.sub("", first_page)


# --- S16 ------------------------------------------------------------------------------------------------------------

EXTRAS = ["id", "user_id", "author_id", "actor_id", "role", "is_admin", "community_id", "visibility", "verified"]
EXTRAS += ["invite_count", "permissions", "scope", "__class__", "_fields", "meta", "data", "obj", "formdata"]
OF_FORMS = {"csrf_token", "nonce", "next", "message", "login"}  # and columns, too
OF_WRITING = {"needs_no_answer", "revision"}  # fields of these forms alone; everywhere else they are foreign
WRITING = {"diary.new", "voice.create", "reading.edit", "drafts.keep_change"}
RANDOM = {"token_hash", "salt", "nonce", "fingerprint", "password_hash"}
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def _extras(own: set[str]) -> list[tuple[str, str]]:
    """Every column of every table and then some; plain, as list, nested, odd truths, doubled."""
    columns = {column.name for table in Base.metadata.sorted_tables for column in table.columns}
    names = sorted((columns | set(EXTRAS)) - own)
    sent = []
    for number, name in enumerate(names):
        value = ("1", "true", "on", "members", "2000-01-01", "-1", "null", "[]")[number % 8]
        sent += [(name, value), (name, "7"), (f"{name}[]", value)]
    return sent


def test_s16_fields_that_no_form_has_change_nothing(tmp_path, furnished):
    """The same acts at the same moment on two equal sites, plain on one, with every foreign field on the other."""
    results = []
    for with_extras in (False, True):
        site = _copy(furnished, tmp_path / str(with_extras))
        whole = Whole(site, dict(furnished.of))
        results.append([_act(whole, endpoint, way, with_extras=with_extras) for endpoint, way in EVERY_ACT])
        site.close()
    for (endpoint, _way), plain, loaded in zip(EVERY_ACT, *results, strict=True):
        assert plain == loaded, endpoint


def _copy(furnished: Whole, folder) -> Site:
    shutil.copytree(furnished.site.settings.instance, folder)
    return Site(_open(settings_for(folder)).app, settings_for(folder), dict(furnished.site.ids))


def _act(whole: Whole, endpoint, way, *, with_extras: bool):
    """Do it, and answer all that is in the database then, but for what is random."""
    with clock.at(NOW):
        client = whole.client_for(way)
        token = client.csrf_token()
        own = {*way.sent, *OF_FORMS, *(OF_WRITING if endpoint in WRITING else ())}
        extras = _extras(own) if with_extras else []
        fields = [("csrf_token", token), *way.sent.items(), *extras]
        if with_extras:
            fields += [(name, "other") for name in way.sent]  # the second of a doubled field is not heard
        sent = {name: [value for key, value in fields if key == name] for name in dict(fields)}
        address = whole.address(endpoint, way)
        query = {"is_host": "1", "author_id": "1", "audience": "members"} if with_extras else None
        answer = client.http.post(address, data=sent, query_string=query)
        return answer.status_code, _plain_rows(whole.site)


def _plain_rows(site: Site):
    rows = everything(site)
    plain = {}
    for table in Base.metadata.sorted_tables:
        names = [column.name for column in table.columns]
        plain[table.name] = sorted(
            repr([value for name, value in zip(names, row, strict=True) if name not in RANDOM])
            for row in rows[table.name]
        )
    return plain


@pytest.mark.parametrize("audience", ["public", "community", "chosen", "everyone", "", "MEMBERS"])
def test_s16_an_audience_that_is_not_offered_is_refused(whole, audience):
    client = whole.site.sign_in("author")
    before = everything(whole.site)
    for address in ("/diary/new", "/voice/new", f"/entries/{whole.of['entry']}/edit"):
        sent = {"title": "T", "body": "Words.", "audience": audience}
        assert client.post(address, sent).status_code == 422, address
    assert everything(whole.site) == before

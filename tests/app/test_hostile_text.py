"""S28, S29, S42, S44, S45: what happens to text in every field that takes words."""

import re
import time
from urllib.parse import quote
from weakref import WeakKeyDictionary

import pytest
from sqlalchemy import String, text
from sqlalchemy.exc import DBAPIError

from mixlite.core import clock
from mixlite.core.db import Base, db, writing
from mixlite.core.mail import post_letter
from mixlite.core.prose import excerpt
from mixlite.entries.comments import COMMENT_LENGTH
from mixlite.entries.drafts import Draft
from mixlite.entries.entries import Entry
from mixlite.entries.facts import LABEL_LENGTH, MOST_FREE, VALUE_LENGTH
from mixlite.entries.media import Media
from mixlite.entries.photos import Photo
from mixlite.entries.selections import Selection
from mixlite.entries.versions import Version
from mixlite.features.accounts.models import MailedCode
from mixlite.features.audiences.models import AudienceChange, ChangedEntry
from mixlite.features.diary.models import BODY_LENGTH, TITLE_LENGTH
from mixlite.features.diary.verbs import publish_diary
from mixlite.features.invitations.models import LETTER_LENGTH
from mixlite.features.invitations.verbs import write_invitation
from mixlite.features.photos.models import Album
from mixlite.features.profiles.verbs import add_free_fact, state_fact
from mixlite.features.reading.verbs import add_comment, favour, like
from mixlite.features.reports.models import Report
from mixlite.features.voice.models import VOICE_LENGTH
from mixlite.features.voice.verbs import post_voice
from mixlite.people.friendships import MESSAGE_LENGTH
from mixlite.people.groups import NAME_LENGTH as GROUP_LENGTH
from mixlite.people.groups import Group
from mixlite.people.handles import RetiredHandle
from mixlite.people.members import HANDLE_LENGTH, INTRODUCTION_LENGTH, NAME_LENGTH, Member
from mixlite.people.second_factor import RecoveryCode
from mixlite.people.stafflog import log_act
from tests.app.everywhere import EVERY_ACT, Way, Whole, everything, furnish
from tests.core.corpus import HOSTILE_TEXTS
from tests.core.test_prose import Reader
from tests.support.browser import assert_clean
from tests.support.live import answering
from tests.support.site import Client, Site

FIELDS = [(endpoint, way, name) for endpoint, way in EVERY_ACT for name in way.texts]
FIELD_IDS = [f"{endpoint}:{name}" for endpoint, _way, name in FIELDS]
LIMITS = {
    "invitations.create:letter": LETTER_LENGTH,
    "invitations.join:name": NAME_LENGTH,
    "invitations.join:handle": HANDLE_LENGTH,
    "friends.ask:message": MESSAGE_LENGTH,
    "groups.index:name": GROUP_LENGTH,
    "profiles.edit:name": NAME_LENGTH,
    "profiles.edit:introduction": INTRODUCTION_LENGTH,
    "profiles.fact:value": VALUE_LENGTH,
    "profiles.new_fact:label": LABEL_LENGTH,
    "profiles.new_fact:value": VALUE_LENGTH,
    "profiles.free_fact:label": LABEL_LENGTH,
    "profiles.free_fact:value": VALUE_LENGTH,
    "reading.comment:body": COMMENT_LENGTH,
    "reading.edit:title": TITLE_LENGTH,
    "reading.edit:body": BODY_LENGTH,
    "diary.new:title": TITLE_LENGTH,
    "diary.new:body": BODY_LENGTH,
    "voice.create:body": VOICE_LENGTH,
}
WITHOUT_LIMIT_OF_THEIR_OWN = {"accounts.sign_in:login", "accounts.sign_in:next", "invitations.join:email"}
WORDS = [field for field in FIELDS if field[2] != "next"]  # `next` is no text that is kept: see S6
TOKENS: WeakKeyDictionary[Client, str] = WeakKeyDictionary()


def test_every_field_that_takes_words_is_covered():
    assert set(FIELD_IDS) == {*LIMITS, *WITHOUT_LIMIT_OF_THEIR_OWN}


def _send(whole: Whole, client: Client, endpoint: str, way: Way, **typed: str):
    if client not in TOKENS:
        TOKENS[client] = client.csrf_token()
    data = {"csrf_token": TOKENS[client], **(way.sent or {}), **typed}
    return client.http.post(whole.address(endpoint, way), data=data)


# --- S42 ------------------------------------------------------------------------------------------------------------

STRANGE = [
    "\x01\x02\x1b[31m c\u202ed \u200b\u200d\u2060 \ufeff \U000e0041\U000e007f",
    "\u0301" * 40 + "Z" + "\u0335\u0321" * 30 + "\ufffd\u2028\u2029 \r\n\r \u3164 é\u00ad",
    "\ufdfd" * 9 + "𒐫" * 9,
]
FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e0fff]")
BLANK = ["", " ", "\n\n", "\u3000", "\u3164", "\u200b", "\u200d", "\u2800", "\u00ad"]
NO_HANDLES = [
    "nobody",
    "author\0",
    "author ",
    "a" * 500,
    "ａｕｔｈｏｒ",
    "authоr",
    "author\u200b",
    ".",
    "..",
    "@author",
]


def test_s42_unusable_text_is_refused_everywhere_on_both_databases(any_site):
    whole = furnish(any_site)
    author, nobody = any_site.sign_in("author"), any_site.client()
    before = everything(any_site)
    for endpoint, way, name in WORDS:
        for typed in ("a\0b", "\0", "x\uffff"):
            answer = _send(whole, nobody if way.signed_out else author, endpoint, way, **{name: typed})
            assert answer.status_code == 422, (endpoint, name, typed)
    assert everything(any_site) == before


def test_s42_strange_text_is_cleaned_alike_on_both_databases(any_site):
    """Kept or refused, never an error; and what is kept has nothing invisible, nothing that turns letters around."""
    whole = furnish(any_site)
    author = any_site.sign_in("author")
    for endpoint, way, name in WORDS:
        for typed in STRANGE:
            if not way.signed_out:
                answer = _send(whole, author, endpoint, way, **{name: f"a{typed}b"})
                assert answer.status_code in (303, 422), (endpoint, name, typed)
    for rows in everything(any_site).values():
        for row in rows:
            for value in row:
                assert not (isinstance(value, str) and FORBIDDEN.search(value)), (row, value)


def test_s42_what_nobody_can_see_counts_as_empty(whole):
    author = whole.site.sign_in("author")
    before = everything(whole.site)
    for endpoint, way, name in WORDS:
        if name in ("title", "body", "name") and not way.signed_out:
            for blank in BLANK:
                assert _send(whole, author, endpoint, way, **{name: blank}).status_code == 422, (endpoint, blank)
    assert everything(whole.site) == before


def test_s42_invalid_utf_8_is_no_error(any_site):
    whole = furnish(any_site)
    author = any_site.sign_in("author")
    token = author.csrf_token()
    for endpoint, way, name in WORDS:
        for raw in ("%ff%fe%ed%a0%80", "%c0%80%f5%80%80%80", "a%00b%e3%81"):
            others = {key: value for key, value in (way.sent or {}).items() if key != name}
            body = "&".join(f"{key}={value}" for key, value in {"csrf_token": token, name: raw, **others}.items())
            kind = "application/x-www-form-urlencoded"
            answer = author.http.post(whole.address(endpoint, way), data=body, content_type=kind)
            assert answer.status_code in (303, 404, 422), (endpoint, raw)
    for path in ("/%ff", "/@%ff", "/@author%00", "/@%ED%A0%80/diary", "/join/%00", "/join/%ff", "/entries/1%00"):
        assert author.get(path).status_code == 404, path
        assert author.http.post(path, data={"csrf_token": token}).status_code in (303, 404, 405), path


def test_s42_handles_that_are_none_are_missing_on_both_databases(any_site):
    any_site.join("author")
    client = any_site.sign_in("author")
    for handle in NO_HANDLES:
        assert client.get(f"/@{quote(handle)}").status_code == 404, handle
        assert client.post(f"/@{quote(handle)}/block").status_code in (404, 405), handle


# --- S44 ------------------------------------------------------------------------------------------------------------

WIDE = "👩\u200d👧"  # one character to people, three code points, eleven bytes
LIMITED = [field for field, name in zip(FIELDS, FIELD_IDS, strict=True) if name in LIMITS]


@pytest.mark.parametrize(("endpoint", "way", "name"), LIMITED)
def test_s44_forms_take_exactly_what_they_say(whole, endpoint, way, name):
    """Counted as people count; one more is refused, and nothing of what was typed is lost."""
    limit = LIMITS[f"{endpoint}:{name}"]
    client = whole.client_for(way)
    letters = ("x",) if name == "handle" else ("柿", WIDE)
    before = everything(whole.site)
    for letter in letters:
        answer = _send(whole, client, endpoint, way, **{name: letter * (limit + 1)})
        assert answer.status_code == 422
        assert everything(whole.site) == before
        assert letter * (limit + 1) in answer.text, "what was typed is still there"
    assert _send(whole, client, endpoint, way, **{name: letters[-1] * limit}).status_code == 303
    assert everything(whole.site) != before


def test_s44_far_too_much_is_refused_in_every_field(whole):
    author, nobody = whole.site.sign_in("author"), whole.site.client()
    before = everything(whole.site)
    for endpoint, way, name in WORDS:
        answer = _send(whole, nobody if way.signed_out else author, endpoint, way, **{name: "x" * 400_000})
        assert answer.status_code == 422, (endpoint, name)
    assert everything(whole.site) == before


def test_s44_more_than_a_megabyte_is_not_read(whole):
    author = whole.site.sign_in("author")
    for content_type in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"):
        takes_files = () if "multipart" in content_type else ("/diary/new",)
        for path in ("/settings/profile", *takes_files):
            answer = author.http.post(path, data=b"body=" + b"x" * 1_100_000, content_type=content_type)
            assert answer.status_code == 413, (path, content_type)


def test_s44_where_files_may_come_words_are_no_longer_than_elsewhere(whole):
    author = whole.site.sign_in("author")
    field = b'--x\r\nContent-Disposition: form-data; name="body"\r\n\r\n' + b"x" * 1_100_000 + b"\r\n--x--\r\n"
    answer = author.http.post("/diary/new", data=field, content_type="multipart/form-data; boundary=x")
    assert answer.status_code == 413


def test_s44_the_database_itself_refuses_longer_text_in_every_column(any_site):
    """Found by looking at the tables, so a new column is covered on the day it is made."""
    furnish(any_site)
    author = any_site.sign_in("author")
    author.post("/voice/new", {"body": "x", "audience": "friends", "nonce": "n"})  # a row of submissions
    _fill_the_rest(any_site)
    columns = [(table.name, c.name, c.type) for table in Base.metadata.sorted_tables for c in table.columns]
    bounded = [(table, name, kind.length) for table, name, kind in columns if isinstance(kind, String)]
    assert len(bounded) >= 20
    for table, column, length in bounded:
        assert length, f"{table}.{column} has no limit"
        _assert_refused(any_site, table, column, length)


def _fill_the_rest(site):
    """A row of every table that the cast has not filled by living."""
    with site.inside(), writing():
        author = site.member("author")
        post_letter("none", key="k", about_id=1, address="a@example.com", language="en")
        held = {"reportable": "entry", "subject_id": 1, "reason": "other"}
        db.session.add_all(
            [
                Report(about_id=author.id, reporter_id=author.id, **held),
                MailedCode(
                    purpose="reset", member_id=author.id, salt="s", token_hash="t", address="a", expires_at=clock.now()
                ),
                Album(entry_id=1, title="t", body="b"),
                Photo(entry_id=1, parent_id=2, position=0, body="b", alt="a"),
                Media(
                    token="t",
                    owner_id=author.id,
                    file_name="f",
                    size=1,
                    bytes=1,
                    colour="c",
                    reason="r",
                    widths="1",
                    lengths="1",
                    due_at=clock.now(),
                    touched_at=clock.now(),
                    created_at=clock.now(),
                ),
                RecoveryCode(member_id=author.id, code_hash="c"),
                RetiredHandle(handle_hash="h"),
                Group(owner_id=author.id, name="g"),
                Selection(owner_id=author.id, fingerprint="f", all_friends=True),
                Version(entry_id=1, number=99, saved_at=clock.now(), content="{}"),
                Draft(author_id=author.id, kind="diary", nonce="n", content="{}", saved_at=clock.now()),
                AudienceChange(
                    id=1, author_id=author.id, made_at=clock.now(), audience="friends", selection_id=None, entry_count=1
                ),
            ]
        )
        db.session.flush()
        db.session.add(ChangedEntry(change_id=1, entry_id=1, audience="friends", selection_id=None))
        log_act(None, "a test", subject="a test")


# Words with a list of their own are refused by it, and the log refuses every change.
REFUSALS = r"(?i)length|too long|only appended to|purpose|reason|status|state|language|audience|kind"


def _assert_refused(site, table, column, length):
    change = text(f"UPDATE {table} SET {column} = :value")
    with site.inside(), db.engine.connect() as connection:
        assert connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one(), f"no row in {table} to try"
        for value in ("x" * (length + 1), "柿" * (length + 1)):
            with pytest.raises(DBAPIError, match=REFUSALS):
                connection.execute(change, {"value": value})
            connection.rollback()


def test_s44_every_form_field_fits_its_column():
    """What a form lets through, the column takes: people's characters have at most four code points here."""
    columns = {(t.name, c.name): c.type for t in Base.metadata.sorted_tables for c in t.columns}
    pairs = {
        ("members", "name"): NAME_LENGTH,
        ("members", "introduction"): INTRODUCTION_LENGTH,
        ("friend_requests", "message"): MESSAGE_LENGTH,
        ("facts", "label"): LABEL_LENGTH,
        ("facts", "value"): VALUE_LENGTH,
        ("comments", "text"): COMMENT_LENGTH,
        ("diaries", "title"): TITLE_LENGTH,
        ("diaries", "body"): BODY_LENGTH,
        ("voices", "body"): VOICE_LENGTH,
        ("invitations", "letter"): LETTER_LENGTH,
    }
    for where, limit in pairs.items():
        kind = columns[where]
        assert isinstance(kind, String)
        assert kind.length == 4 * limit


# --- S45 ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pump", ["a@", "🇯", "\u0301", "[", "http://", "a."])
def test_s45_fifty_kilobytes_in_any_field_are_answered_in_time(whole, pump):
    author = whole.site.sign_in("author")
    typed = pump * (50_000 // len(pump.encode()))
    for endpoint, way, name in WORDS:
        client = whole.site.client() if way.signed_out else author
        start = time.process_time()
        answer = _send(whole, client, endpoint, way, **{name: typed})
        assert answer.status_code in (303, 404, 422), (endpoint, name)  # 404: somebody joined, the link is used up
        assert time.process_time() - start < 2, (endpoint, name)


# --- S28, S29 -------------------------------------------------------------------------------------------------------

NAME = '"><img src=x onerror=alert(1)>'
NEVER = {"iframe", "object", "embed", "base", "style", "template", "math", "noscript", "img", "video", "x"}


def _full_of(site: Site) -> int:
    """A site where every hostile text stands in a title, a diary, a voice, a comment, a letter. Answers an entry."""
    site.join("host")
    site.join("author", "host")

    def write(author: Member, host: Member) -> Entry:
        below = publish_diary(author, title="Comments", body="x", excerpt="x", audience="friends")
        for hostile in HOSTILE_TEXTS:
            body = f"{hostile}\n\n> {hostile}\n\n[{hostile}]({hostile})"
            favour(
                host, publish_diary(author, title=hostile[:100], body=body, excerpt=excerpt(body), audience="friends")
            )
            like(host, post_voice(author, body=hostile[:300], audience="friends"))
            add_comment(author, below, body=hostile)
            write_invitation(author, letter=hostile, uses=1, days=1)
        for hostile in HOSTILE_TEXTS[:MOST_FREE]:
            add_free_fact(author, label=hostile[:LABEL_LENGTH], value=hostile[:VALUE_LENGTH], audience="friends")
        state_fact(author, "reading", value=HOSTILE_TEXTS[0], audience="members")
        return below

    return int(site.do(write, "author", "host"))


def _pages(entry):
    paths = ["/", "/friends", "/invitations", "/@author", "/@author/diary", "/@author/friends", "/@host/favourites"]
    paths += ["/settings/profile/facts/reading", "/@author/diary?when=2026"]
    return [*paths, f"/entries/{entry}", "/settings/profile", "/settings/privacy", "/friends/requests"]


def test_s29_hostile_text_stays_text_on_every_page(site):
    """Parsed as a browser parses it: no element, no handler, no address of theirs, whatever the field."""
    entry = _full_of(site)
    author, host = site.sign_in("author"), site.sign_in("host")
    assert author.post("/settings/profile", {"name": NAME, "introduction": HOSTILE_TEXTS[0]}).status_code == 303
    done: set[str] = set()
    for client in (author, host):
        waiting = _pages(entry)
        while waiting and len(done) < 120:
            path = waiting.pop(0)
            if (key := f"{client.handle} {path}") in done:
                continue
            done.add(key)
            page = client.get(path)
            assert page.status_code == 200, path
            _assert_harmless(page.text, path)
            links = re.findall(r'href="([^"]*[?&]after=[^"#]*|/entries/\d+)', page.text)
            waiting += [link.replace("&amp;", "&") for link in links]
    assert len(done) == 120


def _assert_harmless(markup, path):
    for tag, attributes in Reader(markup).tags:
        is_ours = tag == "img" and re.fullmatch(r"/invitations/[0-9]+/qr\.svg", attributes.get("src") or "")
        assert tag not in NEVER or is_ours, (path, tag)
        if tag == "script":
            assert (attributes.get("src") or "").startswith("/static/"), path
        for name, value in attributes.items():
            assert not name.startswith("on"), (path, tag, name)
            assert name not in ("style", "srcdoc"), (path, tag, name)
            if name == "formaction":
                assert re.fullmatch(r"/(?:drafts|entries)/[a-z0-9/]+", value or ""), (path, value)  # of ours alone
            if name in ("href", "src", "action"):
                assert not re.match(r"\s*(?:javascript|data|vbscript):|//", value or "", re.IGNORECASE), (path, value)
                assert "evil.example" not in (value or "") or tag == "a", (path, tag, value)


def test_s29_error_pages_and_the_door_repeat_nothing_unescaped(whole):
    whole.site.without_throttles()
    nobody, author = whole.site.client(), whole.site.sign_in("author")
    tokens = nobody.csrf_token(), author.csrf_token()
    for hostile in HOSTILE_TEXTS:
        door = {"login": hostile[:300], "password": "x" * 12, "next": hostile, "csrf_token": tokens[0]}
        diary = {"title": hostile, "body": "", "audience": hostile, "csrf_token": tokens[1]}
        invitation = {"letter": hostile, "uses": hostile, "days": hostile, "csrf_token": tokens[1]}
        for answer in (
            nobody.http.post("/sign-in", data=door),
            author.http.post("/diary/new", data=diary),
            author.http.post("/invitations", data=invitation),
            author.get(f"/nowhere/{quote(hostile)}", query_string={"after": hostile}),
        ):
            assert answer.status_code in (404, 422)
            _assert_harmless(answer.text, hostile)


def test_s29_a_real_browser_runs_nothing_of_it(site, new_context):
    """Zero dialogs, zero violations of the policy, zero requests to elsewhere, on every page that shows such text."""
    entry = _full_of(site)
    named = {"name": NAME, "introduction": "<svg onload=alert(1)>" * 9}
    assert site.sign_in("author").post("/settings/profile", named).status_code == 303
    with answering(site) as address:
        page = new_context(base_url=address).new_page()
        page.goto("/sign-in")
        page.locator("input[name=login]").fill("host")
        page.locator("input[name=password]").fill("seven ripe persimmons")
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"{address}/")
        for path in (*_pages(entry), "/entries/2", "/entries/3", f"/entries/{entry}?after=50"):
            page.goto(path)
            assert_clean(page)
            assert page.locator("main script, main iframe, main object, main style").count() == 0


def test_s28_quotes_and_wildcards_are_only_letters(whole):
    """No error, no extra rows, and the very same words come back."""
    author = whole.site.sign_in("author")
    token = author.csrf_token()
    for hostile in [h for h in HOSTILE_TEXTS if "'" in h or "%" in h or "--" in h]:
        sent = {"body": hostile, "audience": "only_me", "csrf_token": token}
        assert author.http.post("/voice/new", data=sent).status_code == 303
    kept = {row[1] for row in everything(whole.site)["voices"]}
    assert {h for h in HOSTILE_TEXTS if "OR '1'='1" in h or "UNION" in h or "[^a]" in h} <= kept
    nobody = whole.site.client()
    for login in ("' OR '1'='1", "author' --", "%", "_uthor", "a%", "author'; DROP TABLE members; --", "*"):
        assert nobody.post("/sign-in", {"login": login, "password": "seven ripe persimmons"}).status_code == 422

"""S13, S32, S34: what every answer carries, whatever it answers; and what may be kept by whom."""

import re
import shutil
from collections.abc import Iterator

import pytest
from werkzeug.test import TestResponse

from mixlite.app.factory import create_app
from tests.app.everywhere import EVERY_WAY, Whole, locked
from tests.support.site import Client, Site, _open, forms_in, gather, settings_for

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}


def _every_kind_of_answer(whole: Whole) -> Iterator[tuple[str, TestResponse]]:
    site = whole.site
    author, stranger, nobody = site.sign_in("author"), site.sign_in("stranger"), site.client()
    for endpoint, way in EVERY_WAY:
        if way.sent is None:
            yield f"page {endpoint}", whole.use(nobody if way.signed_out else author, endpoint, way)
    yield from _strange_answers(whole, author, stranger, nobody)
    yield "done", author.post("/voice/new", {"body": "Tea.", "audience": "friends"})
    yield "signed out", author.post("/sign-out")


def _strange_answers(
    whole: Whole, author: Client, stranger: Client, nobody: Client
) -> Iterator[tuple[str, TestResponse]]:
    entry, sheet = f"/entries/{whole.of['entry']}", f"/static/{whole.of['version']}/mixlite.css"
    yield "303 sign in first", nobody.get(entry)
    yield "303 wrong slash", author.get("/friends/")
    yield "304 unchanged", nobody.get(sheet, headers={"If-None-Match": nobody.get(sheet).headers["ETag"]})
    yield "206 a part", nobody.get(sheet, headers={"Range": "bytes=0-9"})
    yield "gzipped", nobody.get(sheet, headers={"Accept-Encoding": "gzip"})
    yield "HEAD", author.http.head(entry)
    yield "OPTIONS", author.http.options(entry)
    yield "400 no token", author.http.post(f"{entry}/like")
    yield "400 foreign host", author.get("/", headers={"Host": "evil.example"})
    yield "400 foreign host, file", nobody.get(sheet, headers={"Host": "evil.example"})
    yield "403", whole.site.sign_in("friend").get(f"{entry}/edit")
    yield "404 hidden", stranger.get(entry)
    yield "404 no address", nobody.get("/nothing/here")
    yield "404 no file", nobody.get("/static/0/none.css")
    yield "404 no file, out of the folder", nobody.get("/static/0/..%2f..%2fpyproject.toml")
    yield "405", author.http.delete(entry)
    yield "413", author.http.post("/diary/new", data=b"x" * (2 * 1024 * 1024))
    yield "422", author.post("/diary/new", {"title": "", "body": ""})
    yield "422 sign-in", nobody.post("/sign-in", {"login": "author", "password": "wrong"})


def test_s32_every_answer_carries_the_policy(whole):
    for name, answer in _every_kind_of_answer(whole):
        assert name.split()[0] not in "400 403 404 405 413 422" or str(answer.status_code) == name.split()[0], name
        assert answer.status_code < 500, name
        _assert_sealed(answer, name)


def test_s32_the_500_and_the_503_page_carry_the_policy(whole, monkeypatch):
    client = whole.site.sign_in("author")
    for error, status in ((RuntimeError("x"), 500), (locked(), 503)):
        monkeypatch.setitem(whole.site.app.view_functions, "friends.index", _raises(error))
        answer = client.get("/friends")
        assert answer.status_code == status
        _assert_sealed(answer, str(status))


def _raises(error):
    def view():
        raise error

    return view


def _assert_sealed(answer, name):
    headers = answer.headers
    given = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
    assert {key: given.get(key) for key in POLICY} == POLICY, name
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff", name
    assert headers["Referrer-Policy"] == "same-origin", name
    assert "geolocation=()" in headers["Permissions-Policy"], name
    assert headers["Cross-Origin-Opener-Policy"] == headers["Cross-Origin-Resource-Policy"] == "same-origin", name
    assert headers["Cache-Control"], name
    assert not re.search(r"werkzeug|python|waitress|flask", str(headers), re.IGNORECASE), name


def test_s32_no_page_has_inline_script_or_style(whole):
    """What the policy would forbid is not there in the first place."""
    for name, answer in _every_kind_of_answer(whole):
        if answer.mimetype == "text/html":
            assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\bstyle=|\son[a-z]+=|javascript:", answer.text), name
            for address in re.findall(r"""(?:src|href|action|srcset|poster)="([^"]*)""", answer.text):
                assert address.startswith(("/", "#", "?", "http://localhost/")) or not address, (name, address)


def test_s34_pages_are_not_kept_and_files_are_shared_safely(whole):
    """A page is never stored; what may be stored holds no token, no cookie, nothing of a person."""
    for name, answer in _every_kind_of_answer(whole):
        kept = answer.cache_control
        if kept.no_store:
            continue
        assert answer.request.path.startswith(("/static/", "/portraits/")), name
        assert kept.public, name
        assert "Set-Cookie" not in answer.headers, name
        assert "Cookie" not in answer.headers.get("Vary", ""), name
        assert b"csrf" not in answer.data or answer.mimetype == "text/javascript", name


def test_s34_files_asked_for_by_a_member_are_the_same_bytes_for_all(whole):
    sheet = f"/static/{whole.of['version']}/mixlite.css"
    mine, theirs = whole.site.sign_in("author").get(sheet), whole.site.client().get(sheet)
    assert mine.data == theirs.data
    assert mine.cache_control.immutable
    assert mine.cache_control.max_age >= 30 * 24 * 3600
    assert whole.site.client().get("/static/of-old/mixlite.css").cache_control.max_age == 0


def test_s34_after_sign_out_nothing_of_it_is_left_in_the_browser(whole):
    client = whole.site.sign_in("author")
    page = client.get(f"/entries/{whole.of['private']}")
    assert page.headers["Cache-Control"] == "no-store"
    assert "cache" in client.post("/sign-out").headers["Clear-Site-Data"]
    assert client.get(f"/entries/{whole.of['private']}").status_code == 303


def test_trusted_hosts_are_answered(whole):
    for host in ("localhost", "localhost:8000", "LocalHost", "127.0.0.1:8000", "[::1]:8000", "[::1]"):
        assert whole.site.client().get("/", headers={"Host": host}).status_code == 200, host


FOREIGN_HOSTS = ["evil.example", "localhost.evil.example", "evil.example:80", "localhost@evil.example"]
FOREIGN_HOSTS += ["", "[", "a b", "[::2]:80", "localhost:99999999", "127.0.0.2", "localhost,evil.example"]


def test_foreign_hosts_are_refused(whole):
    for host in FOREIGN_HOSTS:
        for path in ("/", "/sign-in", "/friends", "/nothing", "/healthz", "/static/0/x.css"):
            answer = whole.site.client().get(path, headers={"Host": host})
            assert answer.status_code == 400, (host, path)
            assert "evil" not in answer.text
            assert "evil" not in str(answer.headers)


def test_a_site_with_an_ipv6_or_a_japanese_name_answers_to_it(tmp_path):
    for number, (base_url, host) in enumerate(
        [("http://[fd00::5]:8000", "[fd00::5]:8000"), ("https://輪.example", "xn--r23a.example")]
    ):
        app = create_app(settings_for(tmp_path / str(number), base_url=base_url))
        assert app.test_client().get("/healthz", base_url=f"http://{host}").status_code == 200
        assert app.test_client().get("/healthz", base_url="http://evil.example").status_code == 400


def test_forwarded_headers_are_not_believed(whole):
    lies = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https", "Forwarded": "host=evil.example"}
    page = whole.site.sign_in("author").get("/invitations", headers=lies)
    assert page.status_code == 200
    assert "evil.example" not in page.text
    assert "http://localhost/join/" in page.text


# --- S13 ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def https_site(tmp_path, sqlite_template) -> Iterator[Site]:
    folder = tmp_path / "https"
    folder.mkdir()
    shutil.copy(sqlite_template, folder / "mixlite.sqlite3")
    site = _open(settings_for(folder, base_url="https://circle.example"))
    gather(site)
    yield site
    site.close()


def _cookies(answer):
    return {line.split("=", 1)[0]: line.split("=", 1)[1] for line in answer.headers.getlist("Set-Cookie")}


def _token(page):
    return next(form.fields["csrf_token"] for form in forms_in(page.text))


def _sign_in(site, base, **more):
    client = site.app.test_client()
    page = client.get("/sign-in", base_url=base)
    token = _token(page)
    data = {"login": "author", "password": "seven ripe persimmons", "csrf_token": token, **more}
    return client, client.post("/sign-in", base_url=base, data=data, headers={"Referer": f"{base}/sign-in"})


def test_s13_cookies_on_plain_http(site, cast):
    _client, answer = _sign_in(site, "http://localhost")
    cookies = _cookies(answer)
    assert set(cookies) == {"mixlite", "mixlite-known"}
    for cookie in cookies.values():
        assert re.search(r"HttpOnly", cookie)
        assert re.search(r"SameSite=Lax", cookie)
        assert "Path=/" in cookie
        assert "Secure" not in cookie
        assert "Domain" not in cookie
    assert "Expires" not in cookies["mixlite"], "without remember it ends with the browser"
    assert "Strict-Transport-Security" not in answer.headers


def test_s13_cookies_and_transport_on_https(https_site):
    base = "https://circle.example"
    client, answer = _sign_in(https_site, base, remember="y")
    cookies = _cookies(answer)
    assert set(cookies) == {"__Host-mixlite", "__Host-mixlite-known"}
    for cookie in cookies.values():
        for word in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/", "Expires="):
            assert word in cookie
        assert "Domain" not in cookie
    assert "max-age=" in answer.headers["Strict-Transport-Security"]
    assert client.get("/", base_url=base).status_code == 200
    assert client.get("/", base_url="https://localhost").status_code == 400, "only the configured name"


def test_s13_preferences_are_no_secret_but_sealed_all_the_same(https_site):
    base = "https://circle.example"
    client = https_site.app.test_client()
    token = _token(client.get("/sign-in", base_url=base))
    sent = {"csrf_token": token, "language": "ja"}
    answer = client.post("/preferences/language", base_url=base, data=sent, headers={"Referer": base + "/sign-in"})
    assert answer.status_code == 303
    for cookie in _cookies(answer).values():
        assert "Secure" in cookie
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie

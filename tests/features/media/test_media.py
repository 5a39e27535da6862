"""Pictures come in, in parts or whole, and go out only to whom the law lets see them."""

import threading
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import func, select, update

from mixlite.app.worker import build_workshop
from mixlite.core import clock
from mixlite.core.db import db, writing
from mixlite.core.errors import Refused
from mixlite.core.storage import StorageFull, storage
from mixlite.entries import media, preparing
from mixlite.entries.media import PART_BYTES, Media, expect, folder_of, forget_unused, sweep_storage
from mixlite.features.friends.verbs import block
from mixlite.features.leaving.erasing import erase
from mixlite.people.leaving import leave
from tests.support.hostile_files import refused
from tests.support.site import Client, Site, gather


def noise(size: tuple[int, int] = (1200, 900)) -> bytes:
    buffer = BytesIO()
    Image.effect_noise(size, 90).convert("RGB").save(buffer, "PNG")
    return buffer.getvalue()


def work(site: Site) -> None:
    with site.inside():
        build_workshop().sweep()


def begin(client: Client, content: bytes, name: str = "a.png") -> str:
    answer = client.post("/media", {"size": len(content), "name": name})
    assert answer.status_code == 201, answer.text
    return str((answer.json or {})["token"])


def send(client: Client, token: str, offset: int, content: bytes) -> Any:
    head = {"X-CSRFToken": client.csrf_token(), "Content-Type": "application/octet-stream"}
    return client.http.post(f"/media/{token}/parts/{offset}", data=content, headers=head)


def upload(client: Client, content: bytes, name: str = "a.png") -> str:
    token = begin(client, content, name)
    for offset in range(0, len(content), PART_BYTES):
        assert send(client, token, offset, content[offset : offset + PART_BYTES]).status_code == 200
    return token


def album_of(client: Client, *tokens: str, audience: str = "friends") -> str:
    answer = client.post("/albums/new", {"title": "T", "body": "", "audience": audience, "media": list(tokens)})
    assert answer.status_code == 303, answer.text
    return str(answer.location)


def names(site: Site) -> set[str]:
    with site.inside():
        return set(storage().names())


def test_a_broken_upload_goes_on_where_it_was(any_site):
    gather(any_site)
    author, content = any_site.sign_in("author"), noise((1400, 1000))
    assert len(content) > PART_BYTES
    token = begin(author, content)
    assert send(author, token, 0, content[:PART_BYTES]).json["received"] == PART_BYTES
    again = send(author, token, 0, content[:PART_BYTES])  # its answer was lost
    assert again.status_code == 409
    found = author.http.head(f"/media/{token}/upload")
    assert found.headers["Upload-Offset"] == str(PART_BYTES)
    assert send(author, token, PART_BYTES, content[PART_BYTES : 2 * PART_BYTES][:-1]).status_code == 422
    for offset in range(PART_BYTES, len(content), PART_BYTES):
        assert send(author, token, offset, content[offset : offset + PART_BYTES]).status_code == 200
    assert author.get(f"/media/{token}/upload").json["state"] == "received"
    work(any_site)
    assert author.get(f"/media/{token}/upload").json["state"] == "ready"
    assert author.get(f"/media/{token}/small").status_code == 200
    assert any_site.sign_in("friend").get(f"/media/{token}/small").status_code == 404
    album_of(author, token)
    assert any_site.sign_in("friend").get(f"/media/{token}/small").status_code == 200
    assert {name.rpartition("/")[2] for name in names(any_site)} == {"small", "medium", "large"}, "P7: no original"


def test_nobody_touches_another_s_upload(site, cast):
    author, friend = site.sign_in("author"), site.sign_in("friend")
    content = noise((100, 100))
    token = begin(author, content)
    assert friend.get(f"/media/{token}/upload").status_code == 404
    assert send(friend, token, 0, content).status_code == 404
    assert friend.post(f"/media/{token}/cancel").status_code == 404
    send(author, token, 0, content)
    work(site)
    answer = friend.post("/albums/new", {"title": "T", "body": "", "audience": "friends", "media": [token]})
    assert answer.status_code == 422
    assert site.client().get(f"/media/{token}/small").status_code == 303


def test_what_was_cancelled_is_gone(site, cast):
    author = site.sign_in("author")
    token = upload(author, noise((100, 100)))
    assert author.post(f"/media/{token}/cancel").status_code == 204
    work(site)
    assert author.get(f"/media/{token}/upload").status_code == 404
    assert names(site) == set()


@pytest.mark.parametrize("size", ["0", "-1", "67108865", "99999999999", "x", "1e3", ""])
def test_s40_a_file_says_an_honest_length(site, cast, size):
    assert site.sign_in("author").post("/media", {"size": size, "name": "a"}).status_code == 422


def test_s40_a_part_is_a_megabyte_and_other_forms_stay_small(site, cast):
    author = site.sign_in("author")
    token = begin(author, b"x" * (3 * PART_BYTES))
    assert send(author, token, 0, b"x" * (PART_BYTES + 1)).status_code == 413
    raw = {"data": b"x" * 2 * PART_BYTES, "content_type": "multipart/form-data; boundary=b"}
    assert author.http.post("/settings/profile", **raw).status_code == 413
    answer = site.client().http.post("/albums/new", **raw)
    assert answer.status_code == 413
    assert names(site) == set()


def test_s40_the_quota_is_exact_for_uploads_at_once(any_site):
    """Eight at once, and room for three."""
    gather(any_site)
    size = 500_000
    any_site.app.config["MIXLITE"] = _with_quota(any_site, 2)
    owner = any_site.ids["author"]
    granted, refused_, barrier = [], [], threading.Barrier(8)

    def ask() -> None:
        with any_site.inside():
            barrier.wait()
            try:
                granted.append(expect(owner, size, "a").token)
            except Refused:
                refused_.append(1)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(granted), len(refused_)) == (4, 4)
    with any_site.inside():
        assert db.session.scalar(select(func.sum(Media.bytes))) == 4 * size


def _with_quota(site: Site, megabytes: int) -> Any:
    return replace(site.settings, media_quota=megabytes)


def test_a_form_over_quota_keeps_what_was_typed(site, cast):
    site.app.config["MIXLITE"] = _with_quota(site, 1)
    author = site.sign_in("author")
    begin(author, b"x" * 800_000)
    files = [(BytesIO(noise((200, 200))[:100_000]), "one.png"), (BytesIO(b"x" * 300_000), "two.png")]
    page = author.submit("/albums/new", "Publish", title="My title", body="", audience="friends", files=files)
    assert page.status_code == 422
    assert "My title" in page.text
    assert page.text.count('name="media"') == 1
    site.app.config["MIXLITE"] = site.settings
    assert author.submit(page, "Publish").status_code == 303


def test_r12_a_form_sent_twice_makes_one_album(site, cast):
    author = site.sign_in("author")
    page = author.get("/albums/new")
    content = noise((100, 100))
    answers = []
    for _ in range(2):
        given = {"title": "T", "body": "", "audience": "friends", "files": [(BytesIO(content), "a.png")]}
        answers.append(author.submit(page, "Publish", **given))
    assert answers[0].location == answers[1].location
    work(site)
    with site.inside():
        assert db.session.scalar(select(func.count()).select_from(Media)) == 1


def test_s41_every_byte_is_asked_of_the_law(site, cast):
    author, friend = site.sign_in("author"), site.sign_in("friend")
    token = upload(author, noise((400, 400)))
    work(site)
    album_of(author, token)
    address = f"/media/{token}/small"
    whole = friend.get(address)
    assert whole.mimetype == "image/webp"
    assert whole.headers["Cache-Control"] == "private, no-cache"
    assert whole.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in whole.headers["Content-Security-Policy"]
    etag = {"If-None-Match": whole.headers["ETag"]}
    head = friend.http.head(address)
    assert (head.data, head.headers["Content-Length"]) == (b"", str(len(whole.data)))
    assert friend.get(address, headers=etag).status_code == 304
    part = friend.get(address, headers={"Range": "bytes=2-5"})
    assert (part.status_code, part.data) == (206, whole.data[2:6])
    assert part.headers["Content-Range"] == f"bytes 2-5/{len(whole.data)}"
    assert friend.get(address, headers={"Range": "bytes=-4"}).data == whole.data[-4:]
    assert friend.get(address, headers={"Range": "bytes=999999999-"}).status_code == 416
    assert friend.get(address, headers={"Range": "bytes=0-1,4-5"}).data == whole.data
    stale = {"Range": "bytes=2-5", "If-Range": '"another"'}
    assert friend.get(address, headers=stale).data == whole.data
    missing = [friend.get(f"/media/{'a' * 26}/small"), friend.get(f"/media/{token}/huge")]
    stranger = site.sign_in("stranger")
    for headers in ({}, etag, {"Range": "bytes=0-1"}, {"If-Modified-Since": "Mon, 01 Jan 2046 00:00:00 GMT"}):
        hidden = stranger.get(address, headers=headers)
        assert hidden.status_code == 404
        assert "ETag" not in hidden.headers
        assert {hidden.data} == {each.data for each in missing}
        assert stranger.http.head(address, headers=headers).status_code == 404


def test_s26_deleted_is_gone_bytes_and_all(site, cast):
    author, friend = site.sign_in("author"), site.sign_in("friend")
    site.app.config["MIXLITE"] = site.settings
    tokens = [upload(author, noise((400, 400))) for _ in range(2)]
    work(site)
    album = album_of(author, *tokens)
    with site.inside():
        photo = db.session.scalars(select(Media.entry_id).where(Media.token == tokens[0])).one()
    author.submit(f"/entries/{photo}/delete", "Delete")
    assert friend.get(f"/media/{tokens[0]}/small").status_code == 404
    assert author.get(f"/media/{tokens[0]}/small").status_code == 404
    assert friend.get(f"/media/{tokens[1]}/small").status_code == 200
    author.submit(album.replace("albums", "entries") + "/delete", "Delete")
    assert friend.get(f"/media/{tokens[1]}/small").status_code == 404
    with clock_moved(timedelta(minutes=1)):
        work(site)
        work(site)
    assert names(site) == set()
    with site.inside():
        assert db.session.scalar(select(func.count()).select_from(Media)) == 0


class clock_moved:  # noqa: N801 - reads as a statement
    """Within the block it is later."""

    def __init__(self, by: timedelta):
        self.by = by

    def __enter__(self) -> None:
        self.patch = pytest.MonkeyPatch()
        now = clock.now
        self.patch.setattr(clock, "now", lambda: now() + self.by)

    def __exit__(self, *_: object) -> None:
        self.patch.undo()


def test_s26_who_left_leaves_no_picture(site, cast):
    author = site.sign_in("author")
    album_of(author, upload(author, noise((100, 100))))
    upload(author, noise((100, 100)))
    work(site)
    with site.inside(), writing():
        leave(site.member("author"))
    with clock_moved(timedelta(days=8)):
        with site.inside():
            erase(site.ids["author"])
        work(site)
    assert names(site) == set()


def test_a_picture_in_a_draft_waits_as_long_as_the_draft(any_site):
    gather(any_site)
    author = any_site.sign_in("author")
    kept, _left = upload(author, noise((64, 64))), upload(author, noise((64, 64)))
    (form,) = [form for form in author.forms(author.get("/voice/new")) if "Post" in form.buttons]
    assert author.http.post("/drafts/voice", data={**form.fields, "body": "Soon", "media": [kept]}).status_code == 303

    def a_week_later() -> set[str]:
        work(any_site)
        with any_site.inside(), clock.at(clock.now() + timedelta(days=7)):
            forget_unused()
            build_workshop().sweep()
        return {name.split("/")[1] for name in names(any_site)}

    assert a_week_later() == {kept}
    assert author.submit("/drafts", "Throw away").status_code == 303
    assert a_week_later() == set()


def test_the_sweep_takes_what_is_nobody_s_and_never_what_is_still_coming(any_site):
    gather(any_site)
    author = any_site.sign_in("author")
    content = noise((1400, 1000))
    coming, _unused, used = begin(author, content), upload(author, content), upload(author, content)
    send(author, coming, 0, content[:PART_BYTES])
    album_of(author, used)
    work(any_site)
    with any_site.inside():
        storage().put(f"{folder_of('z' * 26)}/in/0000", b"left by a killed process")
        storage().put(f"{folder_of(used)}/in/0000", b"an original that should be gone")
        assert sweep_storage() == 2
        assert sweep_storage() == 0
        forget_unused()
    assert f"{folder_of(coming)}/in/0000" in names(any_site)
    with any_site.inside(), writing():
        old = clock.now() - timedelta(days=2)
        db.session.execute(update(Media).where(Media.token != coming).values(touched_at=old))
    with any_site.inside():
        forget_unused()
    work(any_site)
    assert {name.split("/")[1] for name in names(any_site)} == {coming, used}


def test_r2_a_worker_that_was_killed_is_followed_by_another(any_site):
    gather(any_site)
    author = any_site.sign_in("author")
    token = upload(author, noise((400, 400)))
    with any_site.inside():
        claim, _is_erasable = preparing._claimed(db.session.scalars(select(Media.id)).one())
        assert claim is not None
        storage().put(f"{folder_of(token)}/{claim.attempt}/small", b"half of a picture")
    work(any_site)
    assert author.get(f"/media/{token}/upload").json["state"] == "preparing"
    with clock_moved(preparing.LEASE + timedelta(seconds=1)):
        work(any_site)
    assert author.get(f"/media/{token}/upload").json["state"] == "ready"
    assert author.get(f"/media/{token}/small").data[:4] == b"RIFF"
    assert len(names(any_site)) == 2
    with any_site.inside():
        preparing._finish(claim, {"width": 1, "height": 1, "colour": "000000", "widths": [1]}, [b"late"])
        assert db.session.scalars(select(Media.width)).one() == 400


def test_s36_forty_hostile_files_at_once_end_with_words(site, cast):
    author = site.sign_in("author")
    files = refused()
    for name, content in list(files.items())[:12]:
        upload(author, content, name)
    upload(author, noise((64, 64)))
    work(site)
    with site.inside():
        states = db.session.execute(select(Media.file_name, Media.state, Media.reason)).all()
        assert [row for row in states if row.state not in ("failed", "ready")] == []
        assert sum(row.state == "ready" for row in states) == 1
        assert all(row.reason in media.REASONS for row in states if row.state == "failed")
        assert all("/in/" not in name for name in storage().names())


def test_r6_a_full_disk_is_said_and_nothing_else_is_lost(site, cast, monkeypatch):
    author = site.sign_in("author")
    ready = upload(author, noise((64, 64)))
    work(site)
    content = noise((100, 100))
    token = begin(author, content)

    def full(*_args: object, **_more: object) -> bool:
        raise StorageFull("No space left on device")

    with site.inside():
        kind = type(storage())
    with monkeypatch.context() as patch:
        patch.setattr(kind, "put", full)
        assert send(author, token, 0, content).status_code == 507
        given = {"title": "Mine", "body": "", "audience": "friends", "files": [(BytesIO(content), "a.png")]}
        page = author.submit("/albums/new", "Publish", **given)
        assert page.status_code == 507
        assert "Mine" in page.text
        assert author.get(f"/media/{ready}/small").status_code == 200
        assert author.get("/").status_code == 200
    assert send(author, token, 0, content).json["state"] == "received"
    with monkeypatch.context() as patch:
        patch.setattr(kind, "put", full)
        work(site)
    assert author.get(f"/media/{token}/upload").json["state"] == "received"
    with clock_moved(timedelta(hours=1)):
        work(site)
    assert author.get(f"/media/{token}/upload").json["state"] == "ready"


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "a\0b.jpg", "C:\\x\\y.jpg", "con", "x" * 5000, "\u202egpj.exe", "<b>.jpg"]
)
def test_s39_the_name_of_a_file_is_only_ever_shown(site, cast, name):
    author = site.sign_in("author")
    token = begin(author, b"x" * 10, name)
    send(author, token, 0, b"x" * 10)
    assert names(site) == {f"{folder_of(token)}/in/0000"}
    with site.inside():
        kept = db.session.scalars(select(Media.file_name)).one()
        assert len(kept) <= 100
        assert "/" not in kept
        assert "\\" not in kept
        assert kept.isprintable()


@pytest.mark.parametrize("token", ["..%2f..%2fsecret-key", "%2e%2e", "a%00b", "A" * 26, "a" * 500, "in"])
def test_s39_an_address_leads_nowhere_else(site, cast, token):
    for variant in ("small", "..%2fsmall", "in", "0000"):
        assert site.sign_in("author").get(f"/media/{token}/{variant}").status_code == 404


def test_s17_a_picture_under_a_comment_is_seen_as_the_comment_is(any_site):
    gather(any_site)
    entry = any_site.diary("author", "members")
    friend, author = any_site.sign_in("friend"), any_site.sign_in("author")
    files = [(BytesIO(noise((60, 60))), "one.png")]
    said = friend.submit(f"/entries/{entry}", "Comment", body="Look!", files=files)
    assert said.status_code == 303, said.text
    work(any_site)
    with any_site.inside():
        token = db.session.scalar(select(Media.token))
    address, stranger = f"/media/{token}/small", any_site.sign_in("stranger")
    for who in (friend, author, stranger):
        assert address in who.get(f"/entries/{entry}").text
        assert who.get(address).status_code == 200
    any_site.do(block, "friend", "stranger")
    assert address not in stranger.get(f"/entries/{entry}").text
    assert stranger.get(address).status_code == 404, "its writer does not exist for them"
    assert friend.post(f"/entries/{entry}/comments/1/remove").status_code == 303
    assert friend.get(address).status_code == author.get(address).status_code == 404
    assert friend.post(f"/entries/{entry}/comments/1/restore").status_code == 303
    assert author.get(address).status_code == 200
    author.submit(f"/entries/{entry}/edit", "Save", title="Mine", audience="only_me")
    assert friend.get(address).status_code == 404
    assert any_site.client().get(address).status_code == 303
    friend.post(f"/media/{token}/cancel")
    assert author.get(address).status_code == 200, "what is in its place is not cancelled any more"
    author.post(f"/entries/{entry}/comments/1/remove")
    with clock_moved(timedelta(minutes=1)):
        work(any_site)
        work(any_site)
    assert names(any_site) == set(), "the bytes go with the comment"


def test_a_comment_takes_four_pictures_at_most(site, cast):
    entry, friend = site.diary("author", "friends"), site.sign_in("friend")
    files = [(BytesIO(noise((20, 20))), f"{number}.png") for number in range(5)]
    refused = friend.submit(f"/entries/{entry}", "Comment", body="Many", files=files)
    assert refused.status_code == 422
    assert "at most 4 pictures" in refused.text
    assert "Many" in refused.text

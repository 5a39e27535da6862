"""Albums: from the plain form to a friend's page."""

import re
import zipfile
from datetime import timedelta
from io import BytesIO
from typing import Any
from urllib.parse import unquote

import pytest
from PIL import Image

from mixlite.app.worker import build_workshop
from mixlite.core import clock
from mixlite.core.db import db
from mixlite.core.storage import storage
from mixlite.entries.media import Media
from mixlite.features.photos.archive import TooMany, take_turn, zip_of
from mixlite.features.reading.reportables import snapshot_of_entry
from mixlite.policy.visibility import visible_entry
from tests.support.site import Client, Site, gather


def picture(size: tuple[int, int] = (640, 480), colour: str = "teal", kind: str = "JPEG", **more: Any) -> BytesIO:
    file = BytesIO()
    Image.new("RGB", size, colour).save(file, kind, **more)
    file.seek(0)
    return file


def publish(client: Client, *files: BytesIO, audience: str = "friends", title: str = "Kumotori") -> str:
    """The address of a new album."""
    given = [(file, f"IMG_{number}.jpg") for number, file in enumerate(files)]
    answer = client.submit("/albums/new", "Publish", title=title, body="Snow.", audience=audience, files=given)
    assert answer.status_code == 303, answer.text
    return str(answer.location)


def work(site: Site) -> None:
    with site.inside():
        build_workshop().sweep()


def sources(client: Client, address: str) -> list[str]:
    """The addresses of the pictures on a page."""
    return re.findall(r'<img src="(/media/[^"]+)"', client.get(address).text)


def test_an_album_from_the_form_to_a_friend(site, cast):
    author = site.sign_in("author")
    album = publish(author, picture(), picture((480, 640), "maroon"))
    assert "being made ready" in author.get(album).text
    work(site)
    friend = site.sign_in("friend")
    home = friend.get("/").text
    assert "Kumotori" in home
    assert "2 pictures" in home
    found = sources(friend, album)
    assert len(found) == 2
    answer = friend.get(found[0])
    assert answer.mimetype == "image/webp"
    assert Image.open(BytesIO(answer.data)).size == (320, 240)
    assert home.count("Kumotori") == 1, "photos are no items of the feed"


def test_s17_nobody_else_gets_a_byte(site, cast):
    author = site.sign_in("author")
    album = publish(author, picture())
    work(site)
    (address,) = sources(author, album)
    with site.inside():
        photo_id = db.session.query(Media).one().entry_id
    for handle in ("second", "stranger", "blocked", "blocker", "host"):
        other = site.sign_in(handle)
        for path in (album, address, f"/entries/{photo_id}", album.replace("albums", "entries")):
            assert other.get(path).status_code == 404
    assert site.client().get(address).status_code == 303


def test_pages_ask_the_same_however_many_pictures_there_are(site, cast):
    author = site.sign_in("author")
    counts: list[list[int]] = []
    for number in (1, 9):
        album = publish(author, *(picture(colour=f"#0{n}{n}") for n in range(number)), title=f"T{number}")
        work(site)
        with site.inside():
            photo = db.session.query(Media).order_by(Media.id.desc()).first()
            assert photo is not None
            pages = [album, album.replace("albums", "entries"), f"/entries/{photo.entry_id}", "/@author/photos"]
        friend = site.sign_in("friend")
        for page in pages:
            friend.get(page)
        counts.append([])
        for page in pages:
            with site.statements() as statements:
                assert friend.get(page).status_code == 200
            counts[-1].append(len(statements))
    assert counts[0] == counts[1]
    assert max(counts[0]) <= 18, counts


def test_a_photo_has_words_comments_and_neighbours(site, cast):
    author, friend = site.sign_in("author"), site.sign_in("friend")
    album = publish(author, picture(), picture(), picture())
    work(site)
    described = author.get(f"{album}/photos/describe".replace("albums", "entries"))
    photos = re.findall(r'name="photo" value="(\d+)"', described.text)
    answer = author.post(
        f"{album}/photos/describe".replace("albums", "entries"),
        {"photo": photos, "was": ["", "", ""], "alt": ["A ridge", "<b>", ""]},
    )
    assert answer.status_code == 303
    page = friend.get(f"/entries/{photos[1]}").text
    assert 'alt="&lt;b&gt;"' in page
    assert "2 of 3" in page
    assert f"/entries/{photos[0]}" in page
    assert f"/entries/{photos[2]}" in page
    assert "Friends of" in page, "the audience is the album's"
    assert friend.submit(f"/entries/{photos[1]}", "Comment", body="Which hut?").status_code == 303
    answer = author.submit(f"/entries/{photos[1]}/edit", "Save", body="Third peg: a spoon", alt="A spoon")
    assert answer.status_code == 303
    assert "Third peg: a spoon" in friend.get(album).text
    assert (
        friend.post(
            f"{album}/photos/describe".replace("albums", "entries"), {"photo": photos, "alt": ["x"] * 3}
        ).status_code
        == 403
    )
    assert friend.get(f"{album}/photos/add".replace("albums", "entries")).status_code == 403
    assert author.get(f"/entries/{photos[0]}/readers").status_code == 200
    assert (
        author.post(
            f"{album}/photos/describe".replace("albums", "entries"), {"photo": photos, "alt": ["x"] * 2}
        ).status_code
        == 422
    )
    assert (
        author.post(
            f"{album}/photos/describe".replace("albums", "entries"), {"photo": photos, "alt": ["x" * 501] * 3}
        ).status_code
        == 422
    )


def test_an_album_grows_narrows_and_goes(site, cast):
    author, friend = site.sign_in("author"), site.sign_in("friend")
    album = publish(author, picture(), audience="members")
    assert (
        author.submit(
            f"{album}/photos/add".replace("albums", "entries"), "Add", files=[(picture(), "b.jpg")]
        ).status_code
        == 303
    )
    work(site)
    assert len(sources(friend, album)) == 2
    entry = album.replace("albums", "entries")
    assert author.submit(f"{entry}/edit", "Save", title="Mine", audience="only_me").status_code == 303
    (one, two) = sources(author, album)
    assert friend.get(one).status_code == friend.get(two).status_code == friend.get(album).status_code == 404
    author.submit(f"{entry}/edit", "Save", title="Ours", audience="friends")
    assert friend.get(one).status_code == 200
    author.submit(f"{entry}/delete", "Delete")
    assert author.get(one).status_code == friend.get(one).status_code == author.get(album).status_code == 404


def test_what_did_not_work_out_is_told_to_its_owner_alone(site, cast):
    author, friend = site.sign_in("author"), site.sign_in("friend")
    broken = BytesIO(picture((2000, 2000)).read()[:-900])
    album = publish(author, broken, picture())
    work(site)
    assert "damaged or cut off" in author.get(album).text
    assert "IMG_0.jpg" in author.get(album).text
    page = friend.get(album).text
    assert "damaged" not in page
    assert "IMG_0" not in page
    assert "did not work out" in page


def test_an_album_needs_a_title_and_a_picture(site, cast):
    author = site.sign_in("author")
    empty = author.submit("/albums/new", "Publish", title="T", body="", audience="friends")
    assert empty.status_code == 422
    assert "Choose at least one picture" in empty.text
    given = {"title": "", "body": "Kept words", "audience": "friends", "files": [(picture(), "a.jpg")]}
    page = author.submit("/albums/new", "Publish", **given)
    assert page.status_code == 422
    assert "Kept words" in page.text
    assert author.get("/albums/4711").status_code == 404
    diary = site.diary("author")
    assert author.get(f"/albums/{diary}").status_code == 404


def test_the_newest_pictures_of_friends_stand_on_home_and_on_their_profile(site, cast):
    author, friend = site.sign_in("author"), site.sign_in("friend")
    publish(author, *(picture() for _ in range(5)), title="Many")
    publish(author, picture(), title="Mine", audience="only_me")
    work(site)
    home, profile = friend.get("/").text, friend.get("/@author").text
    assert home.count('class="print square') == 3, "no album pushes out the others"
    assert profile.count('class="print square') == 5
    assert author.get("/@author").text.count('class="print square') == 6
    for handle in ("second", "stranger"):
        other = site.sign_in(handle)
        assert "print square" not in other.get("/").text
        assert "print square" not in other.get("/@author").text


def test_a_diary_and_a_voice_take_pictures_too(site, cast):
    author, friend = site.sign_in("author"), site.sign_in("friend")
    words = {"title": "A hut", "body": "With a stove.", "audience": "friends"}
    diary = author.submit("/diary/new", "Publish", **words, files=[(picture(), "a.jpg"), (picture(), "b.jpg")]).location
    voice = author.submit("/voice/new", "Post", body="Look!", audience="friends", files=[(picture(), "c.jpg")])
    assert voice.status_code == 303
    work(site)
    assert len(sources(friend, diary)) == 2
    home = friend.get("/").text
    assert home.count('class="print cut"') == 3
    assert site.sign_in("stranger").get(sources(friend, diary)[0]).status_code == 404
    assert author.submit(f"{diary}/photos/add", "Add", files=[(picture(), "d.jpg")]).location == diary
    assert author.get(f"{diary}/photos/describe").status_code == 200
    assert friend.get(f"{diary}/photos/add").status_code == 403
    assert site.sign_in("stranger").get(f"{diary}/photos/add").status_code == 404
    refused = author.submit("/diary/new", "Publish", title="", body="B", files=[(picture(), "e.jpg")])
    assert refused.status_code == 422
    assert refused.text.count('name="media"') == 1, "the file need not be sent again"
    shown = author.submit("/voice/new", "Post", body="B", preview="yes", files=[(picture(), "f.jpg")])
    assert shown.text.count('name="media"') == 1


def photo_ids(client: Client, album: str) -> list[int]:
    """The photos of an album in their order."""
    return [int(found) for found in re.findall(r'<a id="p(\d+)"', client.get(album).text)]


def entry_of(album: str) -> str:
    return album.replace("albums", "entries")


def test_photos_are_arranged_by_buttons_and_by_an_order(site, cast):
    author, friend = site.sign_in("author"), site.sign_in("friend")
    album = publish(author, *(picture() for _ in range(4)))
    entry = entry_of(album)
    one, two, three, four = photo_ids(author, album)
    assert author.get(f"{entry}/photos/arrange").status_code == 200
    assert author.post(f"/entries/{one}/later").status_code == 303
    assert photo_ids(friend, album) == [two, one, three, four]
    author.post(f"/entries/{four}/earlier")
    author.post(f"/entries/{two}/earlier")
    assert photo_ids(friend, album) == [two, one, four, three]
    answer = author.post(f"{entry}/photos/order", {"photo": [str(three), str(two), "x", "4711"]})
    assert answer.status_code == 303
    assert photo_ids(friend, album) == [three, one, four, two], "the others stay where they are"
    for handle, status in (("friend", 403), ("stranger", 404)):
        other = site.sign_in(handle)
        assert other.get(f"{entry}/photos/arrange").status_code == status
        for act in (f"/entries/{one}/later", f"/entries/{one}/earlier", f"/entries/{one}/cover"):
            assert other.post(act).status_code == status
        for act in ("order", "move"):
            assert other.post(f"{entry}/photos/{act}", {"photo": [str(one)]}).status_code == status
    assert site.client().get(f"{entry}/photos/arrange").status_code == 303
    assert photo_ids(friend, album) == [three, one, four, two]
    assert author.post(f"{entry}/later").status_code == 404, "an album lies in nothing"


def test_a_cover_stands_for_its_album(site, cast):
    author, friend = site.sign_in("author"), site.sign_in("friend")
    album = publish(author, *(picture() for _ in range(6)))
    work(site)
    ids = photo_ids(author, album)
    assert author.post(f"/entries/{ids[-1]}/cover").status_code == 303
    strip = re.findall(r'<a href="/entries/(\d+)" aria-label', friend.get("/@author/photos").text)
    assert [int(found) for found in strip[:2]] == [ids[-1], ids[0]]
    assert author.submit(f"/entries/{ids[-1]}/delete", "Delete").status_code == 303
    assert f"/entries/{ids[-1]}" not in friend.get("/@author/photos").text, "the first stands for it again"
    diary = site.diary("author", "friends")
    assert author.submit(f"/entries/{diary}/photos/add", "Add", files=[(picture(), "a.jpg")]).status_code == 303
    (inside,) = photo_ids(author, f"/entries/{diary}")
    assert author.post(f"/entries/{inside}/cover").status_code == 404


def test_photos_move_between_albums_and_are_read_by_whom_the_new_one_is_for(site, cast):
    author, friend = site.sign_in("author"), site.sign_in("friend")
    secret = publish(author, picture(), picture(), title="Secret", audience="only_me")
    shown = publish(author, picture(), title="Shown")
    work(site)
    one, two = photo_ids(author, secret)
    (source, _other) = sources(author, secret)
    author.post(f"/entries/{one}/cover")
    assert friend.get(source).status_code == friend.get(f"/entries/{one}").status_code == 404
    target = shown.rpartition("/")[2]
    moved = author.post(f"{entry_of(secret)}/photos/move", {"chosen": [str(one)], "to": target})
    assert moved.location == shown
    assert photo_ids(friend, shown)[1:] == [one]
    assert friend.get(source).status_code == 200
    assert photo_ids(author, secret) == [two]
    nothing = author.post(f"{entry_of(secret)}/photos/move", {"chosen": [str(one)], "to": target})
    assert nothing.status_code == 422
    assert "Choose at least one picture" in nothing.text
    assert author.post(f"{entry_of(secret)}/photos/move", {"chosen": [str(two)]}).status_code == 422
    foreign = publish(friend, picture(), title="Of a friend")
    work(site)
    given = {"chosen": [str(two)], "to": foreign.rpartition("/")[2]}
    assert author.post(f"{entry_of(secret)}/photos/move", given).status_code == 403


def test_a_photo_is_deleted_and_taken_back(site, cast, monkeypatch):
    author, friend = site.sign_in("author"), site.sign_in("friend")
    album = publish(author, picture(), picture())
    work(site)
    one, two = photo_ids(author, album)
    source = sources(friend, album)[0]
    gone = author.submit(f"/entries/{one}/delete", "Delete")
    assert gone.location == entry_of(album)
    assert photo_ids(friend, album) == [two]
    assert friend.get(source).status_code == author.get(source).status_code == 404
    assert "1 picture" in friend.get(album).text
    assert author.post(f"/entries/{one}/restore").status_code == 303
    assert photo_ids(friend, album) == [one, two]
    assert friend.get(source).status_code == 200
    author.submit(f"/entries/{one}/delete", "Delete")
    later = clock.now() + timedelta(minutes=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    work(site)
    work(site)
    with site.inside():
        assert db.session.query(Media).count() == 1
        assert len({name.split("/")[1] for name in storage().names()}) == 1, "the bytes are gone, too"


def test_an_album_is_downloaded_as_a_zip_by_whom_it_is_for(site, cast):
    author, friend = site.sign_in("author"), site.sign_in("friend")
    album = publish(author, picture((900, 600)), picture(colour="red"), BytesIO(b"no picture"), title="山 / hill")
    work(site)
    answer = friend.get(f"{album}/zip")
    assert answer.status_code == 200
    assert answer.mimetype == "application/zip"
    named = answer.headers["Content-Disposition"]
    assert named.encode("ascii").startswith(b"attachment; ")
    assert unquote(named.partition("filename*=UTF-8''")[2]) == "山 / hill.zip"
    with zipfile.ZipFile(BytesIO(answer.data)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["001.webp", "002.webp"]
        assert Image.open(BytesIO(archive.read("001.webp"))).size == (900, 600)
    for handle in ("stranger", "second", "blocked"):
        assert site.sign_in(handle).get(f"{album}/zip").status_code == 404
    assert site.client().get(f"{album}/zip").status_code == 303
    assert friend.get("/albums/4711/zip").status_code == 404
    assert friend.http.head(f"{album}/zip").data == b""


def test_r20_few_albums_are_packed_at_once_and_one_for_each(site, cast):
    """A slow connection keeps a thread of the server; the others are for pages."""
    author, friend = site.sign_in("author"), site.sign_in("friend")
    album = publish(author, picture(), audience="members")
    work(site)
    assert [friend.get(f"{album}/zip").status_code for _ in range(3)] == [200] * 3
    with site.inside():
        ends = [take_turn(site.ids["author"]), take_turn(4711)]
        for busy in ("author", "friend"):
            with pytest.raises(TooMany):
                take_turn(site.ids[busy])
    answer = friend.get(f"{album}/zip")
    assert answer.status_code == 503
    assert "Retry-After" in answer.headers
    ends[1]()
    assert friend.get(f"{album}/zip").status_code == 200
    assert author.get(f"{album}/zip").status_code == 503
    ends[0]()
    assert author.get(f"{album}/zip").status_code == 200


def test_r13_a_description_is_not_overwritten_unseen(site, cast):
    author = site.sign_in("author")
    album = publish(author, picture())
    work(site)
    (photo,) = photo_ids(author, album)
    page = f"{entry_of(album)}/photos/describe"
    old, edit = author.get(page), author.get(f"/entries/{photo}/edit")
    assert author.submit(page, "Save", alt="A better one").status_code == 303
    assert author.submit(old, "Save").status_code == 303, "what was not touched is not sent"
    refused = author.submit(old, "Save", alt="An older one")
    assert refused.status_code == 422
    assert "An older one" in refused.text
    assert author.submit(edit, "Save", body="A caption").status_code == 409
    assert 'alt="A better one"' in author.get(f"/entries/{photo}").text


def test_an_odd_place_breaks_no_page(any_site):
    gather(any_site)
    author = any_site.sign_in("author")
    album = publish(author, picture())
    for path in (album, f"{entry_of(album)}/photos/describe", f"{entry_of(album)}/photos/arrange"):
        for after in ("99999999999", "9" * 18, "9" * 30, "-1", "x"):
            assert author.get(f"{path}?after={after}&photo={after}").status_code == 200


def test_pictures_that_are_gone_are_not_left_out_without_a_word(site, cast):
    author = site.sign_in("author")
    (form,) = [form for form in author.forms(author.get("/voice/new")) if "Post" in form.buttons]
    answer = author.http.post("/voice/new", data={**form.fields, "body": "Look!", "media": "a" * 26})
    assert answer.status_code == 422
    assert "Look!" in answer.text
    assert "Not all of the pictures are here" in answer.text


def test_a_report_of_a_photo_tells_nothing_of_where_it_lies(site, cast):
    author = site.sign_in("author")
    album = publish(author, picture(), audience="members", title="Secret party")
    (photo,) = photo_ids(author, album)
    author.submit(f"/entries/{photo}/edit", "Save", alt="A wall")
    with site.inside():
        told = snapshot_of_entry(visible_entry(site.member("stranger"), photo))
    assert "Secret party" not in str(told)
    assert told["text"] == "A wall"


def test_s17_a_zip_under_way_ends_where_the_album_is_narrowed(site, cast):
    author, friend = site.sign_in("author"), site.sign_in("friend")
    album = publish(author, picture(), picture(colour="red"))
    work(site)
    with site.inside():
        pieces = zip_of(site.ids["friend"], int(album.rpartition("/")[2]))
        content = next(pieces)
        author.submit(f"{entry_of(album)}/edit", "Save", title="Mine", audience="only_me")
        content += b"".join(pieces)
    with zipfile.ZipFile(BytesIO(content)) as archive:
        assert archive.namelist() == ["001.webp"]
    assert friend.get(f"{album}/zip").status_code == 404


def test_a_draft_with_pictures_is_gone_on_with_on_home_and_loses_none(site, cast):
    author = site.sign_in("author")
    (form,) = [form for form in author.forms(author.get("/voice/new")) if "Post" in form.buttons]
    sent = {
        **form.fields,
        "body": "Look!",
        "audience": "friends",
        "files": [(picture(), "c.jpg"), (picture(), "d.jpg")],
    }
    assert author.http.post("/drafts/voice", data=sent).status_code == 303
    home = author.get("/")
    assert home.text.count('class="upload"') == 2, "they are listed there"
    (form,) = [form for form in author.forms(home) if "Post" in form.buttons]
    tokens = re.findall(r'name="media" value="(\w+)"', form.markup)
    assert (
        author.http.post("/drafts/voice", data={**form.fields, "media": tokens, "body": "Look here!"}).status_code
        == 303
    )
    (form,) = [form for form in author.forms(author.get("/")) if "Post" in form.buttons]
    posted = author.http.post(form.action, data={**form.fields, "media": tokens, "alt": ["", ""]})
    assert posted.status_code == 303
    work(site)
    friend = site.sign_in("friend")
    entry = re.search(r'class="item[^"]*" id="e(\d+)"', friend.get("/").text)
    assert entry is not None
    assert "Look here!" in friend.get(f"/entries/{entry[1]}").text
    assert len(sources(friend, f"/entries/{entry[1]}")) == 2

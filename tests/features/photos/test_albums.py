"""Albums: from the plain form to a friend's page."""

import re
from io import BytesIO
from typing import Any

from PIL import Image

from mixlite.app.worker import build_workshop
from mixlite.core.db import db
from mixlite.entries.media import Media
from tests.support.site import Client, Site


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
        f"{album}/photos/describe".replace("albums", "entries"), {"photo": photos, "alt": ["A ridge", "<b>", ""]}
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

"""Albums: from the plain form to a friend's page."""

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
    import re

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

"""R6: the disk is full, really: an instance on a small file system of its own."""

import os
import subprocess
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest

from mixlite.app.worker import build_workshop
from mixlite.core.db import db
from mixlite.entries.media import PART_BYTES
from tests.features.media.test_media import begin, noise, send, upload
from tests.support.site import Client, Site, _build, _open, gather, settings_for

ROOM = "24m"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder with room for little. Needs the right to mount, which a container may not have."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={ROOM},mode=700", "mixlite-test", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("no small file system can be mounted here")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def tight_site(small_disk: Path) -> Iterator[Site]:
    settings = settings_for(small_disk / "instance")
    _build(settings)
    site = _open(settings)
    yield site
    site.close()


def fill(folder: Path) -> Path:
    """Take all the room that is left."""
    stuffing = folder / "stuffing"
    with stuffing.open("wb", buffering=0) as file:
        for size in (2**20, 2**12, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue
    return stuffing


def answers(client: Client, *paths: str) -> set[int]:
    return {client.get(path).status_code for path in paths}


def test_r6_nothing_is_lost_and_everything_goes_on_by_itself(tight_site: Site, small_disk: Path) -> None:
    gather(tight_site)
    author, friend = tight_site.sign_in("author"), tight_site.sign_in("friend")
    kept = upload(author, noise((200, 200)))
    made = author.post("/albums/new", {"title": "Before", "body": "", "audience": "friends", "media": [kept]})
    assert made.status_code == 303
    album = str(made.location)
    with tight_site.inside():
        build_workshop().sweep()
    content = noise((1200, 1000))
    half = begin(author, content)
    assert send(author, half, 0, content[:PART_BYTES]).status_code == 200
    stuffing = fill(small_disk)

    # What is written is refused in words, with what was typed; what is there is read.
    page = author.submit("/albums/new", "Publish", title="Full", body="", files=[(BytesIO(noise((300, 300))), "a.png")])
    assert page.status_code in (503, 507)
    said = [author.submit("/voice/new", "Post", body=f"word {n} " + "x" * 280) for n in range(40)]
    assert {answer.status_code for answer in said} <= {303, 503, 507}
    assert said[-1].status_code in (503, 507)
    rest = range(PART_BYTES, len(content), PART_BYTES)
    assert rest
    assert send(author, half, rest[0], content[rest[0] : rest[0] + PART_BYTES]).status_code in (503, 507)
    with tight_site.inside():
        build_workshop().sweep()  # which cannot do much, and does not die of it
    assert answers(friend, "/", album, f"/media/{kept}/small") == {200}
    assert tight_site.app.test_client().get("/healthz").status_code == 200
    with tight_site.inside():
        assert db.session.connection().exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"

    # There is room again: nobody has to start anything anew.
    stuffing.unlink()
    for offset in rest:
        assert send(author, half, offset, content[offset : offset + PART_BYTES]).status_code == 200
    acknowledged = sum(answer.status_code == 303 for answer in said)
    with tight_site.inside():
        count = db.session.connection().exec_driver_sql("SELECT count(*) FROM voices").scalar()
        build_workshop().sweep()
    assert count == acknowledged
    assert author.submit("/voice/new", "Post", body="And on it goes").status_code == 303
    assert "And on it goes" in friend.get("/").text

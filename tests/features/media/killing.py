"""A program: somebody posts an album of three pictures again and again, and each time the server's process is killed
(-9) some moment later. Afterwards it looks at what is there. It answers a line of JSON. Started by `test_killed.py`.

Each try is a child of this process, which has everything loaded and nothing open: threads do not survive a fork.
"""

import json
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from pathlib import Path

from sqlalchemy import select

from mixlite.app.worker import build_workshop
from mixlite.core import clock
from mixlite.core.db import db
from mixlite.core.storage import storage
from mixlite.entries.media import Media, forget_unused, sweep_storage
from mixlite.features.photos.models import Album
from tests.features.media.test_media import noise
from tests.support.site import Client, Site, _open, settings_for

LONGEST = 1.0  # seconds that posting takes at most, once everything is loaded


def child(act: Callable[[], object]) -> int:
    """Run `act` in a process of its own; its id."""
    pid = os.fork()
    if pid == 0:
        try:
            act()
        except BaseException as error:  # noqa: BLE001 - a child must never go on as its parent
            print(repr(error), file=sys.stderr)
            os._exit(1)
        os._exit(0)
    return pid


def done(act: Callable[[], object]) -> None:
    """Run `act` in a process of its own, to its end."""
    _, status = os.waitpid(child(act), 0)
    if status:
        raise RuntimeError(f"ended with {status}")


class Poster:
    """The author in front of a new album, in whatever process they are called."""

    def __init__(self, instance: Path, pictures: list[bytes]):
        self.instance = instance
        self.pictures = pictures

    def site(self) -> Site:
        return _open(settings_for(self.instance))

    def post(self, title: str, told: int) -> None:
        """Says to `told` when the form is about to be sent, and what was answered."""
        site = self.site()
        author: Client = site.sign_in("author")
        page = author.get("/albums/new")
        files = [(BytesIO(content), f"{n}.png") for n, content in enumerate(self.pictures)]
        os.write(told, b"s")
        answer = author.submit(page, "Publish", title=title, audience="friends", files=files)
        os.write(told, b"y" if answer.status_code == 303 else b"n")


def try_once(poster: Poster, title: str, dice: random.Random, usual: float) -> str:
    """Post and be killed; what the person was told: `y`es, `n`o, or nothing."""
    hears, told = os.pipe()
    pid = child(lambda: poster.post(title, told))
    os.close(told)
    os.read(hears, 1)
    time.sleep(dice.uniform(0, usual))
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    said = os.read(hears, 1).decode()
    os.close(hears)
    return said


def look(poster: Poster, told: dict[str, str], says: int) -> None:
    """What became of it: after the worker came by, and a few days later."""
    site = poster.site()
    with site.inside():
        workshop = build_workshop()
        while workshop.sweep():
            pass
    with site.inside(), clock.at(clock.now() + timedelta(days=2)):
        forget_unused()
        while workshop.sweep():
            pass
        sweep_storage()
    found: Counter[str] = Counter()
    with site.inside():
        albums = {album.title: album.entry_id for album in db.session.scalars(select(Album))}
        rows = list(db.session.scalars(select(Media)))
        of_rows = {media.name_of(name) for media in rows for name, _width in media.sizes}
        names = set(storage().names())
    author = site.sign_in("author")
    for title, said in told.items():
        shown = author.get(f"/entries/{albums[title]}").text.count("/small") if title in albums else 0
        found[f"told {said or 'nothing'}, {'whole' if title in albums else 'nothing'} there"] += 1
        found["half an album"] += title in albums and shown < len(poster.pictures)
    found["not ready"] = sum(media.state != "ready" for media in rows)
    found["pictures"] = len(rows)
    found["files of nobody"] = len(names - of_rows)
    found["files missing"] = len(of_rows - names)
    os.write(says, json.dumps(found).encode())


def main(instance: Path, times: int, seed: int) -> None:
    dice = random.Random(seed)
    poster = Poster(instance, [noise((90 + n, 60)) for n in range(3)])
    hears, told = os.pipe()
    began = time.monotonic()
    done(lambda: poster.post("undisturbed", told))
    usual = min(LONGEST, time.monotonic() - began)
    said = {"undisturbed": "y"}
    for number in range(times):
        said[f"album {number}"] = try_once(poster, f"album {number}", dice, usual)
    hears, says = os.pipe()
    done(lambda: look(poster, said, says))
    os.close(says)
    with os.fdopen(hears, "rb") as answer:
        print(answer.read().decode())


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))

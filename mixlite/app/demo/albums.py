"""Albums of the demo: pictures drawn by us, sent and published as a form without JavaScript does it.

The words are in `albums.toml`, the pictures in `pictures/`. The worker prepares them when the demo is opened.
"""

import tomllib
from collections.abc import Callable, Mapping
from datetime import time, timedelta
from pathlib import Path
from typing import Any

from mixlite.app.demo.script import Chosen
from mixlite.app.demo.years import Years
from mixlite.core import clock
from mixlite.core.db import writing
from mixlite.core.text import clean_line, clean_text
from mixlite.entries.media import take_in
from mixlite.entries.photos import Sent
from mixlite.features.photos.verbs import publish_album
from mixlite.features.reading.verbs import add_comment, favour, like

FILE = Path(__file__).parent / "albums.toml"
PICTURES = Path(__file__).parent / "pictures"
BETWEEN = timedelta(minutes=17)

Table = Mapping[str, Any]


def read_albums() -> list[Table]:
    """As the file has them, the oldest first."""
    albums: list[Table] = tomllib.loads(FILE.read_text(encoding="utf-8"))["album"]
    return sorted(albums, key=lambda album: album["days_ago"], reverse=True)


def fill_albums(years: Years, say: Callable[[str], object]) -> None:
    """Each in transactions of its own: taking in a file is one."""
    albums = read_albums()
    for album in albums:
        _fill(years, album)
    say(f"  {len(albums)} albums, {sum(len(album['pictures']) for album in albums)} pictures")


def _fill(years: Years, album: Table) -> None:
    author, at = years.member(album["by"]), years.calendar.days_ago(album["days_ago"], time.fromisoformat(album["at"]))
    with clock.at(at - timedelta(minutes=2)):
        pictures = _sent(author.id, album)
    with clock.at(at), writing():
        entry = publish_album(
            author,
            title=clean_line(album["title"]),
            body=clean_text(album["body"]),
            audience=album["audience"],
            choice=years.choice(album["by"], _chosen(album)),
            pictures=pictures,
        )
    for line in album["comments"]:
        at += BETWEEN
        with clock.at(at), writing():
            add_comment(years.member(line["by"]), entry, body=clean_text(line["text"]))
    for verb, handles in ((like, album["liked_by"]), (favour, album.get("favourite_of", ()))):
        for handle in handles:
            at += BETWEEN / 4
            with clock.at(at), writing():
                verb(years.member(handle), entry)


def _sent(owner_id: int, album: Table) -> Sent:
    alts = {}
    for name, alt in album["pictures"]:
        with (PICTURES / f"{name}.webp").open("rb") as file:
            alts[take_in(owner_id, file, f"{name}.webp")] = clean_line(alt)
    return Sent(list(alts), alts)


def _chosen(album: Table) -> Chosen | None:
    groups = album.get("groups", ())
    return Chosen(groups, (), ()) if groups else None

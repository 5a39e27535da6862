"""An album as one zip file, made while it is being sent: nothing of it lies on a disk, and little in memory."""

import zipfile
from collections.abc import Callable, Iterator
from io import RawIOBase
from itertools import chain
from threading import Lock

from flask import current_app
from sqlalchemy import and_, exists, select

from mixlite.core import clock
from mixlite.core.db import db
from mixlite.core.errors import NotHere
from mixlite.core.language import local
from mixlite.core.storage import StorageTrouble
from mixlite.entries.entries import Entry
from mixlite.entries.media import VARIANTS, Media, content_of
from mixlite.entries.photos import prints_in, prints_with
from mixlite.people.members import Member, is_here
from mixlite.policy.visibility import sees, shows_photo

AT_ONCE = 60
CHUNK = 256 * 1024
MOST_TURNS = 2  # each keeps a thread of the server for as long as somebody's connection is slow (R20)
_door = Lock()


class TooMany(StorageTrouble):
    """Others are having albums packed just now, or this member has one already."""


def take_turn(member_id: int) -> Callable[[], None]:
    """One album at a time for each member, and few altogether in this application. Answers what ends the turn.

    Raises TooMany.
    """
    turns: set[int] = current_app.extensions.setdefault("mixlite.zips", set())
    with _door:
        if member_id in turns or len(turns) >= MOST_TURNS:
            raise TooMany("albums are being packed")
        turns.add(member_id)
    return lambda: turns.discard(member_id)


class _Sink(RawIOBase):
    """What was written since it was last asked."""

    def __init__(self) -> None:
        self._written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self._written += data
        return len(data)

    def taken(self) -> bytes:
        """And forget it."""
        data = bytes(self._written)
        self._written.clear()
        return data


def zip_of(viewer_id: int, album_id: int) -> Iterator[bytes]:
    """The largest of each picture that is ready, in order. The law is asked again before each: an album may be narrowed
    while it is under way, and then the rest is left out.
    """
    sink, made_at = _Sink(), local(clock.now())
    with zipfile.ZipFile(sink, "w") as archive:
        for number, media in _pictures(viewer_id, album_id):
            pieces = _pieces(media)
            try:
                first = next(pieces)
            except (NotHere, StopIteration):
                continue  # it was deleted while the others were on their way
            info = zipfile.ZipInfo(f"{number:03}.webp", made_at.timetuple()[:6])
            with archive.open(info, "w") as file:
                for piece in chain([first], pieces):
                    file.write(piece)
                    yield sink.taken()
    yield sink.taken()


def _pictures(viewer_id: int, album_id: int) -> Iterator[tuple[int, Media]]:
    number, after = 0, (-1, 0)
    while prints := prints_in(album_id, shows_photo(viewer_id), AT_ONCE, after):
        places = [(each.position, each.id) for each in prints]
        for after in places:
            number += 1
            if (media := _seen(viewer_id, after[1])) is not None:
                yield number, media


def _seen(viewer_id: int, photo_id: int) -> Media | None:
    """The picture, if it is there and they may see it now. No transaction is held while its bytes are on their way."""
    may_look = exists(select(1).where(Member.id == viewer_id, is_here(Member)))
    is_seen = db.session.scalar(
        select(and_(may_look, exists(select(1).where(Entry.id == photo_id, sees(viewer_id, Entry)))))
    )
    photo = prints_with([photo_id]).get(photo_id) if is_seen else None
    media = photo.media if photo else None
    if media is not None:
        db.session.expunge(media)
    db.session.rollback()
    return media if media is not None and media.is_ready else None


def _pieces(media: Media) -> Iterator[bytes]:
    variant = max(media.sizes, key=lambda size: VARIANTS.index(size[0]))[0]
    length = media.length_of(variant) or 0
    for start in range(0, length, CHUNK):
        yield content_of(media, variant, start, min(CHUNK, length - start))

"""Albums and photos, as cards and pages draw them.

What is loaded here by id came through the law: whoever sees an album sees the photos in it, which are its author's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, func, select, tuple_

from mixlite.core.db import db
from mixlite.core.language import gettext as _
from mixlite.core.paging import Position
from mixlite.entries.entries import Entry
from mixlite.entries.media import Media, media_in
from mixlite.features.photos.models import Album, Photo
from mixlite.people.members import Member
from mixlite.policy.visibility import sees

PREVIEW = 12


@dataclass(frozen=True)
class Print:
    """A photo as it lies in an album."""

    id: int
    position: int
    body: str
    alt: str
    media: Media | None


@dataclass(frozen=True)
class ShownAlbum:
    """An album with its first pictures."""

    title: str
    body: str
    prints: Sequence[Print]
    count: int


@dataclass(frozen=True)
class ShownPhoto:
    """A photo with its place in its album."""

    print: Print
    album_id: int
    album_title: str
    number: int
    count: int
    previous_id: int | None
    next_id: int | None

    @property
    def body(self) -> str:
        return self.print.body

    @property
    def title(self) -> str:
        """Its caption, else where it is."""
        return self.print.body or _("Picture %(number)s of “%(album)s”", number=self.number, album=self.album_title)


def albums_of(entry_ids: Sequence[int]) -> Mapping[int, ShownAlbum]:
    """By entry id, each with its first pictures, in three statements."""
    albums = db.session.scalars(select(Album).where(Album.entry_id.in_(entry_ids))).all()
    place = func.row_number().over(partition_by=Photo.album_id, order_by=(Photo.position, Photo.entry_id))
    count = func.count().over(partition_by=Photo.album_id)
    ranked = _photos_there().add_columns(place.label("place"), count.label("total"))
    ranked_photos = ranked.where(Photo.album_id.in_(entry_ids)).subquery()
    rows = db.session.execute(
        select(ranked_photos).where(ranked_photos.c.place <= PREVIEW).order_by(ranked_photos.c.place)
    ).all()
    media = media_in([row.entry_id for row in rows])
    return {
        album.entry_id: ShownAlbum(
            album.title,
            album.body,
            [_print(row, media) for row in rows if row.album_id == album.entry_id],
            next((row.total for row in rows if row.album_id == album.entry_id), 0),
        )
        for album in albums
    }


def photos_of(entry_ids: Sequence[int]) -> Mapping[int, ShownPhoto]:
    """By entry id, each with its neighbours, in two statements."""
    album, order = Photo.album_id, (Photo.position, Photo.entry_id)
    of_albums = select(Photo.album_id).where(Photo.entry_id.in_(entry_ids))
    ranked = (
        _photos_there()
        .where(Photo.album_id.in_(of_albums))
        .add_columns(
            func.row_number().over(partition_by=album, order_by=order).label("number"),
            func.count().over(partition_by=Photo.album_id).label("total"),
            func.lag(Photo.entry_id).over(partition_by=album, order_by=order).label("previous_id"),
            func.lead(Photo.entry_id).over(partition_by=album, order_by=order).label("next_id"),
        )
        .subquery()
    )
    query = select(ranked, Album.title).join(Album, Album.entry_id == ranked.c.album_id)
    rows = db.session.execute(query.where(ranked.c.entry_id.in_(entry_ids))).all()
    media = media_in([row.entry_id for row in rows])
    return {
        row.entry_id: ShownPhoto(
            _print(row, media), row.album_id, row.title, row.number, row.total, row.previous_id, row.next_id
        )
        for row in rows
    }


def photos_in(album_id: int, limit: int, after: tuple[int, int] = (-1, 0)) -> list[Print]:
    """The photos of an album in their order, after (position, id); `limit` at most. The album came through the law."""
    query = (
        _photos_there()
        .where(Photo.album_id == album_id, tuple_(Photo.position, Photo.entry_id) > after)
        .order_by(Photo.position, Photo.entry_id)
        .limit(limit)
    )
    rows = db.session.execute(query).all()
    media = media_in([row.entry_id for row in rows])
    return [_print(row, media) for row in rows]


def _photos_there() -> Select[int, int, int, str, str]:
    columns = (Photo.entry_id, Photo.album_id, Photo.position, Photo.body, Photo.alt)
    return select(*columns).join(Entry, Entry.id == Photo.entry_id).where(Entry.deleted_at.is_(None))


def _print(row: object, media: Mapping[int, Media]) -> Print:
    return Print(row.entry_id, row.position, row.body, row.alt, media.get(row.entry_id))  # type: ignore[attr-defined]


def albums_by(viewer: Member, member: Member, limit: int, after: Position | None = None) -> list[Position]:
    """The albums of a member that the viewer may see, as (moment, id), the newest first."""
    query = select(Entry.shown_at, Entry.id).where(Entry.author_id == member.id, Entry.kind == "album")
    query = query.where(sees(viewer.id, Entry))
    if after:
        query = query.where(tuple_(Entry.shown_at, Entry.id) < after)
    rows = db.session.execute(query.order_by(Entry.shown_at.desc(), Entry.id.desc()).limit(limit))
    return [(at, entry_id) for at, entry_id in rows]

"""Albums and photos, as cards and pages draw them.

What is loaded here by id came through the law: whoever sees an album sees the photos in it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, tuple_

from mixlite.core.db import db
from mixlite.core.language import gettext as _
from mixlite.core.paging import Position
from mixlite.core.rooms import current_house
from mixlite.entries.entries import Entry, entries_by_id
from mixlite.entries.photos import Place, Print, places_of, prints_with
from mixlite.features.photos.models import Album
from mixlite.people.members import Member
from mixlite.policy.visibility import sees


@dataclass(frozen=True)
class ShownAlbum:
    """The words of an album, and the photo that was chosen to stand for it."""

    title: str
    body: str
    cover: Print | None


@dataclass(frozen=True)
class ShownPhoto:
    """A photo with its place in what it belongs to. `parent_title` is empty for what has none."""

    place: Place
    parent_kind: str
    parent_title: str

    @property
    def print(self) -> Print:
        return self.place.print

    @property
    def body(self) -> str:
        return self.print.body

    @property
    def title(self) -> str:
        """Its caption, else where it is."""
        if self.print.body:
            return self.print.body
        if self.parent_title:
            return str(_("Picture %(number)s of “%(album)s”", number=self.place.number, album=self.parent_title))
        return str(_("Picture %(number)s", number=self.place.number))


def albums_of(entry_ids: Sequence[int]) -> Mapping[int, ShownAlbum]:
    """By entry id, in two statements."""
    albums = db.session.scalars(select(Album).where(Album.entry_id.in_(entry_ids))).all()
    covers = prints_with([album.cover_id for album in albums if album.cover_id])
    return {album.entry_id: ShownAlbum(album.title, album.body, covers.get(album.cover_id or 0)) for album in albums}


def photos_of(entry_ids: Sequence[int]) -> Mapping[int, ShownPhoto]:
    """By entry id, each with its neighbours; one statement, and two for each kind of what they are in."""
    places = places_of(entry_ids)
    parents = entries_by_id({place.parent_id for place in places.values()})
    titles = _titles(list(parents.values()))
    return {
        entry_id: ShownPhoto(place, parents[place.parent_id].kind, titles.get(place.parent_id, ""))
        for entry_id, place in places.items()
    }


def _titles(parents: Sequence[Entry]) -> dict[int, str]:
    found: dict[int, Any] = {}
    for name in sorted({parent.kind for parent in parents}):
        found.update(current_house().kinds[name].load([parent.id for parent in parents if parent.kind == name]))
    return {entry_id: getattr(content, "title", "") for entry_id, content in found.items()}


def albums_by(viewer: Member, member: Member, limit: int, after: Position | None = None) -> list[Position]:
    """The albums of a member that the viewer may see, as (moment, id), the newest first."""
    query = select(Entry.shown_at, Entry.id).where(Entry.author_id == member.id, Entry.kind == "album")
    query = query.where(sees(viewer.id, Entry))
    if after:
        query = query.where(tuple_(Entry.shown_at, Entry.id) < after)
    rows = db.session.execute(query.order_by(Entry.shown_at.desc(), Entry.id.desc()).limit(limit))
    return [(at, entry_id) for at, entry_id in rows]

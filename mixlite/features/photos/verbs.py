"""Making albums, putting photos into them, saying what is to be seen."""

from collections.abc import Mapping

from sqlalchemy import select

from mixlite.core.db import db
from mixlite.core.errors import NotHere, Refused
from mixlite.core.language import lazy_gettext as _l
from mixlite.entries.entries import Entry, change_audience, hold, publish, touch
from mixlite.entries.photos import Photo, Sent, put_photos
from mixlite.entries.selections import Choice
from mixlite.features.photos.models import Album
from mixlite.people.members import Member
from mixlite.policy.permissions import Act, require
from mixlite.policy.visibility import visible_entry


def publish_album(
    author: Member, *, title: str, body: str, audience: str, pictures: Sent, choice: Choice | None = None
) -> Entry:
    """Raises Refused when there is no picture for it."""
    entry = publish(author, kind="album", audience=audience, choice=choice)
    db.session.add(Album(entry_id=entry.id, title=title, body=body))
    db.session.flush()
    _put_some(author, entry, pictures)
    return entry


def add_photos(author: Member, entry: Entry, *, pictures: Sent) -> Entry:
    """At the end of an album, diary or voice of theirs. Raises NotHere, NotYours, Refused."""
    entry = own_place(author, entry.id)
    _put_some(author, entry, pictures)
    touch(entry, words_changed=False)
    return entry


def _put_some(author: Member, entry: Entry, pictures: Sent) -> None:
    if not put_photos(author, entry, pictures):
        raise Refused(_l("Choose at least one picture."), "files")


def revise_album(
    author: Member,
    entry: Entry,
    *,
    title: str,
    body: str,
    audience: str,
    choice: Choice | None = None,
    revision: int | None = None,
) -> Entry:
    """Raises NotHere or NotYours for anybody but the author, Stale when it is not at `revision` any more. Its photos
    have its audience, whatever that is.
    """
    entry = hold(own_place(author, entry.id), revision)
    album = db.session.get_one(Album, entry.id, populate_existing=True)
    is_changed = (album.title, album.body) != (title, body)
    album.title, album.body = title, body
    change_audience(entry, audience, choice)
    touch(entry, words_changed=is_changed)
    return entry


def revise_photo(author: Member, entry: Entry, *, body: str, alt: str, revision: int | None = None) -> Entry:
    """Its caption, and what it shows in words for those who do not see it. Raises Stale as `revise_album`."""
    entry = visible_entry(author, entry.id)
    require(author, Act.REVISE, entry)
    entry = hold(entry, revision)
    photo = db.session.get_one(Photo, entry.id, populate_existing=True)
    is_changed = photo.body != body
    photo.body, photo.alt = body, alt
    touch(entry, words_changed=is_changed)
    return entry


def describe_photos(author: Member, entry: Entry, *, alts: Mapping[int, str]) -> Entry:
    """Say of several photos of one place what they show, by their ids. Others than its own are left alone."""
    entry = own_place(author, entry.id)
    photos = db.session.scalars(select(Photo).where(Photo.parent_id == entry.id, Photo.entry_id.in_(set(alts))))
    for photo in photos:
        photo.alt = alts[photo.entry_id]
    db.session.flush()
    return entry


def own_place(author: Member, entry_id: int) -> Entry:
    """Something of theirs that can have photos. Raises NotHere, NotYours."""
    entry = visible_entry(author, entry_id)
    if entry.parent_id is not None:
        raise NotHere
    require(author, Act.REVISE, entry)
    return entry

"""Making albums, putting photos into them, saying what is to be seen."""

from collections.abc import Mapping, Sequence

from sqlalchemy import func, select

from mixlite.core.db import db
from mixlite.core.errors import NotHere, Refused
from mixlite.core.language import lazy_gettext as _l
from mixlite.entries.entries import Entry, change_audience, hold, publish, publish_below, touch
from mixlite.entries.media import put_into, waiting_of
from mixlite.entries.selections import Choice
from mixlite.features.photos.models import MOST_PHOTOS, Album, Photo
from mixlite.people.members import Member
from mixlite.policy.permissions import Act, require
from mixlite.policy.visibility import visible_entry


def publish_album(
    author: Member, *, title: str, body: str, audience: str, media: Sequence[str], choice: Choice | None = None
) -> Entry:
    """`media` are tokens of pictures of theirs that are here. Raises Refused when there is none."""
    entry = publish(author, kind="album", audience=audience, choice=choice)
    db.session.add(Album(entry_id=entry.id, title=title, body=body))
    db.session.flush()
    _put_in(author, entry, media)
    return entry


def add_photos(author: Member, entry: Entry, *, media: Sequence[str]) -> Entry:
    """At the end of an album of theirs. Raises NotHere, NotYours, Refused."""
    entry = _own_album(author, entry)
    _put_in(author, entry, media)
    touch(entry, words_changed=False)
    return entry


def _put_in(author: Member, entry: Entry, tokens: Sequence[str]) -> None:
    pictures = waiting_of(author.id, tokens)
    if not pictures:
        raise Refused(_l("Choose at least one picture."), "files")
    counted = select(func.count(), func.coalesce(func.max(Photo.position), -1)).where(Photo.album_id == entry.id)
    count, last = db.session.execute(counted).one()
    if count + len(pictures) > MOST_PHOTOS:
        raise Refused(_l("An album holds at most %(limit)s pictures.", limit=MOST_PHOTOS), "files")
    for position, picture in enumerate(pictures, last + 1):
        photo = publish_below(author, entry, kind="photo")
        db.session.add(Photo(entry_id=photo.id, album_id=entry.id, position=position, body="", alt=""))
        put_into(picture, photo.id)
    db.session.flush()


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
    entry = hold(_own_album(author, entry), revision)
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
    """Say of several photos of one album what they show, by their ids. Others than its own are left alone."""
    entry = _own_album(author, entry)
    photos = db.session.scalars(select(Photo).where(Photo.album_id == entry.id, Photo.entry_id.in_(set(alts))))
    for photo in photos:
        photo.alt = alts[photo.entry_id]
    db.session.flush()
    return entry


def _own_album(author: Member, entry: Entry) -> Entry:
    entry = visible_entry(author, entry.id)
    if entry.kind != "album":
        raise NotHere
    require(author, Act.REVISE, entry)
    return entry

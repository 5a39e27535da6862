"""Making albums, putting photos into them, saying what is to be seen."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import func, select

from mixlite.core.db import db
from mixlite.core.errors import NotHere, Refused
from mixlite.core.language import lazy_gettext as _l
from mixlite.entries.entries import Entry, change_audience, hold, publish, touch
from mixlite.entries.photos import MOST_PHOTOS, Photo, Sent, name_contributors, put_photos
from mixlite.entries.selections import Choice
from mixlite.features.photos.models import Album
from mixlite.people.friendships import friends_among
from mixlite.people.members import Member, ids_of_handles
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
    """At the end of an album, diary or voice of theirs, or of an album to which they may add.

    Raises NotHere, NotYours, Refused.
    """
    entry = place_for(author, entry.id)
    _put_some(author, entry, pictures)
    if entry.author_id == author.id:
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
    if photo.alt != alt and not is_changed:
        entry.revision += 1  # not "edited" to readers, but an older window is told
    photo.body, photo.alt = body, alt
    touch(entry, words_changed=is_changed)
    return entry


def describe_photos(author: Member, entry: Entry, *, alts: Mapping[int, tuple[str, str]]) -> Entry:
    """Say of several photos of one place what they show: by their ids, what stood there and what shall. Others than its
    own are left alone. Raises Refused where something else stands there by now, so that nothing is overwritten unseen.
    """
    entry = own_place(author, entry.id)
    ours = (Photo.parent_id == entry.id, ~Photo.by_guest, Photo.entry_id.in_(set(alts)))
    photos = db.session.scalars(select(Photo).where(*ours))
    for photo in photos:
        before, after = alts[photo.entry_id]
        if after == before:
            continue
        if photo.alt not in (before, after):
            raise Refused(_l("This page has changed meanwhile. Please load it again."), "alt")
        photo.alt = after
        db.session.get_one(Entry, photo.entry_id).revision += 1
    db.session.flush()
    return entry


def arrange_photos(author: Member, entry: Entry, *, order: Sequence[int]) -> Entry:
    """Give these photos of one place this order among themselves; all others stay where they are."""
    entry = hold(own_place(author, entry.id), None)
    ours = _in_order(entry.id)
    known = {photo.entry_id: photo for photo in ours}
    wanted = iter([known[number] for number in order if number in known])
    given = {number for number in order if number in known}
    _number([next(wanted) if photo.entry_id in given else photo for photo in ours])
    return entry


def move_photo(author: Member, photo: Entry, *, by: int) -> Entry:
    """One place earlier (-1) or later (1) among its neighbours; at an end it stays. Answers where it lies."""
    place = _own_place_of(author, photo)
    photos = _in_order(place.id)
    here = next((number for number, each in enumerate(photos) if each.entry_id == photo.id), None)
    if here is None:
        raise NotHere
    there = min(len(photos) - 1, max(0, here + by))
    photos[here], photos[there] = photos[there], photos[here]
    _number(photos)
    return place


def make_cover(author: Member, photo: Entry) -> Entry:
    """Let it stand for its album. Raises NotHere for a photo that is in none, or a guest's: it is not there for all."""
    place = _own_place_of(author, photo)
    if photo.author_id != author.id:
        raise NotHere
    album = db.session.get(Album, place.id, populate_existing=True)
    if album is None:
        raise NotHere
    album.cover_id = photo.id
    db.session.flush()
    return place


def move_to_album(author: Member, entry: Entry, *, chosen: Collection[int], to: int) -> Entry:
    """Photos of one place go to the end of another album of theirs, and have its audience from then on.

    Raises NotHere, NotYours, and Refused when none was chosen or the album would be too full.
    """
    entry, album = own_place(author, entry.id), own_place(author, to)
    photos = [photo for photo in _in_order(entry.id) if photo.entry_id in chosen and not photo.by_guest]
    if album.kind != "album" or album.id == entry.id:
        raise NotHere
    if not photos:
        raise Refused(_l("Choose at least one picture."), "chosen")
    counted = select(func.count(), func.coalesce(func.max(Photo.position), -1)).where(Photo.parent_id == album.id)
    count, last = db.session.execute(counted).one()
    if count + len(photos) > MOST_PHOTOS:
        raise Refused(_l("There is room for %(limit)s pictures here, and no more.", limit=MOST_PHOTOS), "chosen")
    for position, photo in enumerate(photos, last + 1):
        photo.parent_id, photo.position = album.id, position
        db.session.get_one(Entry, photo.entry_id).parent_id = album.id
    old = db.session.get(Album, entry.id)
    if old is not None and old.cover_id in {photo.entry_id for photo in photos}:
        old.cover_id = None
    db.session.flush()
    touch(entry, words_changed=False)
    touch(album, words_changed=False)
    return album


def _own_place_of(author: Member, photo: Entry) -> Entry:
    """Where it lies, held so that two who arrange do it one after the other."""
    photo = visible_entry(author, photo.id)
    if photo.parent_id is None:
        raise NotHere
    return hold(own_place(author, photo.parent_id), None)


def _in_order(entry_id: int) -> list[Photo]:
    query = select(Photo).join(Entry, Entry.id == Photo.entry_id)
    query = query.where(Photo.parent_id == entry_id, Entry.deleted_at.is_(None))
    query = query.order_by(Photo.position, Photo.entry_id).execution_options(populate_existing=True)
    return list(db.session.scalars(query))


def _number(photos: Sequence[Photo]) -> None:
    for position, photo in enumerate(photos):
        photo.position = position
    db.session.flush()


def share_album(author: Member, entry: Entry, *, people: Collection[str]) -> Entry:
    """Let these friends of theirs, by their handles, add to an album of theirs, and nobody else. Raises Refused for
    somebody who is no friend, NotHere for anything but an album.
    """
    entry = own_place(author, entry.id)
    if entry.kind != "album":
        raise NotHere
    ids = ids_of_handles(people)
    friends = friends_among(author.id, ids.values())
    strangers = sorted(handle for handle in people if ids.get(handle) not in friends)
    if strangers:
        names = ", ".join(f"@{handle}" for handle in strangers)
        raise Refused(_l("Not among your friends: %(names)s", names=names), "people")
    name_contributors(entry.id, friends)
    return entry


def place_for(member: Member, entry_id: int) -> Entry:
    """Something that they may add photos to. Raises NotHere, NotYours."""
    entry = visible_entry(member, entry_id)
    if entry.parent_id is not None:
        raise NotHere
    require(member, Act.ADD_PHOTOS, entry)
    return entry


def own_place(author: Member, entry_id: int) -> Entry:
    """Something of theirs that can have photos. Raises NotHere, NotYours."""
    entry = visible_entry(author, entry_id)
    if entry.parent_id is not None:
        raise NotHere
    require(author, Act.REVISE, entry)
    return entry

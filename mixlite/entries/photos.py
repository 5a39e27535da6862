"""Photos: pictures in their places. Each is an entry of its own, whose parent is the album, diary or voice it is in.

So a photo has an address, words, comments and likes, and is read by whoever reads its parent. What is loaded here by
the parent's id came through the law, as the parent did; of guests' photos it is asked again (`is_shown`, which is
`policy.visibility.shows_photo`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, Index, Select, String, and_, delete, func, or_, select, tuple_
from sqlalchemy.orm import Mapped, aliased, mapped_column

from mixlite.core import clock, events
from mixlite.core.db import Base, db
from mixlite.core.errors import Refused
from mixlite.core.language import lazy_gettext as _l
from mixlite.entries.entries import Entry, publish_below
from mixlite.entries.media import ALT_LENGTH, Media, put_into, put_under, waiting_of
from mixlite.people.members import Member

CAPTION_LENGTH = 300
MOST_PHOTOS = 1000  # in one place
MOST_AT_ONCE = 60
MOST_UNDER_COMMENT = 4
MOST_CONTRIBUTORS = 100
Rule = ColumnElement[bool]
FIRST = 12  # how many a list of entries loads of each


class Photo(Base):
    """One picture in its place. `body` stands below it; `alt` describes it to those who do not see it."""

    __tablename__ = "photos"
    __table_args__ = (Index("ix_photos_parent_id", "parent_id", "position", "entry_id"),)

    entry_id: Mapped[int] = mapped_column(
        ForeignKey("entries.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    parent_id: Mapped[int] = mapped_column(ForeignKey("entries.id", ondelete="CASCADE"))
    position: Mapped[int]
    body: Mapped[str] = mapped_column(String(CAPTION_LENGTH * 4), default="")
    alt: Mapped[str] = mapped_column(String(ALT_LENGTH * 4), default="")
    by_guest: Mapped[bool] = mapped_column(default=False)  # by somebody else than whoever made the place


class Contributor(Base):
    """Somebody whom the author of an album lets add photos to it. They add as long as they see it and are friends."""

    __tablename__ = "contributors"
    __table_args__ = (Index("ix_contributors_member_id", "member_id"),)

    album_id: Mapped[int] = mapped_column(ForeignKey("entries.id", ondelete="CASCADE"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), primary_key=True)


@dataclass(frozen=True)
class Print:
    """A photo as it lies in its place."""

    id: int
    parent_id: int
    position: int
    body: str
    alt: str
    media: Media | None
    by_guest: bool = False


@dataclass(frozen=True)
class Prints:
    """The first photos of one place, and how many there are."""

    first: Sequence[Print] = ()
    count: int = 0


@dataclass(frozen=True)
class Place:
    """Where a photo lies: in what, which of how many, and what is beside it."""

    print: Print
    parent_id: int
    number: int
    count: int
    previous_id: int | None
    next_id: int | None
    first_id: int
    last_id: int


@dataclass(frozen=True)
class Sent:
    """Pictures that came with a form: their tokens in order, and what was said of each so far."""

    tokens: Sequence[str] = ()
    alts: Mapping[str, str] = field(default_factory=dict)


NONE_SENT = Sent()


def prints_of(parent_ids: Iterable[int], is_shown: Rule) -> dict[int, Prints]:
    """By parent, in one statement; parents without photos are left out."""
    wanted = set(parent_ids)
    if not wanted:
        return {}
    number = func.row_number().over(partition_by=Photo.parent_id, order_by=(Photo.position, Photo.entry_id))
    count = func.count().over(partition_by=Photo.parent_id)
    there = (Photo.parent_id.in_(wanted), Entry.deleted_at.is_(None), is_shown)
    joined = select(Photo.entry_id, number.label("number"), count.label("total")).join(
        Entry, Entry.id == Photo.entry_id
    )
    ranked = joined.where(*there).subquery()
    query = _with_media(ranked.c.total).join(ranked, ranked.c.entry_id == Photo.entry_id)
    rows = db.session.execute(query.where(ranked.c.number <= FIRST).order_by(Photo.parent_id, ranked.c.number))
    found: dict[int, list[Any]] = {}
    for row in rows:
        found.setdefault(row.Photo.parent_id, []).append(row)
    return {parent: Prints([_print(row) for row in each], each[0].total) for parent, each in found.items()}


def prints_in(parent_id: int, is_shown: Rule, limit: int, after: tuple[int, int] = (-1, 0)) -> list[Print]:
    """The photos of one place in their order, after (position, id); `limit` at most."""
    query = _with_media().join(Entry, Entry.id == Photo.entry_id)
    query = query.where(
        Photo.parent_id == parent_id,
        Entry.deleted_at.is_(None),
        is_shown,
        tuple_(Photo.position, Photo.entry_id) > after,
    )
    return [_print(row) for row in db.session.execute(query.order_by(Photo.position, Photo.entry_id).limit(limit))]


def prints_with(entry_ids: Sequence[int]) -> dict[int, Print]:
    """These photos by their own ids, in one statement; what was deleted is left out."""
    there = (Photo.entry_id.in_(set(entry_ids)), Entry.deleted_at.is_(None))
    query = _with_media().join(Entry, Entry.id == Photo.entry_id).where(*there)
    return {row.Photo.entry_id: _print(row) for row in db.session.execute(query)} if entry_ids else {}


def places_of(entry_ids: Sequence[int], is_shown: Rule) -> dict[int, Place]:
    """By their own ids, each with its neighbours, in one statement; none where there are no photos."""
    if not entry_ids:
        return {}
    parent, order = Photo.parent_id, (Photo.position, Photo.entry_id)
    backwards = (Photo.position.desc(), Photo.entry_id.desc())
    parents = select(Photo.parent_id).where(Photo.entry_id.in_(entry_ids))
    columns = (
        func.row_number().over(partition_by=parent, order_by=order).label("number"),
        func.count().over(partition_by=parent).label("total"),
        func.lag(Photo.entry_id).over(partition_by=parent, order_by=order).label("previous_id"),
        func.lead(Photo.entry_id).over(partition_by=parent, order_by=order).label("next_id"),
        func.first_value(Photo.entry_id).over(partition_by=parent, order_by=order).label("first_id"),
        func.first_value(Photo.entry_id).over(partition_by=parent, order_by=backwards).label("last_id"),
    )
    there = (Entry.deleted_at.is_(None), is_shown, Photo.parent_id.in_(parents))
    ranked = select(Photo.entry_id, *columns).join(Entry, Entry.id == Photo.entry_id).where(*there).subquery()
    query = _with_media(*(column for column in ranked.c if column.name != "entry_id"))
    query = query.join(ranked, ranked.c.entry_id == Photo.entry_id).where(Photo.entry_id.in_(entry_ids))
    return {row.Photo.entry_id: _place(row) for row in db.session.execute(query)}


def _place(row: Any) -> Place:
    neighbours = (row.previous_id, row.next_id, row.first_id, row.last_id)
    return Place(_print(row), row.Photo.parent_id, row.number, row.total, *neighbours)


def put_photos(author: Member, parent: Entry, sent: Sent) -> list[Entry]:
    """At the end of an entry: pictures of theirs that are wholly here and in no other place. Raises Refused when there
    are too many, or when one is not there any more: nothing is left out without a word.
    """
    is_guest = parent.author_id != author.id
    pictures = _all_waiting(author, sent)
    if not pictures:
        return []
    counted = select(func.count(), func.coalesce(func.max(Photo.position), -1)).where(Photo.parent_id == parent.id)
    count, last = db.session.execute(counted).one()
    if count + len(pictures) > MOST_PHOTOS:
        raise Refused(_l("There is room for %(limit)s pictures here, and no more.", limit=MOST_PHOTOS), "files")
    photos = []
    for position, picture in enumerate(pictures, last + 1):
        photo = publish_below(author, parent, kind="photo", as_guest=is_guest)
        alt = sent.alts.get(picture.token, "")
        db.session.add(
            Photo(entry_id=photo.id, parent_id=parent.id, position=position, body="", alt=alt, by_guest=is_guest)
        )
        put_into(picture, photo.id)
        photos.append(photo)
    db.session.flush()
    return photos


def put_below_comment(author: Member, comment_id: int, sent: Sent) -> None:
    """A few pictures of theirs, wholly here and in no other place, go with their comment. Raises as `put_photos`."""
    pictures = _all_waiting(author, sent)
    if len(pictures) > MOST_UNDER_COMMENT:
        raise Refused(_l("There is room for %(limit)s pictures here, and no more.", limit=MOST_UNDER_COMMENT), "files")
    for picture in pictures:
        put_under(picture, comment_id, sent.alts.get(picture.token, ""))


def _all_waiting(author: Member, sent: Sent) -> list[Media]:
    pictures = waiting_of(author.id, sent.tokens)
    if len(pictures) < len(set(sent.tokens)):
        words = _l("Not all of the pictures are here any more. Look which are missing, and add them again.")
        raise Refused(words, "files")
    return pictures


def contributors_to(album_id: int) -> Sequence[int]:
    """Whom its author named."""
    query = select(Contributor.member_id).where(Contributor.album_id == album_id)
    return db.session.scalars(query.order_by(Contributor.member_id)).all()


def name_contributors(album_id: int, member_ids: Iterable[int]) -> None:
    """These and nobody else."""
    db.session.execute(delete(Contributor).where(Contributor.album_id == album_id))
    db.session.add_all(Contributor(album_id=album_id, member_id=member_id) for member_id in sorted(set(member_ids)))
    db.session.flush()


def forget_contributions(member_id: int) -> None:
    """When somebody is erased, they are named nowhere."""
    db.session.execute(delete(Contributor).where(Contributor.member_id == member_id))


def part_ways(one_id: int, other_id: int) -> None:
    """Neither may add to an album of the other any more."""
    for guest_id, author_id in ((one_id, other_id), (other_id, one_id)):
        of_author = select(Entry.id).where(Entry.author_id == author_id)
        theirs = (Contributor.member_id == guest_id, Contributor.album_id.in_(of_author))
        db.session.execute(delete(Contributor).where(*theirs))


def withdraw_guests(one_id: int, other_id: int) -> None:
    """What either added to albums of the other goes, as if they had deleted it: neither could find it any more."""
    place = aliased(Entry)
    pair = or_(
        and_(Entry.author_id == one_id, place.author_id == other_id),
        and_(Entry.author_id == other_id, place.author_id == one_id),
    )
    query = select(Entry).join(place, place.id == Entry.parent_id).where(pair, Entry.deleted_at.is_(None))
    for photo in db.session.scalars(query).all():
        photo.deleted_at = clock.now()
        events.record("entry.deleted", actor_id=photo.author_id, subject_id=photo.id)
    db.session.flush()


def _with_media(*columns: Any) -> Select[Any]:
    return select(Photo, Media, *columns).outerjoin(Media, and_(Media.entry_id == Photo.entry_id))


def _print(row: Any) -> Print:
    photo: Photo = row.Photo
    return Print(photo.entry_id, photo.parent_id, photo.position, photo.body, photo.alt, row.Media, photo.by_guest)

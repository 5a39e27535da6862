"""Albums and photos, as cards and pages draw them.

What is loaded here by id came through the law: whoever sees an album sees the photos in it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Select, and_, bindparam, func, literal, literal_column, or_, select, tuple_, union_all
from sqlalchemy.orm import aliased

from mixlite.core.db import VIEWER, BigId, ask, db
from mixlite.core.language import gettext as _
from mixlite.core.paging import Position
from mixlite.core.rooms import current_house
from mixlite.entries.entries import Entry, entries_by_id
from mixlite.entries.photos import Print, contributors_to, prints_with
from mixlite.features.photos.models import Album
from mixlite.people.friendships import Friendship
from mixlite.people.members import Member
from mixlite.people.mutes import has_muted
from mixlite.policy.visibility import lets_use_ties, meets, sees, shows_friends


@dataclass(frozen=True)
class ShownAlbum:
    """The words of an album, and the photo that was chosen to stand for it."""

    title: str
    body: str
    cover: Print | None


@dataclass(frozen=True)
class ShownPhoto:
    """A photo, and what it belongs to. `parent_title` is empty for what has none."""

    print: Print
    parent_kind: str
    parent_title: str

    @property
    def body(self) -> str:
        return self.print.body

    @property
    def title(self) -> str:
        """Its caption, else where it is."""
        if self.print.body:
            return self.print.body
        return str(_("A picture of “%(album)s”", album=self.parent_title) if self.parent_title else _("A picture"))


def albums_of(entry_ids: Sequence[int]) -> Mapping[int, ShownAlbum]:
    """By entry id, in two statements."""
    albums = db.session.scalars(select(Album).where(Album.entry_id.in_(entry_ids))).all()
    covers = prints_with([album.cover_id for album in albums if album.cover_id])
    return {album.entry_id: ShownAlbum(album.title, album.body, covers.get(album.cover_id or 0)) for album in albums}


def photos_of(entry_ids: Sequence[int]) -> Mapping[int, ShownPhoto]:
    """By entry id, in two statements, and two for each kind of what they are in."""
    prints = prints_with(entry_ids)
    parents = entries_by_id({each.parent_id for each in prints.values()})
    titles = _titles(list(parents.values()))
    return {
        entry_id: ShownPhoto(each, parents[each.parent_id].kind, titles.get(each.parent_id, ""))
        for entry_id, each in prints.items()
    }


def _titles(parents: Sequence[Entry]) -> dict[int, str]:
    found: dict[int, Any] = {}
    for name in sorted({parent.kind for parent in parents}):
        found.update(current_house().kinds[name].load([parent.id for parent in parents if parent.kind == name]))
    return {entry_id: getattr(content, "title", "") for entry_id, content in found.items()}


# ---- the newest pictures


@dataclass(frozen=True)
class NewPhoto:
    """One of the newest pictures, and who showed it."""

    print: Print
    author: Member


NEWEST_SHOWN = 9
OWN_ALBUMS = 200
OF_ONE_PLACE = 3  # a whole album of today does not push out everybody else's
FRIENDS_LOOKED_AT = 12
LOOKED_AT = 24  # of each


def newest_of_friends(viewer: Member, _subjects: Sequence[Any]) -> Mapping[None, Any]:
    """For home: by the friends whose newest pictures are newest, so it costs one look at each friend. Of what they
    showed lately the viewer gets what they may see.
    """
    found = _newest(viewer, _friends_with_newest(viewer), of_one_place=OF_ONE_PLACE)
    return {None: found} if found else {}


def newest_of_member(viewer: Member, subjects: Sequence[Member]) -> Mapping[int, Any]:
    """For a profile."""
    found = {member.id: _newest(viewer, [member.id], of_one_place=NEWEST_SHOWN) for member in subjects[:1]}
    return {member_id: photos for member_id, photos in found.items() if photos}


def _friends_with_newest(viewer: Member) -> Sequence[int]:
    return ask(_of_friends(), {"viewer": viewer.id}).scalars().all()


@cache
def _of_friends() -> Select[int]:
    photo = aliased(Entry)
    newest = select(func.max(photo.id)).where(photo.author_id == Friendship.friend_id, *_is_photo(photo))
    friends = select(Friendship.friend_id, newest.scalar_subquery().label("newest")).where(
        Friendship.member_id == VIEWER, ~has_muted(VIEWER, Friendship.friend_id)
    )
    of_friends = friends.subquery()
    query = select(of_friends.c.friend_id).where(of_friends.c.newest.is_not(None))
    return query.order_by(of_friends.c.newest.desc()).limit(FRIENDS_LOOKED_AT)


def _newest(viewer: Member, author_ids: Sequence[int], *, of_one_place: int) -> Sequence[NewPhoto]:
    """Three statements, or none where there is nobody."""
    if not author_ids:
        return []
    given = {f"author{number}": author_id for number, author_id in enumerate(author_ids)}
    found = ask(_newest_of(len(author_ids)), {"viewer": viewer.id, **given})
    of_place: dict[int | None, list[int]] = {}
    for entry_id, parent_id in found:
        of_place.setdefault(parent_id, []).append(entry_id)
    ids = sorted((number for numbers in of_place.values() for number in numbers[:of_one_place]), reverse=True)
    prints, entries = prints_with(ids), entries_by_id(ids)
    there = [number for number in ids if number in prints and number in entries]
    ready = [number for number in there if (media := prints[number].media) and media.is_ready]
    return [NewPhoto(prints[number], entries[number].author) for number in ready[:NEWEST_SHOWN]]


@cache
def _newest_of(count: int) -> Select[int, int | None]:
    """Put together once for each number of people: `author0`, `author1` ..."""
    newest_first = select(Entry.id).where(*_is_photo(Entry)).order_by(Entry.id.desc()).limit(LOOKED_AT)
    each = [newest_first.where(Entry.author_id == bindparam(f"author{number}", type_=BigId)) for number in range(count)]
    candidates = union_all(*(select(one.subquery().c.id) for one in each))
    query = select(Entry.id, Entry.parent_id).where(Entry.id.in_(candidates), sees(VIEWER, Entry))
    return query.order_by(Entry.id.desc())


def _is_photo(entry: type[Entry]) -> tuple[Any, Any]:
    """In the literal words of the index."""
    return entry.kind == literal_column("'photo'"), entry.deleted_at.is_(None)


def contributors(viewer: Member, album: Entry) -> Sequence[Member]:
    """Who may add to an album that the viewer sees, besides its author, as far as they exist for the viewer. They are
    friends of the author: others learn that only where both of them show it.
    """
    ids = contributors_to(album.id)
    is_friend = Member.id.in_(select(Friendship.friend_id).where(Friendship.member_id == album.author_id))
    may_know = or_(
        literal(viewer.id) == album.author_id,
        Member.id == viewer.id,
        and_(lets_use_ties(viewer.id, Member), shows_friends(viewer.id, album.author_id)),
    )
    query = select(Member).where(Member.id.in_(ids), is_friend, meets(viewer.id, Member), may_know).order_by(Member.id)
    return db.session.scalars(query).all() if ids else []


def own_albums(author: Member, but: int) -> Sequence[tuple[int, str, str]]:
    """Where the author can move photos to: id, title and audience of their newest albums, without one of them."""
    query = (
        select(Entry.id, Album.title, Entry.audience)
        .join(Album, Album.entry_id == Entry.id)
        .where(Entry.author_id == author.id, Entry.deleted_at.is_(None), Entry.id != but)
        .order_by(Entry.shown_at.desc(), Entry.id.desc())
        .limit(OWN_ALBUMS)
    )
    return [(entry_id, title, audience) for entry_id, title, audience in db.session.execute(query)]


def albums_by(viewer: Member, member: Member, limit: int, after: Position | None = None) -> list[Position]:
    """The albums of a member that the viewer may see, as (moment, id), the newest first."""
    query = select(Entry.shown_at, Entry.id).where(Entry.author_id == member.id, Entry.kind == "album")
    query = query.where(sees(viewer.id, Entry))
    if after:
        query = query.where(tuple_(Entry.shown_at, Entry.id) < after)
    rows = db.session.execute(query.order_by(Entry.shown_at.desc(), Entry.id.desc()).limit(limit))
    return [(at, entry_id) for at, entry_id in rows]

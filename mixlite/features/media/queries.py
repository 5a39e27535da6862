"""Which picture somebody may look at."""

from functools import cache

from sqlalchemy import Select, and_, bindparam, or_, select

from mixlite.core.db import BigId, db
from mixlite.core.errors import NotHere
from mixlite.entries.entries import Entry
from mixlite.entries.media import Media
from mixlite.people.members import Member
from mixlite.policy.visibility import sees


def visible_media(viewer: Member, token: str) -> Media:
    """A picture that is ready, if the entry that it is in exists for the viewer; one that is in none is its owner's.

    Raises NotHere.
    """
    media = db.session.scalars(_of_viewer(), {"viewer": viewer.id, "token": token}).one_or_none()
    if media is None:
        raise NotHere
    return media


@cache
def _of_viewer() -> Select[Media]:
    """Built once: a page of pictures asks it thirty times."""
    viewer = bindparam("viewer", type_=BigId)
    is_mine = and_(Media.entry_id.is_(None), Media.settled_at.is_(None), Media.owner_id == viewer)
    return (
        select(Media)
        .outerjoin(Entry, Entry.id == Media.entry_id)
        .where(Media.token == bindparam("token"), Media.state == "ready", or_(is_mine, sees(viewer, Entry)))
    )

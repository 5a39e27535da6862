"""Which picture somebody may look at."""

from sqlalchemy import and_, or_, select

from mixlite.core.db import db
from mixlite.core.errors import NotHere
from mixlite.entries.entries import Entry
from mixlite.entries.media import Media
from mixlite.people.members import Member
from mixlite.policy.visibility import sees


def visible_media(viewer: Member, token: str) -> Media:
    """A picture that is ready, if the entry that it is in exists for the viewer; one that is in none is its owner's.

    Raises NotHere.
    """
    is_mine = and_(Media.entry_id.is_(None), Media.settled_at.is_(None), Media.owner_id == viewer.id)
    query = (
        select(Media)
        .outerjoin(Entry, Entry.id == Media.entry_id)
        .where(Media.token == token, Media.state == "ready", or_(is_mine, sees(viewer.id, Entry)))
    )
    media = db.session.scalars(query).one_or_none()
    if media is None:
        raise NotHere
    return media

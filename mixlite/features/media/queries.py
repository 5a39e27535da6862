"""Which picture somebody may look at."""

from functools import cache

from sqlalchemy import Select, and_, bindparam, func, or_, select

from mixlite.core.db import BigId, db
from mixlite.core.errors import NotHere
from mixlite.entries.comments import Comment
from mixlite.entries.entries import Entry
from mixlite.entries.media import Media, is_nowhere
from mixlite.people.members import Member
from mixlite.policy.visibility import meets, sees


def visible_media(viewer: Member, token: str) -> Media:
    """A picture that is ready, if what it belongs to exists for the viewer; one that is nowhere yet is its owner's.

    One under a comment is seen as the comment is: the entry above is seen, it was not taken away, and its writer exists
    for the viewer. Raises NotHere.
    """
    media = db.session.scalars(_of_viewer(), {"viewer": viewer.id, "token": token}).one_or_none()
    if media is None:
        raise NotHere
    return media


@cache
def _of_viewer() -> Select[Media]:
    """Built once: a page of pictures asks it thirty times."""
    viewer = bindparam("viewer", type_=BigId)
    is_mine = and_(is_nowhere(), Media.settled_at.is_(None), Media.owner_id == viewer)
    is_heard = or_(Media.comment_id.is_(None), and_(Comment.deleted_at.is_(None), meets(viewer, Member)))
    is_shown = or_(is_mine, and_(is_heard, sees(viewer, Entry)))
    return (
        select(Media)
        .outerjoin(Comment, Comment.id == Media.comment_id)
        .outerjoin(Member, Member.id == Comment.author_id)
        .outerjoin(Entry, Entry.id == func.coalesce(Media.entry_id, Comment.entry_id))
        .where(Media.token == bindparam("token"), Media.state == "ready", is_shown)
    )

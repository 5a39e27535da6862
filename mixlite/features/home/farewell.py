"""When somebody has left."""

from sqlalchemy import delete

from mixlite.core.db import db
from mixlite.entries.read_marks import erase_read_marks
from mixlite.features.home.models import FeedMark
from mixlite.people.members import Member


def erase(member: Member) -> None:
    """How far they had read, anywhere."""
    db.session.execute(delete(FeedMark).where(FeedMark.member_id == member.id))
    erase_read_marks(member.id)

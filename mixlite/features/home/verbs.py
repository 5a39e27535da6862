"""Moving the mark."""

from sqlalchemy import tuple_
from sqlalchemy.dialects import postgresql, sqlite

from mixlite.core.db import db
from mixlite.core.paging import Position
from mixlite.features.home.models import FeedMark
from mixlite.people.members import Member


def mark_read(member: Member, position: Position) -> None:
    """Everything up to `position` counts as read. A mark that is further stays: another device may have been faster."""
    insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    moment, entry_id = position
    mark = insert(FeedMark).values(member_id=member.id, shown_at=moment, entry_id=entry_id)
    place = tuple_(FeedMark.shown_at, FeedMark.entry_id)
    is_forward = place < tuple_(mark.excluded.shown_at, mark.excluded.entry_id)
    moved = {"shown_at": mark.excluded.shown_at, "entry_id": mark.excluded.entry_id}
    db.session.execute(mark.on_conflict_do_update(index_elements=["member_id"], set_=moved, where=is_forward))

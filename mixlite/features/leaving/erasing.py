"""Erasing somebody whose seven days are over: one small step after the other, each a transaction of its own.

Every step finds by itself what is still there, so whoever is killed in the middle, or works beside another, goes on.
"""

from collections.abc import Callable, Iterator

from sqlalchemy import delete, select

from mixlite.core.db import db, fold_journal, writing
from mixlite.core.jobs import Job
from mixlite.core.once import Submission
from mixlite.core.rooms import current_house
from mixlite.entries.comments import Comment
from mixlite.entries.entries import Entry
from mixlite.entries.facts import Fact
from mixlite.entries.habits import forget_habits
from mixlite.entries.marks import Favourite, Like, Mark
from mixlite.entries.selections import erase_selections
from mixlite.people import leaving
from mixlite.people.members import Member

AT_ONCE = 200  # so that nobody waits long for the writer's lock

Step = Callable[[Member], bool]  # whether there may be more of it


def erasing_job() -> Job:
    """The worker's job; the sweep finds whose time has come."""
    return Job("erasing", due=lambda limit: list(leaving.members_to_erase(limit)), run=erase)


def erase(member_id: int) -> None:
    """Everything of theirs, then what the row says of them."""
    for step in _steps():
        while _take(step, member_id):
            pass
    fold_journal()


def _steps() -> Iterator[Step]:
    yield _erase_entries
    yield _erase_comments
    yield lambda member: _erase_marks(member, Like)
    yield lambda member: _erase_marks(member, Favourite)
    yield _once(_erase_facts)
    yield _once(lambda member: forget_habits(member.id))
    yield _once(lambda member: erase_selections(member.id))
    yield _once(lambda member: leaving.erase_ties(member.id))
    yield _once(_erase_submissions)
    for farewell in current_house().farewells:
        yield _once(farewell)
    yield _once(leaving.leave_an_empty_place)


def _take(step: Step, member_id: int) -> bool:
    with writing():
        member = leaving.held_for_erasing(member_id)
        return member is not None and step(member)


def _once(work: Callable[[Member], None]) -> Step:
    def step(member: Member) -> bool:
        work(member)
        return False

    return step


def _erase_entries(member: Member) -> bool:
    """With their words, and everything that others left under them."""
    ids = db.session.scalars(select(Entry.id).where(Entry.author_id == member.id).limit(AT_ONCE)).all()
    db.session.execute(delete(Entry).where(Entry.id.in_(ids)))
    return len(ids) == AT_ONCE


def _erase_comments(member: Member) -> bool:
    """Under others' entries; their numbers stay empty."""
    ids = db.session.scalars(select(Comment.id).where(Comment.author_id == member.id).limit(AT_ONCE)).all()
    db.session.execute(delete(Comment).where(Comment.id.in_(ids)))
    return len(ids) == AT_ONCE


def _erase_marks(member: Member, mark: Mark) -> bool:
    ids = db.session.scalars(select(mark.entry_id).where(mark.member_id == member.id).limit(AT_ONCE)).all()
    db.session.execute(delete(mark).where(mark.member_id == member.id, mark.entry_id.in_(ids)))
    return len(ids) == AT_ONCE


def _erase_facts(member: Member) -> None:
    db.session.execute(delete(Fact).where(Fact.author_id == member.id))


def _erase_submissions(member: Member) -> None:
    db.session.execute(delete(Submission).where(Submission.actor_id == member.id))

"""What waits on home: how much of the feed is new, comments that came meanwhile, and this day in earlier years."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any

from sqlalchemy import and_, bindparam, func, or_, select, text, union

from mixlite.core import clock
from mixlite.core.db import VIEWER, Moment, ask
from mixlite.core.language import local, today
from mixlite.core.paging import Position
from mixlite.core.rooms import current_house
from mixlite.entries.comments import Comment
from mixlite.entries.entries import ANSWERED, Entry
from mixlite.entries.read_marks import ReadMark
from mixlite.features.home.models import FeedMark
from mixlite.people.members import Member
from mixlite.policy.showing import may_be_news, seen_number
from mixlite.policy.visibility import meets, new_in_feed, sees

MOST_COUNTED = 200
LOOKED_AT = (
    300  # of one's own entries with comments and of one's own comments, the newest: older ones tell of no new comment
)
YEARS_BACK = 10
DAYS_AROUND = timedelta(days=3)


@dataclass(frozen=True)
class Mark:
    """Where reading ended: the place, and whether it was set by the reader or stands for the day they joined."""

    place: Position
    is_set: bool


@dataclass(frozen=True)
class Unread:
    """What friends wrote above a place: how many entries by how many friends; `is_more` if it was too many to count."""

    count: int
    people: int
    is_more: bool = False
    newest: Position | None = None


def mark_of(viewer: Member) -> Mark:
    """How far they have read. Whoever never said so has to read only what came after them."""
    row = ask(_mark(), {"viewer": viewer.id}).one_or_none()
    return Mark((viewer.joined_at, 0), is_set=False) if row is None else Mark((row[0], row[1]), is_set=True)


@cache
def _mark() -> Any:
    return select(FeedMark.shown_at, FeedMark.entry_id).where(FeedMark.member_id == VIEWER)


def unread_since(viewer: Member, place: Position) -> Unread:
    """Counted up to a bound."""
    found = new_in_feed(viewer.id, MOST_COUNTED + 1, place)
    if not found:
        return Unread(0, 0)
    counted = found[:MOST_COUNTED]
    people = len({author_id for _place, author_id in counted})
    return Unread(len(counted), people, len(found) > MOST_COUNTED, counted[0][0])


# ---- new comments


@dataclass(frozen=True)
class NewComments:
    """How many comments on how many entries; the entry that was answered first, what it is called, the number there."""

    count: int
    entries: int
    entry_id: int
    number: int
    content: Any


def new_comments(viewer: Member, _subjects: Sequence[Any]) -> Mapping[None, Any]:
    """For home: on what I wrote, and on what others wrote after I had answered there. Only what I may see."""
    commented = ask(_new_comments(), {"viewer": viewer.id}).all()
    if not commented:
        return {}
    kinds = current_house().kinds
    found: dict[str, NewComments] = {}
    for name, is_mine in (("mine", True), ("others", False)):
        of_these = [row for row in commented if (row.author_id == viewer.id) == is_mine]
        if of_these:
            first = of_these[0]
            found[name] = NewComments(
                count=sum(row.how_many for row in of_these),
                entries=len(of_these),
                entry_id=first.id,
                number=first.number,
                content=kinds[first.kind].load([first.id]).get(first.id),
            )
    return {None: found}


@cache
def _new_comments() -> Any:
    """By entry, the one first whose new comments began first. Few entries pass the comparison of two numbers, and only
    those are asked about by the law.
    """
    spoken = (
        select(Comment.entry_id)
        .where(Comment.author_id == VIEWER, Comment.deleted_at.is_(None))
        .order_by(Comment.id.desc())
        .limit(LOOKED_AT)
        .subquery()
    )
    own = (
        select(Entry.id)
        .where(Entry.author_id == VIEWER, Entry.deleted_at.is_(None), text(f"entries.{ANSWERED}"))
        .order_by(Entry.shown_at.desc(), Entry.id.desc())
        .limit(LOOKED_AT)
        .subquery()
    )
    mine_or_answered = union(select(own.c.id), select(spoken.c.entry_id))
    seen = seen_number()
    return (
        select(
            Entry.id,
            Entry.author_id,
            Entry.kind,
            func.count().label("how_many"),
            func.min(Comment.number).label("number"),
        )
        .join(Comment, Comment.entry_id == Entry.id)
        .join(Member, Member.id == Comment.author_id)
        .outerjoin(ReadMark, and_(ReadMark.entry_id == Entry.id, ReadMark.member_id == VIEWER))
        .where(
            Entry.id.in_(mine_or_answered),
            Entry.last_number > seen,
            Comment.number > seen,
            Comment.deleted_at.is_(None),
            may_be_news(),
            sees(VIEWER, Entry),
            meets(VIEWER, Member),
        )
        .group_by(Entry.id, Entry.author_id, Entry.kind)
        .order_by(func.min(Comment.id), Entry.id)
    )


# ---- this day in earlier years


@dataclass(frozen=True)
class Memory:
    """A diary of the viewer's own, from how many years before, and whether on this very day of the year."""

    entry_id: int
    content: Any
    shown_at: datetime
    years: int
    is_to_the_day: bool


def this_day(viewer: Member, _subjects: Sequence[Any]) -> Mapping[None, Any]:
    """For home, and for its owner's eyes only: a diary that the viewer wrote on this day of an earlier year, else in
    the days around it. The nearest day comes first, then the latest year.
    """
    given: dict[str, Any] = {"viewer": viewer.id}
    for years in range(1, YEARS_BACK + 1):
        given[f"begin{years}"], given[f"end{years}"] = _around(_years_before(today(), years))
    found = [(*_distance(local(row.shown_at).date(), today()), row) for row in ask(_own_diaries(), given)]
    if not found:
        return {}
    days, years, row = min(found, key=lambda each: each[:2])
    content = current_house().kinds["diary"].load([row.id])[row.id]
    return {None: Memory(row.id, content, row.shown_at, years, is_to_the_day=days == 0)}


@cache
def _own_diaries() -> Any:
    begins, ends = (
        [bindparam(f"{name}{years}", type_=Moment) for years in range(1, YEARS_BACK + 1)] for name in ("begin", "end")
    )
    then = [and_(Entry.shown_at >= begin, Entry.shown_at < end) for begin, end in zip(begins, ends, strict=True)]
    return (
        select(Entry.id, Entry.shown_at)
        .where(Entry.author_id == VIEWER, Entry.deleted_at.is_(None), Entry.kind == "diary", or_(*then))
        .order_by(Entry.shown_at.desc(), Entry.id.desc())
        .limit(LOOKED_AT)
    )


def _around(day: date) -> tuple[datetime, datetime]:
    """From some days before to some days after, on the reader's clock."""
    zone = local(clock.now()).tzinfo
    return (
        datetime.combine(day - DAYS_AROUND, time(), zone),
        datetime.combine(day + DAYS_AROUND + timedelta(days=1), time(), zone),
    )


def _distance(then: date, day: date) -> tuple[int, int]:
    """In days of the calendar, and in years."""
    years = round((day - then).days / 365.2425)
    return abs((_years_before(then, -years) - day).days), years


def _years_before(day: date, years: int) -> date:
    """The 29th of February is remembered on the 28th."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)

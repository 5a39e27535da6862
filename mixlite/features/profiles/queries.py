"""What a profile shows to one viewer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    and_,
    bindparam,
    case,
    column,
    exists,
    func,
    literal,
    or_,
    select,
    tuple_,
    values,
)
from sqlalchemy.orm import aliased

from mixlite.core.db import VIEWER, Moment, ago, db
from mixlite.core.language import local, midnight, today
from mixlite.core.paging import Position
from mixlite.entries.audience import Audience
from mixlite.entries.entries import Entry
from mixlite.entries.facts import Fact, FactKind, in_order
from mixlite.entries.marks import Favourite
from mixlite.people.friendships import Friendship, friendship_between, request_between
from mixlite.people.members import Member
from mixlite.people.mutes import has_muted
from mixlite.policy.visibility import meets, sees, shows_friends

NEWCOMER_FOR = timedelta(days=30)
NEWCOMERS = 5
BIRTHDAYS_AHEAD = 7  # days, today among them
BIRTHDAYS_ON_HOME = 8
_DAYS = [f"day{number}" for number in range(BIRTHDAYS_AHEAD + 1)]  # one more where 29 February is kept on the 28th
STRANGERS_LOOKED_AT = 100
MOST_MONTHS = 600


@dataclass(frozen=True)
class Relation:
    """How the viewer stands to somebody: self, friend, asked (the viewer did), asks (they did), none."""

    name: str
    since: datetime | None = None
    request_id: int | None = None


def relation_to(viewer: Member, member: Member) -> Relation:
    """How they stand to each other now; a request that was declined looks like none to who declined it."""
    if viewer.id == member.id:
        return Relation("self")
    friendship = friendship_between(viewer.id, member.id)
    if friendship is not None:
        return Relation("friend", since=friendship.since)
    request = request_between(viewer.id, member.id)
    if request is None or request.withdrawn_at is not None:
        return Relation("none")
    if request.asker_id == member.id and request.declined_at is not None:
        return Relation("none")
    return Relation("asked" if request.asker_id == viewer.id else "asks", request_id=request.id)


def sponsor_of(viewer: Member, member: Member) -> Member | None:
    """Who invited them, if that person exists for the viewer."""
    if member.sponsor_id is None:
        return None
    query = select(Member).where(Member.id == member.sponsor_id, meets(viewer.id, Member))
    return db.session.scalars(query).one_or_none()


def facts_seen(viewer: Member, member: Member) -> list[Fact]:
    """What a member says of themselves that the viewer may read, in the order of a profile."""
    query = select(Fact).where(Fact.author_id == member.id, Fact.kind != FactKind.FRIENDS, sees(viewer.id, Fact))
    return in_order(db.session.scalars(query).all())


@dataclass(frozen=True)
class Span:
    """A month or a year of somebody's diary, [first, end) on the viewer's calendar, and how much they may read."""

    first: date
    end: date
    count: int = 0

    @property
    def is_year(self) -> bool:
        """Whether it is a whole year."""
        return self.end.year > self.first.year and self.first.month == self.end.month

    @property
    def word(self) -> str:
        """As it stands in an address."""
        return f"{self.first.year:04}" if self.is_year else f"{self.first:%Y-%m}"


def entries_by(
    viewer: Member,
    member: Member,
    limit: int,
    after: Position | None = None,
    kind: str | None = None,
    span: Span | None = None,
) -> list[Position]:
    """What a member published that the viewer may read, as (moment, id), the newest first."""
    query = select(Entry.shown_at, Entry.id).where(Entry.author_id == member.id, sees(viewer.id, Entry))
    query = query.where(Entry.kind == kind if kind else Entry.parent_id.is_(None))
    if span:
        query = query.where(Entry.shown_at >= midnight(span.first), Entry.shown_at < midnight(span.end))
    return _positions(query, Entry.shown_at, limit, after)


def diary_months(viewer: Member, member: Member) -> list[Span]:
    """The months of a member's diary in which the viewer may read something, the newest first, in three statements."""
    of_them = (Entry.author_id == member.id, Entry.kind == "diary", Entry.deleted_at.is_(None))
    oldest: datetime | None = db.session.scalar(select(func.min(Entry.shown_at, type_=Moment)).where(*of_them))
    if oldest is None:
        return []
    spans = _months_from(local(oldest).date(), today())
    months = values(column("first", Moment), column("end", Moment), name="months").data(
        [(midnight(span.first), midnight(span.end)) for span in spans]
    )
    calendar = months.cte("calendar")
    is_within = (Entry.shown_at >= calendar.c.first, Entry.shown_at < calendar.c.end)
    count = select(func.count()).select_from(Entry).where(*of_them, *is_within, _is_seen(viewer, member))
    found = db.session.execute(select(calendar.c.first, count.correlate(calendar).scalar_subquery()))
    counts = {local(first).date(): number for first, number in found}
    return [Span(span.first, span.end, counts[span.first]) for span in spans if counts[span.first]]


def _is_seen(viewer: Member, member: Member) -> ColumnElement[bool]:
    """`sees`, for the many entries of one member. Of an entry that is not deleted the law looks at nothing but whose it
    is and for whom: so it is asked of one entry of each audience, and not of ten years of them.
    """
    of_them = (Entry.author_id == member.id, Entry.deleted_at.is_(None), Entry.parent_id.is_(None))
    one_each = select(func.min(Entry.id)).where(*of_them).group_by(Entry.audience, Entry.selection_id)
    query = select(Entry.audience, Entry.selection_id)
    seen = db.session.execute(query.where(Entry.id.in_(one_each.scalar_subquery()), sees(viewer.id, Entry))).all()
    words = {audience for audience, selection_id in seen if selection_id is None}
    return or_(Entry.audience.in_(words), Entry.selection_id.in_({number for _audience, number in seen if number}))


def years_of(months: Sequence[Span]) -> list[Span]:
    """The same by year."""
    counts: dict[int, int] = {}
    for month in months:
        counts[month.first.year] = counts.get(month.first.year, 0) + month.count
    return [Span(date(year, 1, 1), date(year + 1, 1, 1), count) for year, count in counts.items()]


def month_after(first: date) -> date:
    """The first day of the next month."""
    return date(first.year + first.month // 12, first.month % 12 + 1, 1)


def _months_from(oldest: date, newest: date) -> list[Span]:
    """The newest first."""
    spans: list[Span] = []
    first = oldest.replace(day=1)
    while first <= newest and len(spans) < MOST_MONTHS:
        spans.append(Span(first, month_after(first)))
        first = spans[-1].end
    return spans[::-1]


def favourites_of(viewer: Member, member: Member, limit: int, after: Position | None = None) -> list[Position]:
    """What a member recommends, as far as the viewer may read it: by when it became a favourite."""
    query = (
        select(Favourite.created_at, Entry.id)
        .join(Entry, Entry.id == Favourite.entry_id)
        .where(Favourite.member_id == member.id, sees(viewer.id, Entry))
    )
    return _positions(query, Favourite.created_at, limit, after)


def _positions(query: Select[datetime, int], moment: Any, limit: int, after: Position | None) -> list[Position]:
    if after:
        query = query.where(tuple_(moment, Entry.id) < after)
    rows = db.session.execute(query.order_by(moment.desc(), Entry.id.desc()).limit(limit))
    return [(at, entry_id) for at, entry_id in rows]


def friends_seen(
    viewer: Member, member: Member, limit: int, after: Position | None = None
) -> Sequence[tuple[Member, datetime]]:
    """Somebody's friends who exist for the viewer, with since when, the newest friendship first.

    A list that is not for the viewer looks like that of somebody who has no friends.
    """
    query = (
        select(Member, Friendship.since)
        .join(Friendship, Friendship.friend_id == Member.id)
        .where(Friendship.member_id == member.id, meets(viewer.id, Member), shows_friends(viewer.id, member.id))
        .order_by(Friendship.since.desc(), Friendship.friend_id.desc())
        .limit(limit)
    )
    if after:
        query = query.where(tuple_(Friendship.since, Friendship.friend_id) < after)
    return [(friend, since) for friend, since in db.session.execute(query)]


def count_of_friends_seen(viewer: Member, member: Member) -> int:
    """How many people `friends_seen` would list."""
    query = select(func.count()).select_from(Friendship).join(Member, Member.id == Friendship.friend_id)
    listed = (Friendship.member_id == member.id, meets(viewer.id, Member), shows_friends(viewer.id, member.id))
    return db.session.scalar(query.where(*listed)) or 0


def my_card(viewer: Member, _subjects: Sequence[Any]) -> Mapping[None, Any]:
    """For home: me."""
    return {None: {"member": viewer}}


def newcomers(viewer: Member, _subjects: Sequence[Any]) -> Mapping[None, Any]:
    """For home: who came in lately, with who vouched for them."""
    found = [(person, sponsor) for person, sponsor in db.session.execute(_newcomers(), {"viewer": viewer.id})]
    return {None: {"newcomers": found}} if found else {}


@cache
def _newcomers() -> Select[Member, Member]:
    """With the sponsor, as far as that person exists for the viewer."""
    member, sponsor = aliased(Member), aliased(Member)
    return (
        select(member, sponsor)
        .outerjoin(sponsor, and_(sponsor.id == member.sponsor_id, meets(VIEWER, sponsor)))
        .where(member.joined_at > ago(NEWCOMER_FOR), member.id != VIEWER, meets(VIEWER, member))
        .where(~has_muted(VIEWER, member.id))
        .order_by(member.joined_at.desc(), member.id.desc())
        .limit(NEWCOMERS)
    )


@dataclass(frozen=True)
class Birthday:
    """Whose, and on which day of this week. The year they were born in stays where it is."""

    member: Member
    day: date


def birthdays(viewer: Member, _subjects: Sequence[Any]) -> Mapping[None, Any]:
    """For home: whose birthday it is today and in the next six days, of people whose birthday the viewer may see.

    Friends first, whoever else shows theirs after them: of those a hundred are looked at, so that a town costs no more
    than a village. Nobody from whom the viewer takes a break.
    """
    days = _days_by_name(today())
    given = {**dict.fromkeys(_DAYS, ""), **dict(zip(_DAYS, days, strict=False)), "viewer": viewer.id}
    found = [Birthday(member, days[name]) for member, name in db.session.execute(_birthdays(), given)]
    return {None: {"birthdays": sorted(found, key=lambda each: each.day), "today": today()}} if found else {}


@cache
def _birthdays() -> Select[Member, str]:
    names = [bindparam(name, type_=String) for name in _DAYS]
    near = _birthdays_of_friends(names).union_all(_birthdays_of_others(names)).subquery()
    order = case(*((near.c.month_day == name, number) for number, name in enumerate(names)))
    return (
        select(Member, near.c.month_day)
        .join(near, near.c.member_id == Member.id)
        .where(~has_muted(VIEWER, near.c.member_id))
        .order_by(near.c.is_friend.desc(), order, Member.id)
        .limit(BIRTHDAYS_ON_HOME)
    )


def _days_by_name(start: date) -> dict[str, date]:
    """The days of this week by their MM-DD. Where there is no 29 February, it is kept on the 28th."""
    days: dict[str, date] = {}
    for day in (start + timedelta(days=number) for number in range(BIRTHDAYS_AHEAD)):
        days[f"{day:%m-%d}"] = day
        if (day.month, day.day) == (2, 28) and (day + timedelta(days=1)).month == 3:
            days["02-29"] = day
    return days


def _birthdays_of_friends(names: Sequence[Any]) -> Select[Any, Any, Any]:
    query = select(Fact.author_id.label("member_id"), Fact.month_day.label("month_day"), literal(1).label("is_friend"))
    query = query.join(Friendship, (Friendship.friend_id == Fact.author_id) & (Friendship.member_id == VIEWER))
    return query.where(Fact.kind == FactKind.BIRTHDAY, Fact.month_day.in_(names), sees(VIEWER, Fact))


def _birthdays_of_others(names: Sequence[Any]) -> Select[Any, Any, Any]:
    is_friend = exists(
        select(1).where(Friendship.member_id == VIEWER, Friendship.friend_id == Fact.author_id).correlate(Fact)
    )
    for_more = or_(Fact.audience == Audience.MEMBERS, Fact.audience == Audience.FRIENDS_OF_FRIENDS)
    some = select(Fact.id).where(Fact.month_day.in_(names), for_more, Fact.author_id != VIEWER, ~is_friend)
    some = some.order_by(Fact.month_day, Fact.id).limit(STRANGERS_LOOKED_AT)
    query = select(Fact.author_id.label("member_id"), Fact.month_day.label("month_day"), literal(0).label("is_friend"))
    return query.where(Fact.id.in_(some.scalar_subquery()), sees(VIEWER, Fact))

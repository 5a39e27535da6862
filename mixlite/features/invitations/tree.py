"""Who invited whom, as one viewer may know it.

Everybody who does not exist for the viewer (blocked, suspended, leaving, gone) is the same empty place with a date, and
what hangs below it stays: so the tree survives a deletion in its middle, and tells nobody why a place is empty.

However many people there are, a page draws a bounded piece with a constant number of statements: four levels, twelve
people below each, three hundred altogether. The rest is behind links.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Select, func, literal, select
from sqlalchemy.orm import aliased

from mixlite.core.db import db
from mixlite.core.errors import NotHere
from mixlite.people.members import Member
from mixlite.policy.visibility import meets

LEVELS = 4
BELOW_ONE = 12
BELOW_ROOT = 30
MOST_DRAWN = 300
LONGEST_PATH = 60


@dataclass
class Place:
    """One place in the tree; `member` is None where it is empty. `more` counts who is invited but not drawn here."""

    id: int
    joined_at: datetime
    member: Member | None
    sponsor_id: int | None
    below: list["Place"] = field(default_factory=list)
    more: int = 0

    @property
    def invited(self) -> int:
        """How many came in through this person."""
        return len(self.below) + self.more


@dataclass(frozen=True)
class Branch:
    """A piece of the tree: its lowest place with what grows from it, and the way from the founder to there."""

    root: Place
    path: Sequence[Place]
    next_after: int | None


def founder_id() -> int | None:
    """Where the whole tree begins."""
    return db.session.scalar(select(Member.id).where(Member.sponsor_id.is_(None)).order_by(Member.id).limit(1))


def branch_at(viewer: Member, member_id: int, after_id: int = 0) -> Branch:
    """What grows from this place. Raises NotHere for one that nobody has, and for an empty one that bears nothing."""
    path = _path_to(viewer, member_id)
    if not path:
        raise NotHere
    root = path[-1]
    drawn = {root.id: root}
    level = _places(viewer, _below(root.id, after_id).limit(BELOW_ROOT + 1))
    has_more = len(level) > BELOW_ROOT
    level = _hang(drawn, level[:BELOW_ROOT])
    for _ in range(LEVELS - 1):
        level = _hang(drawn, _places(viewer, _below_each([place.id for place in level], MOST_DRAWN - len(drawn))))
    _count_what_is_not_drawn(drawn)
    if root.member is None and not root.invited:
        raise NotHere
    return Branch(root, path[:-1], root.below[-1].id if has_more else None)


def _people(viewer: Member) -> Select[Member, bool]:
    return select(Member, meets(viewer.id, Member).label("is_met"))


def _below(sponsor_id: int, after_id: int) -> Select[int, int]:
    query = select(Member.id, literal(1).label("nth")).where(Member.sponsor_id == sponsor_id, Member.id > after_id)
    return query.order_by(Member.id)


def _below_each(sponsor_ids: Sequence[int], limit: int) -> Select[int, int]:
    """The first few below each of these; when the page is full, everybody has somebody before anybody has two."""
    nth = func.row_number().over(partition_by=Member.sponsor_id, order_by=Member.id).label("nth")
    ranked = select(Member.id, nth).where(Member.sponsor_id.in_(sponsor_ids)).subquery()
    query = select(ranked.c.id, ranked.c.nth).where(ranked.c.nth <= BELOW_ONE)
    return query.order_by(ranked.c.nth, ranked.c.id).limit(max(0, limit))


def _places(viewer: Member, wanted: Select[int, int]) -> list[Place]:
    rows = wanted.subquery()
    query = _people(viewer).join(rows, rows.c.id == Member.id).order_by(Member.id)
    return [_place(member, is_met=is_met) for member, is_met in db.session.execute(query)]


def _place(member: Member, *, is_met: bool) -> Place:
    return Place(member.id, member.joined_at, member if is_met else None, member.sponsor_id)


def _hang(drawn: dict[int, Place], places: list[Place]) -> list[Place]:
    for place in places:
        drawn[place.sponsor_id or 0].below.append(place)
        drawn[place.id] = place
    return places


def _count_what_is_not_drawn(drawn: dict[int, Place]) -> None:
    counts = (
        select(Member.sponsor_id, func.count()).where(Member.sponsor_id.in_(list(drawn))).group_by(Member.sponsor_id)
    )
    for sponsor_id, count in db.session.execute(counts):
        place = drawn[sponsor_id or 0]
        place.more = count - len(place.below)


def _path_to(viewer: Member, member_id: int) -> list[Place]:
    """From the founder, or from as far as the page can say, to this place."""
    start = select(Member.id, Member.sponsor_id, literal(0).label("height")).where(Member.id == member_id)
    way = start.cte("way", recursive=True)
    sponsor = aliased(Member)
    up = select(sponsor.id, sponsor.sponsor_id, (way.c.height + 1).label("height")).where(
        sponsor.id == way.c.sponsor_id, way.c.height < LONGEST_PATH
    )
    way = way.union_all(up)
    query = _people(viewer).join(way, way.c.id == Member.id).order_by(way.c.height.desc())
    return [_place(member, is_met=is_met) for member, is_met in db.session.execute(query)]

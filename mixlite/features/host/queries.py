"""What hosts may know: accounts, counts, settings, jobs, the log. No words of members."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, false, func, or_, select, true, tuple_

from mixlite.core import clock
from mixlite.core.crypto import fingerprint
from mixlite.core.db import db
from mixlite.core.errors import NotHere
from mixlite.core.events import Event
from mixlite.core.mail import Letter
from mixlite.core.paging import Position
from mixlite.core.text import UnusableText, clean_line
from mixlite.entries.entries import Entry
from mixlite.people.circle import Circle, the_circle
from mixlite.people.members import Member, count_of_members, is_here
from mixlite.people.sessions import SignedIn

A_WEEK = timedelta(days=7)
LONGEST_SEARCH = 100
FAILED_SHOWN = 50
WORKED_ON: Mapping[str, Any] = {"event": Event, "letter": Letter}


# ---- how the house is


@dataclass(frozen=True)
class Activity:
    """Counts, and nothing but counts."""

    members: int
    newcomers: int
    here: int
    entries: int
    waiting: int
    failed: int


def activity() -> Activity:
    """How many are here, came, looked in and wrote in the last seven days, and how the worker does."""
    since = clock.now() - A_WEEK
    jobs = job_counts()
    return Activity(
        members=count_of_members(),
        newcomers=_count(select(func.count()).where(is_here(Member), Member.joined_at > since)),
        here=_count(select(func.count(SignedIn.member_id.distinct())).where(SignedIn.used_at > since)),
        entries=_count(select(func.count()).where(Entry.published_at > since, Entry.deleted_at.is_(None))),
        waiting=sum(counts["waiting"] for counts in jobs.values()),
        failed=sum(counts["failed"] for counts in jobs.values()),
    )


def _count(query: Any) -> int:
    return db.session.scalar(query) or 0


# ---- members

STATES: Mapping[str, ColumnElement[bool]] = {
    "all": Member.status != "gone",
    "hosts": Member.is_host.is_(True),
    "suspended": Member.status == "suspended",
}


def members_found(search: str, state: str, limit: int, after: Position | None = None) -> Sequence[Member]:
    """Accounts whose handle or name holds these words, the newest first."""
    query = select(Member).where(STATES[state], _holds(search))
    if after:
        query = query.where(tuple_(Member.joined_at, Member.id) < after)
    return db.session.scalars(query.order_by(Member.joined_at.desc(), Member.id.desc()).limit(limit)).all()


def count_of_found(search: str, state: str) -> int:
    """How many accounts `members_found` would list."""
    return _count(select(func.count()).select_from(Member).where(STATES[state], _holds(search)))


def _holds(search: str) -> ColumnElement[bool]:
    """Letters are looked for as they are: % and _ are no wildcards (SECURITY.md, S28)."""
    try:
        words = clean_line(search[:LONGEST_SEARCH])
    except UnusableText:
        return false()
    handle = words.removeprefix("@").lower()
    return or_(Member.name.icontains(words, autoescape=True), Member.handle.contains(handle, autoescape=True))


def member_with_id(member_id: int) -> Member:
    """Any account, also one whose owner has left: its place in the tree. Raises NotHere."""
    member = db.session.get(Member, member_id, populate_existing=True)
    if member is None:
        raise NotHere
    return member


@dataclass(frozen=True)
class Account:
    """One member as hosts see them; no address, no words."""

    member: Member
    sponsor: Member | None
    brought: int
    sessions: int
    used_at: datetime | None


def account_of(member: Member) -> Account:
    """Who brought them and whom they brought (a number), and in how many browsers they are signed in."""
    sessions = select(func.count(), func.max(SignedIn.used_at)).where(
        SignedIn.member_id == member.id, SignedIn.expires_at > clock.now()
    )
    count, used_at = db.session.execute(sessions).one()
    return Account(
        member=member,
        sponsor=db.session.get(Member, member.sponsor_id) if member.sponsor_id else None,
        brought=_count(select(func.count()).where(Member.sponsor_id == member.id)),
        sessions=count,
        used_at=used_at,
    )


# ---- jobs


def job_counts() -> Mapping[str, Mapping[str, int]]:
    """For events and for letters: how many wait, failed, are held."""
    found = {}
    for kind, row in WORKED_ON.items():
        is_over = row.state.in_(("done", "sent"))
        query = select(row.state, func.count()).where(~is_over, can_be_done(row)).group_by(row.state)
        counts: dict[str, int] = dict(db.session.execute(query).all())
        found[kind] = {state: counts.get(state, 0) for state in ("waiting", "failed", "held")}
    return found


def can_be_done(row: Any) -> ColumnElement[bool]:
    """Not a mail whose address was forgotten: nobody can send that any more."""
    return row.address != "" if row is Letter else true()


@dataclass(frozen=True)
class FailedJob:
    """What did not work. The error without its words: they may quote what somebody wrote, or an address."""

    kind: str
    id: int
    name: str
    attempts: int
    since: datetime
    error: str


def failed_jobs() -> Sequence[FailedJob]:
    """The newest failures of both kinds."""
    events = db.session.scalars(_failed(Event)).all()
    letters = db.session.scalars(_failed(Letter)).all()
    found = [
        *(FailedJob("event", e.id, e.name, e.attempts, e.happened_at, _wordless(e.error)) for e in events),
        *(FailedJob("letter", x.id, x.template, x.attempts, x.created_at, _wordless(x.error)) for x in letters),
    ]
    return sorted(found, key=lambda job: job.since, reverse=True)[:FAILED_SHOWN]


def _failed(row: Any) -> Any:
    return select(row).where(row.state == "failed", can_be_done(row)).order_by(row.id.desc()).limit(FAILED_SHOWN)


def _wordless(error: str | None) -> str:
    name = (error or "").partition(":")[0]
    return name if name.isidentifier() else ""


# ---- settings

SETTINGS = ("name", "notice", "welcome", "rules", "invite_quota", "invite_wait_hours")


def settings_of(circle: Circle) -> Mapping[str, Any]:
    """What hosts can set, by name."""
    return {name: getattr(circle, name) for name in SETTINGS}


def marks_of(values: Mapping[str, Any]) -> Mapping[str, str]:
    """A short mark for each of these settings: the same for the same words, and saying nothing of them."""
    return {name: fingerprint("setting", name, values[name])[:16] for name in SETTINGS}


# ---- panels


def house_notice(_viewer: Member, _subjects: Sequence[Any]) -> Mapping[None, Any]:
    """For everybody's home: what the hosts wrote on the board."""
    circle = the_circle()
    return {None: {"words": circle.notice, "at": circle.notice_at}} if circle.notice else {}


def house_rules(_viewer: Any, _subjects: Sequence[Any]) -> Mapping[None, Any]:
    """For who is about to join: the rules, if the hosts wrote any."""
    rules = the_circle().rules
    return {None: {"words": rules}} if rules else {}


def acts_link(_viewer: Member, _subjects: Sequence[Any]) -> Mapping[None, Any]:
    """For everybody's account page: the way to what hosts did to them."""
    return {None: {}}

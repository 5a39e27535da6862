"""Reports: the host's queue, and how one ended for the two who are told."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, or_, select
from sqlalchemy.orm import aliased, joinedload

from mixlite.core import clock
from mixlite.core.db import VIEWER, ask, db
from mixlite.core.errors import NotHere
from mixlite.core.rooms import Reportable, current_house
from mixlite.features.reports.models import Report
from mixlite.people.members import Member
from mixlite.policy.permissions import Act, may

KEPT = timedelta(days=30)
TOLD_AT_ONCE = 5


def reportable_named(name: str) -> Reportable:
    """Raises NotHere for a word that is none."""
    reportable = current_house().reportables.get(name)
    if reportable is None:
        raise NotHere
    return reportable


def open_report_by(reporter: Member, reportable: str, subject_id: int) -> Report | None:
    """The reporter's own report of this thing that waits for a host."""
    query = select(Report).where(
        Report.reporter_id == reporter.id,
        Report.reportable == reportable,
        Report.subject_id == subject_id,
        Report.state == "open",
    )
    return db.session.scalars(query.limit(1)).one_or_none()


def waiting_reports(limit: int, after_id: int = 0) -> Sequence[Report]:
    """What waits for a host, the oldest first; a thing that several reported stands at its first report."""
    query = (
        select(Report)
        .where(Report.state == "open", Report.id > after_id, ~_has_earlier_open())
        .options(joinedload(Report.about), joinedload(Report.reporter))
        .order_by(Report.id)
        .limit(limit)
    )
    return db.session.scalars(query).all()


def _has_earlier_open() -> ColumnElement[bool]:
    earlier = aliased(Report)
    same = and_(earlier.reportable == Report.reportable, earlier.subject_id == Report.subject_id)
    return select(1).where(earlier.state == "open", same, earlier.id < Report.id).correlate(Report).exists()


def count_of_waiting() -> int:
    """How many things wait for a host."""
    return ask(_count_of_waiting(), {}).scalar() or 0


@cache
def _count_of_waiting() -> Select[int]:
    return select(func.count()).select_from(Report).where(Report.state == "open", ~_has_earlier_open())


def decided_reports(limit: int, before_id: int | None = None) -> Sequence[Report]:
    """What was decided, the newest reports first."""
    query = (
        select(Report)
        .where(Report.state != "open")
        .options(joinedload(Report.about), joinedload(Report.reporter), joinedload(Report.decided_by))
        .order_by(Report.id.desc())
        .limit(limit)
    )
    if before_id:
        query = query.where(Report.id < before_id)
    return db.session.scalars(query).all()


def report_with_id(report_id: int) -> Report:
    """For a host. Raises NotHere."""
    query = (
        select(Report)
        .where(Report.id == report_id)
        .options(joinedload(Report.about), joinedload(Report.reporter), joinedload(Report.decided_by))
        .execution_options(populate_existing=True)
    )
    report = db.session.scalars(query).one_or_none()
    if report is None:
        raise NotHere
    return report


def open_reports_like(report: Report) -> Sequence[Report]:
    """Every open report of the same thing, this one among them."""
    query = (
        select(Report)
        .where(Report.reportable == report.reportable, Report.subject_id == report.subject_id, Report.state == "open")
        .options(joinedload(Report.reporter))
        .order_by(Report.id)
    )
    return db.session.scalars(query).all()


def earlier_reports_about(report: Report, limit: int) -> Sequence[Report]:
    """Other things of the same member that were reported, the newest first."""
    is_same = and_(Report.reportable == report.reportable, Report.subject_id == report.subject_id)
    query = (
        select(Report)
        .where(Report.about_id == report.about_id, or_(~is_same, Report.state != "open"), Report.id != report.id)
        .order_by(Report.id.desc())
        .limit(limit)
    )
    return db.session.scalars(query).all()


def counts_about(member_id: int) -> Mapping[str, int]:
    """How the reports about a member stand or ended: numbers by state."""
    query = select(Report.state, func.count()).where(Report.about_id == member_id).group_by(Report.state)
    return dict(db.session.execute(query).all())


def verdicts_for(viewer: Member, limit: int) -> Sequence[Report]:
    """What was decided and the viewer has not put away yet, as reporter or as the one it was about."""
    return db.session.scalars(_verdicts(), {"viewer": viewer.id, "limit": limit}).all()


@cache
def _verdicts() -> Select[Report]:
    untold_reporter = and_(Report.reporter_id == VIEWER, Report.told_reporter_at.is_(None))
    untold_maker = and_(Report.about_id == VIEWER, Report.told_about_at.is_(None))
    return (
        select(Report)
        .where(Report.state != "open", or_(untold_reporter, untold_maker))
        .options(joinedload(Report.about))
        .order_by(Report.id)
        .limit(bindparam("limit"))
    )


# ---- panels


def verdicts(viewer: Member, _subjects: Sequence[Any]) -> Mapping[None, Any]:
    """For home: how a report ended, for the one who made it and for the one it was about."""
    found = verdicts_for(viewer, TOLD_AT_ONCE)
    return {None: {"reports": found, "labels": labels()}} if found else {}


def waiting_notice(viewer: Member, _subjects: Sequence[Any]) -> Mapping[None, Any]:
    """For a host's home and tabs: how many reports wait."""
    count = count_of_waiting() if may(viewer, Act.KEEP_HOUSE) else 0
    return {None: {"count": count}} if count else {}


def for_today(_host: Member, _subjects: Sequence[Any]) -> Mapping[None, Any]:
    """For the host's first page: the oldest that wait."""
    return {None: {"reports": waiting_reports(3), "count": count_of_waiting(), "labels": labels()}}


def about_member(_host: Member, subjects: Sequence[Member]) -> Mapping[int, Any]:
    """For the host's page of a member: how often they were reported."""
    return {member.id: {"counts": counts_about(member.id)} for member in subjects}


def labels() -> Mapping[str, Any]:
    """What each kind of thing is called."""
    return {name: reportable.label for name, reportable in current_house().reportables.items()}


def ended_before() -> Any:
    """Reports that ended before this moment keep no copy."""
    return clock.now() - KEPT

"""Reporting, and what hosts do about it."""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select, update

from mixlite.core import clock, events
from mixlite.core.db import db, writing
from mixlite.core.errors import Conflict, NotHere, Refused
from mixlite.core.language import lazy_gettext as _l
from mixlite.features.reports import queries
from mixlite.features.reports.models import SNAPSHOT_LENGTH, Report
from mixlite.people import stewardship
from mixlite.people.members import Member, is_here, lock_members
from mixlite.people.sessions import require_assured
from mixlite.people.stafflog import log_act
from mixlite.policy.permissions import Act, require

LONGEST_TEXT = SNAPSHOT_LENGTH // 2 - 5000


def make_report(reporter: Member, reportable_name: str, subject_id: int, *, reason: str, note: str) -> Report:
    """Tell the host about a thing that the reporter can see; it is kept as it is now. Raises NotHere for any other.

    Twice is one report: a second one replaces reason and note of the first as long as no host has decided.
    """
    require(reporter, Act.REPORT)
    reportable = queries.reportable_named(reportable_name)
    lock_members(reporter.id)
    thing = reportable.load(reporter, subject_id)
    if reportable.maker_id(thing) == reporter.id:
        raise Refused(_l("This is yours: you can change it or take it away yourself."))
    report = queries.open_report_by(reporter, reportable_name, subject_id)
    if report is not None:
        report.reason, report.note = reason, note
        return report
    report = Report(
        reportable=reportable_name,
        subject_id=subject_id,
        about_id=reportable.maker_id(thing),
        reporter_id=reporter.id,
        reason=reason,
        note=note,
        snapshot=_packed(reportable.snapshot(thing)),
        created_at=clock.now(),
    )
    db.session.add(report)
    db.session.flush()
    events.record("report.made", actor_id=reporter.id, subject_id=report.id)
    return report


def dismiss(host: Member, report: Report, *, words: str) -> Report:
    """Leave the thing as it is."""
    return _decide(host, report, "dismissed", words)


def remove(host: Member, report: Report, *, words: str) -> Report:
    """Take the thing away from everybody, though the host may never have been able to see it: it was reported."""
    report = _decide(host, report, "removed", words)
    queries.reportable_named(report.reportable).remove(host, report.subject_id)
    return report


def suspend(host: Member, report: Report, *, words: str, days: int | None, take_away: bool) -> Report:
    """Shut its maker out for a while, and take the thing away as well if it is wished.

    Raises NotAssured where no day is named for its end.
    """
    if days is None:
        require_assured(host)
    report = _decide(host, report, "suspended", words)
    stewardship.suspend(db.session.get_one(Member, report.about_id), reason=words, days=days, actor=host)
    if take_away:
        queries.reportable_named(report.reportable).remove(host, report.subject_id)
    return report


def put_away(viewer: Member, report_id: int) -> None:
    """The viewer has read how it ended. Raises NotHere for somebody who was not told."""
    report = db.session.get(Report, report_id)
    if report is None or report.state == "open" or viewer.id not in (report.about_id, report.reporter_id):
        raise NotHere
    if viewer.id == report.about_id:
        report.told_about_at = clock.now()
    else:
        report.told_reporter_at = clock.now()


def forget_old_copies() -> None:
    """Housekeeping: thirty days after its end a report holds neither the thing nor the reporter's words."""
    with writing():
        is_old = (Report.state != "open", Report.decided_at < queries.ended_before(), Report.snapshot != "{}")
        db.session.execute(update(Report).where(*is_old).values(snapshot="{}", note=""))


def _decide(host: Member, report: Report, decision: str, words: str) -> Report:
    """End every open report of the same thing. Of two hosts at once the second gets Conflict."""
    stewardship.hold(host, db.session.get_one(Member, report.about_id))  # so two hosts come one after the other
    report = queries.report_with_id(report.id)
    if report.state != "open":
        raise Conflict(_l("This was decided already."))
    _must_not_judge_oneself(host, report)
    now = clock.now()
    for each in queries.open_reports_like(report):
        each.state, each.decided_at, each.decided_by_id, each.decision_words = decision, now, host.id, words
        events.record("report.decided", actor_id=host.id, subject_id=each.id)
    log_act(
        host,
        f"report.{decision}",
        member=report.about,
        subject=report.reportable,
        subject_id=report.subject_id,
        reason=words,
    )
    return report


def _must_not_judge_oneself(host: Member, report: Report) -> None:
    others = select(Member.id).where(Member.is_host, is_here(Member), Member.id != host.id).limit(1)
    if report.about_id == host.id and db.session.scalar(others) is not None:
        raise Refused(_l("This is about you. Another host has to decide."))


def _packed(snapshot: Mapping[str, Any]) -> str:
    """As JSON that fits, also when every character of the text has to be escaped."""
    return json.dumps({**snapshot, "text": snapshot["text"][:LONGEST_TEXT]}, ensure_ascii=False)

"""/report/<what>/<id> for members, /host/reports for hosts."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, flash, request, url_for
from flask_login import current_user

from mixlite.core.errors import NotHere
from mixlite.core.forms import act
from mixlite.core.http import page, see_other
from mixlite.core.language import gettext as _
from mixlite.core.paging import Cursors
from mixlite.features.reports import queries, verbs
from mixlite.features.reports.forms import DecisionForm, ReportForm
from mixlite.features.reports.models import Report
from mixlite.people.sessions import is_assured
from mixlite.policy.permissions import require_host

bp = Blueprint("reports", __name__)

PER_PAGE = 20
EARLIER_SHOWN = 10
_DECISIONS: Mapping[str, Callable[..., Report]] = {
    "dismissed": verbs.dismiss,
    "removed": verbs.remove,
    "suspended": verbs.suspend,
}


@bp.route("/report/<name>/<id:subject_id>", methods=["GET", "POST"])
def make(name: str, subject_id: int) -> Response:
    reportable = queries.reportable_named(name)
    thing = reportable.load(current_user, subject_id)
    where, form = reportable.address(thing), ReportForm()
    address = form.perform_once(verbs.make_report, current_user, name, subject_id, address=lambda _report: where)
    if address:
        flash(_("Thank you. A host will look at it, and you will read here how it ended."), "done")
        return see_other(address)
    is_mine = reportable.maker_id(thing) == current_user.id
    return page("reports/make.html", form.status, form=form, reportable=reportable, where=where, is_mine=is_mine)


@bp.post("/reports/<id:report_id>/put-away")
def put_away(report_id: int) -> Response:
    act(verbs.put_away, current_user, report_id)
    return see_other(url_for("home.show"))


@bp.get("/host/reports")
def queue() -> Response:
    require_host(current_user)
    cursors = Cursors("reports", current_user.id)
    after = cursors.read(request.args.get("after"))
    rows = queries.waiting_reports(PER_PAGE + 1, after[1] if after else 0)
    found = cursors.page(rows, PER_PAGE, lambda report: (report.created_at, report.id))
    return page(
        "reports/queue.html",
        reports=found.items,
        labels=queries.labels(),
        later_url=url_for("reports.queue", after=found.cursor) if found.cursor else None,
    )


@bp.get("/host/reports/decided")
def decided() -> Response:
    require_host(current_user)
    cursors = Cursors("reports-decided", current_user.id)
    after = cursors.read(request.args.get("after"))
    rows = queries.decided_reports(PER_PAGE + 1, after[1] if after else None)
    found = cursors.page(rows, PER_PAGE, lambda report: (report.created_at, report.id))
    return page(
        "reports/decided.html",
        reports=found.items,
        labels=queries.labels(),
        older_url=url_for("reports.decided", after=found.cursor) if found.cursor else None,
    )


@bp.route("/host/reports/<id:report_id>", methods=["GET", "POST"])
def show(report_id: int) -> Response:
    require_host(current_user)
    report, form = queries.report_with_id(report_id), DecisionForm()
    verb = _DECISIONS.get(form.decision.data or "", verbs.dismiss)
    if form.perform(verb, current_user, report):
        flash(_("It is decided, and both sides are told."), "done")
        return see_other(url_for("reports.queue"))
    report = queries.report_with_id(report_id)
    return page(
        "reports/show.html",
        form.status,
        form=form,
        report=report,
        reportable=queries.reportable_named(report.reportable),
        labels=queries.labels(),
        copy=_copy(report),
        same=queries.open_reports_like(report) if report.state == "open" else [report],
        earlier=queries.earlier_reports_about(report, EARLIER_SHOWN),
        where=_where(report),
        is_assured=is_assured(current_user),
    )


def _copy(report: Report) -> dict[str, Any]:
    """The thing as it was; empty thirty days after the report's end."""
    copy: dict[str, Any] = json.loads(report.snapshot)
    if "made_at" in copy:
        copy["made_at"] = datetime.fromisoformat(copy["made_at"])
    return copy


def _where(report: Report) -> str | None:
    """Where it stands now, if this host may see it there: a host reads under the same law as everybody."""
    reportable = queries.reportable_named(report.reportable)
    try:
        return reportable.address(reportable.load(current_user, report.subject_id))
    except NotHere:
        return None

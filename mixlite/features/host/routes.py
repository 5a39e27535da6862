"""/host and what is below it, /rules, /settings/acts. To everybody but hosts nothing below /host is there."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, flash, request, url_for
from flask_login import current_user

from mixlite.core.errors import NotHere
from mixlite.core.forms import Form, act
from mixlite.core.http import page, see_other
from mixlite.core.language import gettext as _
from mixlite.core.language import lazy_gettext as _l
from mixlite.core.paging import Cursors
from mixlite.features.host import forms, queries, verbs
from mixlite.people.circle import the_circle
from mixlite.people.members import Member
from mixlite.people.sessions import is_assured
from mixlite.people.stafflog import staff_acts
from mixlite.policy.permissions import require_host

bp = Blueprint("host", __name__)

PER_PAGE = 50
ACTS_SHOWN = 20


@dataclass(frozen=True)
class MemberAct:
    """One thing that can be done to an account: its form, its verb and its words."""

    title: Any
    words: Any
    button: Any
    verb: Callable[..., Any]
    form: Callable[[Member], Form] = lambda _member: forms.ReasonForm()
    is_danger: bool = False
    is_grave: bool = False  # asks for the host's own password first; the verb asks as well


MEMBER_ACTS = {
    "suspend": MemberAct(
        _l("Suspend"),
        _l("They are signed out everywhere at once, and nobody sees them or what they wrote until it is lifted."),
        _l("Suspend"),
        verbs.suspend,
        lambda _member: forms.SuspendForm(),
        is_danger=True,
    ),
    "lift": MemberAct(_l("Lift the suspension"), _l("They can sign in again at once."), _l("Lift"), verbs.lift),
    "reset": MemberAct(
        _l("Reset the password"),
        _l("They are signed out everywhere, the old password ends, and a link to a new one is mailed to them."),
        _l("Reset"),
        verbs.reset,
        forms.ResetForm.of,
        is_danger=True,
        is_grave=True,
    ),
    "promote": MemberAct(
        _l("Make a host"),
        _l("They can do everything here that you can, to you as well."),
        _l("Make a host"),
        verbs.promote,
        is_grave=True,
    ),
    "demote": MemberAct(
        _l("Take the host's right away"),
        _l("They stay a member. The last host cannot go."),
        _l("Take it away"),
        verbs.demote,
        is_danger=True,
        is_grave=True,
    ),
    "invitations": MemberAct(
        _l("Right to invite"),
        _l("If you take the right away, the member reads your reason."),
        _l("Save"),
        verbs.set_invitation_right,
        forms.InvitationRightForm.of,
    ),
}


@bp.get("/host")
def today() -> Response:
    require_host(current_user)
    return page("host/today.html", activity=queries.activity(), acts=staff_acts(5))


@bp.get("/host/members")
def members() -> Response:
    require_host(current_user)
    search, state = request.args.get("q", "").strip(), request.args.get("state", "all")
    state = state if state in queries.STATES else "all"
    cursors = Cursors(f"host-members-{state}-{search}", current_user.id)
    rows = queries.members_found(search, state, PER_PAGE + 1, cursors.read(request.args.get("after")))
    found = cursors.page(rows, PER_PAGE, lambda member: (member.joined_at, member.id))
    here: dict[str, Any] = {"q": search or None, "state": state if state != "all" else None}
    return page(
        "host/members.html",
        members=found.items,
        count=queries.count_of_found(search, state),
        search=search,
        state=state,
        older_url=url_for("host.members", **here, after=found.cursor) if found.cursor else None,
    )


@bp.get("/host/members/<id:member_id>")
def member(member_id: int) -> Response:
    require_host(current_user)
    found = queries.member_with_id(member_id)
    return page(
        "host/member.html",
        member=found,
        account=queries.account_of(found),
        possible=_possible(found),
        member_acts=MEMBER_ACTS,
        acts=staff_acts(ACTS_SHOWN, member_id=found.id),
    )


@bp.route("/host/members/<id:member_id>/<name>", methods=["GET", "POST"])
def act_on(member_id: int, name: str) -> Response:
    require_host(current_user)
    found, what = queries.member_with_id(member_id), MEMBER_ACTS.get(name)
    if what is None:
        raise NotHere
    if what.is_grave and request.method == "GET" and not is_assured(current_user):
        return see_other(url_for("accounts.assure", next=request.path))
    form = what.form(found)
    if form.perform(what.verb, current_user, found):
        flash(_("It is done, and stands in the log."), "done")
        return see_other(url_for("host.member", member_id=member_id) if current_user.is_host else url_for("home.show"))
    return _asked(form, what, member_id)


def _asked(form: Form, what: MemberAct, member_id: int) -> Response:
    return page(
        "host/act.html",
        form.status,
        form=form,
        what=what,
        member=queries.member_with_id(member_id),
        is_assured=is_assured(current_user),
    )


@bp.get("/host/log")
def log() -> Response:
    require_host(current_user)
    cursors = Cursors("staff-log", current_user.id)
    after = cursors.read(request.args.get("after"))
    found = cursors.page(staff_acts(PER_PAGE + 1, after[1] if after else None), PER_PAGE, _moment)
    return page(
        "host/log.html",
        acts=found.items,
        older_url=url_for("host.log", after=found.cursor) if found.cursor else None,
    )


@bp.get("/host/jobs")
def jobs() -> Response:
    require_host(current_user)
    return page("host/jobs.html", counts=queries.job_counts(), failed=queries.failed_jobs())


@bp.post("/host/jobs/<kind>/retry")
def retry_all(kind: str) -> Response:
    require_host(current_user)
    act(verbs.retry_all, current_user, kind)
    return see_other(url_for("host.jobs"))


@bp.post("/host/jobs/<kind>/<id:row_id>/retry")
def retry(kind: str, row_id: int) -> Response:
    require_host(current_user)
    act(verbs.retry, current_user, kind, row_id)
    return see_other(url_for("host.jobs"))


@bp.route("/host/settings", methods=["GET", "POST"])
def settings() -> Response:
    require_host(current_user)
    form = forms.SettingsForm(the_circle())
    if form.perform(verbs.change_settings, current_user):
        flash(_("Saved."), "done")
        return see_other(url_for("host.settings"))
    return page("host/settings.html", form.status, form=form)


@bp.get("/rules")
def rules() -> Response:
    return page("host/rules.html", rules=the_circle().rules)


@bp.get("/settings/acts")
def own_acts() -> Response:
    """What hosts did that touched the reader (SECURITY.md, P13)."""
    cursors = Cursors("own-acts", current_user.id)
    after = cursors.read(request.args.get("after"))
    rows = staff_acts(PER_PAGE + 1, after[1] if after else None, member_id=current_user.id)
    found = cursors.page(rows, PER_PAGE, _moment)
    return page(
        "host/own_acts.html",
        acts=found.items,
        older_url=url_for("host.own_acts", after=found.cursor) if found.cursor else None,
    )


def _moment(row: Any) -> tuple[Any, int]:
    return row.happened_at, row.id


def _possible(found: Member) -> list[str]:
    """What can be done to this account as it is now."""
    if found.status == "suspended":
        return ["lift", "suspend"]
    if found.status != "active":
        return []
    return ["demote"] if found.is_host else ["suspend", "reset", "promote", "invitations"]

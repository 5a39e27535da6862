"""/settings/account/leave, /left, /come-back."""

from flask import Blueprint, Response, flash, session, url_for
from flask_login import current_user, logout_user

from mixlite.core.db import db
from mixlite.core.doorstep import forget_half_open, half_open, remember_browser
from mixlite.core.http import carry_session, page, public, safe_address, see_other
from mixlite.core.language import gettext as _
from mixlite.core.security_log import noted
from mixlite.features.leaving import queries, verbs
from mixlite.features.leaving.forms import ComeBackForm, LeaveForm
from mixlite.people import leaving
from mixlite.people.members import Member

bp = Blueprint("leaving", __name__)


@bp.route("/settings/account/leave", methods=["GET", "POST"])
def leave() -> Response:
    form = LeaveForm(current_user._get_current_object())  # noqa: SLF001 - the member behind the proxy
    member = form.perform(verbs.leave, current_user)
    if member:
        noted("account left", member.id)
        return _out()
    if form.password.errors and form.password.data:
        noted("password refused", current_user.id, is_bad=True)
    return page(
        "leaving/leave.html",
        form.status,
        form=form,
        going=queries.what_goes(current_user),
        is_last_host=queries.is_last_host(current_user),
    )


def _out() -> Response:
    logout_user()
    session.clear()
    answer = see_other(url_for("leaving.left"))
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'
    return answer


@bp.get("/left")
@public
def left() -> Response:
    if current_user.is_authenticated:
        return see_other(url_for("home.show"))
    return page("leaving/left.html")


@bp.route("/come-back", methods=["GET", "POST"])
@public
def come_back() -> Response:
    begun = half_open("return")
    member = db.session.get(Member, begun.member_id) if begun else None
    until = leaving.back_until(member) if member else None
    if begun is None or member is None or until is None or not begun.is_of(member):
        return see_other(url_for("accounts.sign_in"))
    form = ComeBackForm(begun)
    if form.perform(verbs.come_back, member):
        noted("account came back", member.id)
        forget_half_open()
        carry_session(member, remember=begun.remember)
        flash(_("Welcome back. Everything is as you left it."), "done")
        return remember_browser(see_other(safe_address(begun.next, url_for("home.show"))), member.id)
    return page(
        "leaving/come_back.html", form.status, form=form, member=member, until=until, can=leaving.can_come_back(member)
    )

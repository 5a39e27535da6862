"""/sign-in, /sign-out."""

from collections.abc import Mapping, Sequence

from flask import Blueprint, Response, request, session, url_for
from flask_login import current_user, logout_user

from mixlite.core.forms import act
from mixlite.core.http import carry_session, page, public, safe_address, see_other
from mixlite.features.accounts import verbs
from mixlite.features.accounts.forms import SignInForm

bp = Blueprint("accounts", __name__)


@bp.route("/sign-in", methods=["GET", "POST"])
@public
def sign_in() -> Response:
    if current_user.is_authenticated and request.method == "GET":
        return see_other(url_for("home.show"))
    form = SignInForm(next=request.args.get("next", ""))
    member = form.perform(verbs.sign_in)
    if not member:
        return page("accounts/sign_in.html", form.status, form=form)
    carry_session(member, remember=form.remember.data)
    return see_other(safe_address(form.next.data, url_for("home.show")))


@bp.post("/sign-out")
def sign_out() -> Response:
    act(verbs.sign_out, current_user)
    logout_user()
    session.clear()
    answer = see_other(url_for("home.show"))
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'
    return answer


def door(_viewer: object, _subjects: Sequence[object]) -> Mapping[None, object]:
    """For the front of the house: the sign-in form."""
    return {None: {"form": SignInForm()}}

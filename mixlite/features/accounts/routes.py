"""/sign-in, /sign-out, /email, /password: the door. /settings/account, /settings/sessions: the account."""

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any, TypeVar

from flask import Blueprint, Response, flash, request, session, url_for
from flask_login import current_user, logout_user

from mixlite.core.config import current_settings
from mixlite.core.db import db
from mixlite.core.doorstep import forget_half_open, half_open, keep_half_open, remember_browser
from mixlite.core.errors import NotHere
from mixlite.core.forms import Form, act
from mixlite.core.http import carry_session, page, public, safe_address, see_other
from mixlite.core.language import gettext as _
from mixlite.core.one_time import app_address, qr_drawing
from mixlite.core.security_log import noted
from mixlite.core.throttle import forgive
from mixlite.features.accounts import forms, queries, verbs
from mixlite.people.members import Member
from mixlite.people.sessions import is_assured

bp = Blueprint("accounts", __name__)
View = TypeVar("View", bound=Callable[..., Any])


def sensitive(view: View) -> View:
    """Only for somebody who gave the password within the last ten minutes; others are asked for it first."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        if is_assured(current_user):
            return view(*args, **kwargs)
        back = request.path if request.method == "GET" else url_for("accounts.account")
        return see_other(url_for("accounts.assure", next=back))

    return guarded  # type: ignore[return-value]


# ---- the door


@bp.route("/sign-in", methods=["GET", "POST"])
@public
def sign_in() -> Response:
    if current_user.is_authenticated and request.method == "GET":
        return see_other(url_for("home.show"))
    form = forms.SignInForm(next=request.args.get("next", ""))
    member = form.perform(verbs.sign_in)
    if not member:
        if form.is_submitted():
            noted("sign-in refused", form.asked_for.id if form.asked_for else None, is_bad=True)
        return page("accounts/sign_in.html", form.status, form=form)
    forgive("accounts.sign_in", "door " + queries.normal_login(form.login.data or ""))
    return _enter(member, remember=bool(form.remember.data), next_address=form.next.data or "", is_sure=False)


@bp.route("/sign-in/code", methods=["GET", "POST"])
@public
def code() -> Response:
    begun = half_open("code")
    member = db.session.get(Member, begun.member_id) if begun else None
    if begun is None or member is None or not begun.is_of(member) or member.totp_since is None:
        return see_other(url_for("accounts.sign_in"))
    form = forms.CodeForm(begun)
    if form.perform(verbs.sign_in_with_code, member):
        return _enter(member, remember=begun.remember, next_address=begun.next, is_sure=True)
    if form.is_submitted():
        noted("code refused", begun.member_id, is_bad=True)
    return page("accounts/code.html", form.status, form=form)


@bp.post("/sign-in/cancel")
@public
def cancel() -> Response:
    forget_half_open()
    return see_other(url_for("accounts.sign_in"))


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
    return {None: {"form": forms.SignInForm()}}


def _enter(member: Member, *, remember: bool, next_address: str, is_sure: bool) -> Response:
    """In, when the member was given a session; else to what is still asked at the door."""
    if member.session_token is not None:
        noted("signed in", member.id)
        forgive("accounts.code", f"member {member.id}")
        carry_session(member, remember=remember)
        return remember_browser(see_other(safe_address(next_address, url_for("home.show"))), member.id)
    stage = "code" if member.totp_since is not None and not is_sure else "return"
    keep_half_open(member, stage, remember=remember, next_address=next_address)
    return see_other(url_for("accounts.code") if stage == "code" else "/come-back")


# ---- links in mails


@bp.route("/email/confirm/<token>", methods=["GET", "POST"])
@public
def confirm(token: str) -> Response:
    form = Form()
    viewer = current_user if current_user.is_authenticated else None
    done = form.perform(verbs.confirm, token, viewer)
    if done:
        noted("address confirmed" if done.purpose == "confirm" else "address changed", done.member_id)
        flash(_("Thank you. %(address)s is confirmed.", address=done.address), "done")
        return see_other(url_for("accounts.account" if viewer else "accounts.sign_in"))
    found = queries.usable_code(token, "confirm", "change")
    if found is None:
        return _closed()
    return page("accounts/confirm.html", form.status, form=form, found=found)


@bp.route("/password/forgotten", methods=["GET", "POST"])
@public
def forgotten() -> Response:
    form = forms.ForgottenForm()
    if form.perform(verbs.ask_for_reset, None):
        noted("reset asked for")
        return see_other(url_for("accounts.forgotten_sent"))
    return page("accounts/forgotten.html", form.status, form=form)


@bp.get("/password/forgotten/sent")
@public
def forgotten_sent() -> Response:
    return page("accounts/forgotten_sent.html")


@bp.route("/password/reset/<token>", methods=["GET", "POST"])
@public
def reset(token: str) -> Response:
    found = queries.usable_code(token, "reset")
    if found is None:
        return _closed()
    form = forms.ResetForm(found.member)
    member = form.perform(verbs.reset_password, token)
    if not member:
        return page("accounts/reset.html", form.status, form=form, handle=found.member.handle)
    noted("password reset", member.id)
    answer = _enter(member, remember=False, next_address="", is_sure=False)
    flash(_("Your new password is set. Everywhere else you were signed out."), "done")  # into the new session
    return answer


def _closed() -> Response:
    return page("accounts/link_closed.html", 404)


# ---- the account


@bp.get("/settings/account")
def account() -> Response:
    return _account(_choices_form())


@bp.post("/settings/account")
def choose() -> Response:
    form = _choices_form()
    if not form.perform(verbs.choose, current_user):
        return _account(form)
    return _done(_("Kept."), "account")


def _choices_form() -> forms.ChoicesForm:
    return forms.ChoicesForm(obj=current_user)


def _account(form: forms.ChoicesForm) -> Response:
    return page(
        "accounts/account.html",
        form.status,
        form=form,
        awaited=queries.awaited_address(current_user),
        codes_left=queries.codes_left(current_user) if current_user.totp_since else None,
    )


@bp.post("/settings/account/address/resend")
def resend() -> Response:
    if act(verbs.ask_for_confirmation, current_user):
        flash(_("A mail is on its way to %(address)s.", address=current_user.email), "done")
    return see_other(url_for("accounts.account"))


@bp.route("/settings/account/address", methods=["GET", "POST"])
@sensitive
def change_address() -> Response:
    form = forms.AddressForm()
    if form.perform(verbs.ask_for_change, current_user):
        return _done(_("A mail is on its way to %(address)s.", address=form.email.data), "account")
    return page("accounts/address.html", form.status, form=form)


@bp.route("/settings/account/password", methods=["GET", "POST"])
def change_password() -> Response:
    form = forms.PasswordForm(current_user._get_current_object())  # noqa: SLF001 - the member behind the proxy
    member = form.perform(verbs.change_password, current_user)
    if not member:
        if form.password.errors and form.password.data:
            noted("password refused", current_user.id, is_bad=True)
        return page("accounts/password.html", form.status, form=form)
    noted("password changed", member.id)
    _carry_on(member)
    return _done(_("Your new password is set. Everywhere else you were signed out."), "account")


def _carry_on(member: Any) -> None:
    """The same session under its new secret, in a fresh cookie."""
    is_remembered = queries.is_remembered(member)
    carry_session(member, remember=is_remembered)


@bp.route("/settings/assure", methods=["GET", "POST"])
def assure() -> Response:
    form = forms.AssureForm(
        current_user._get_current_object(),  # noqa: SLF001 - the member behind the proxy
        next=request.args.get("next", ""),
    )
    if form.perform(verbs.assure, current_user):
        return see_other(safe_address(form.next.data, url_for("accounts.account")))
    if form.is_submitted():
        noted("password refused", current_user.id, is_bad=True)
    return page("accounts/assure.html", form.status, form=form)


# ---- devices


@bp.get("/settings/sessions")
def sessions() -> Response:
    devices = [(row, queries.device_name(row.device)) for row in queries.devices_of(current_user)]
    return page("accounts/sessions.html", devices=devices)


@bp.post("/settings/sessions/<id:session_id>/end")
def end_device(session_id: int) -> Response:
    if session_id == current_user.session_id:
        return sign_out()
    act(verbs.end_device, current_user, session_id)
    return _done(_("That device is signed out."), "sessions")


@bp.post("/settings/sessions/end-others")
def end_other_devices() -> Response:
    act(verbs.end_other_devices, current_user)
    noted("other sessions ended", current_user.id)
    return _done(_("Everywhere else you are signed out."), "sessions")


# ---- the second factor


@bp.get("/settings/account/second-factor")
@sensitive
def second_factor() -> Response:
    return _second_factor(forms.CodeForm())


@bp.post("/settings/account/second-factor/begin")
@sensitive
def begin_second_factor() -> Response:
    act(verbs.begin_second_factor, current_user)
    return see_other(url_for("accounts.second_factor"))


@bp.post("/settings/account/second-factor")
@sensitive
def switch_on() -> Response:
    form = forms.CodeForm()
    codes = form.perform(verbs.switch_on, current_user)
    if not codes:
        return _second_factor(form)
    noted("second factor on", current_user.id)
    _carry_on(current_user._get_current_object())  # noqa: SLF001 - the member behind the proxy
    return page("accounts/paper_codes.html", codes=codes)


@bp.post("/settings/account/second-factor/off")
@sensitive
def switch_off() -> Response:
    act(verbs.switch_off, current_user)
    noted("second factor off", current_user.id)
    return _done(_("The second factor is off."), "account")


@bp.post("/settings/account/second-factor/codes")
@sensitive
def renew_codes() -> Response:
    codes: list[str] = []
    if current_user.totp_since is None:
        raise NotHere
    act(lambda member: codes.extend(verbs.renew_codes(member)), current_user)
    return page("accounts/paper_codes.html", codes=codes)


def _second_factor(form: forms.CodeForm) -> Response:
    secret = verbs.secret_of(current_user) if current_user.totp_since is None else None
    address = app_address(secret, account=current_user.handle, site=current_settings().site_name) if secret else ""
    return page(
        "accounts/second_factor.html",
        form.status,
        form=form,
        secret=" ".join(secret[at : at + 4] for at in range(0, len(secret), 4)) if secret else "",
        address=address,
        qr=qr_drawing(address, _("QR code for your authenticator app")) if secret else "",
        codes_left=queries.codes_left(current_user),
    )


def _done(words: str, where: str) -> Response:
    flash(words, "done")
    return see_other(url_for(f"accounts.{where}"))

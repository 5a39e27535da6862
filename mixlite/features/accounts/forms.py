"""The forms at the door, and those of the account."""

from functools import lru_cache
from typing import Any
from zoneinfo import available_timezones

from flask import request
from flask_login import current_user
from wtforms import BooleanField, HiddenField, RadioField, SelectField, ValidationError
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # not in its stubs yet
from wtforms.validators import Length

from mixlite.core.addresses import Address
from mixlite.core.config import current_settings
from mixlite.core.crypto import hash_password
from mixlite.core.doorstep import HalfOpen, has_been_here
from mixlite.core.forms import Filled, Form, Line
from mixlite.core.http import safe_address
from mixlite.core.language import lazy_gettext as _l
from mixlite.core.passwords import Password, weakness
from mixlite.features.accounts.queries import knows_password, member_behind
from mixlite.people.members import Member


class SignInForm(Form):
    """Handle or e-mail, and password."""

    login = Line(_l("Handle or e-mail"), validators=[Filled(), Length(max=300)])
    password = Password(_l("Password"), validators=[Filled()])
    remember = BooleanField(_l("Remember me on this device"))
    next = HiddenField()
    asked_for: Member | None = None  # whose door it was, for the log

    def values(self) -> dict[str, Any]:
        """The password is compared here, before the writer's lock."""
        self.asked_for = member_behind(self.login.data or "")
        is_right = knows_password(self.asked_for, self.password.data or "")
        member = self.asked_for if is_right else None
        return {
            "member": member,
            "remember": bool(self.remember.data),
            "device": request.user_agent.string,
            "is_new_device": member is not None and not has_been_here(member.id),
            "replaced": current_user.session_id if current_user.is_authenticated else None,
        }


class CodeForm(Form):
    """The second step of the door."""

    code = Line(_l("Code"), validators=[Filled(), Length(max=40)])

    def __init__(self, begun: HalfOpen | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.begun = begun

    def values(self) -> dict[str, Any]:
        typed = {"code": self.code.data or ""}
        if self.begun is None:
            return typed
        return {
            **typed,
            "remember": self.begun.remember,
            "device": request.user_agent.string,
            "is_new_device": not has_been_here(self.begun.member_id),
        }


class ForgottenForm(Form):
    """Who forgot their password."""

    login = Line(_l("Handle or e-mail"), validators=[Filled(), Length(max=300)])


class _NewPassword(Form):
    """Typed once: whoever mistypes it asks for a link."""

    new_password = Password(_l("New password"), validators=[Filled()])

    def __init__(self, member: Member, **kwargs: Any):
        super().__init__(**kwargs)
        self.member = member

    def validate_new_password(self, field: Password) -> None:
        problem = weakness(field.data or "", [self.member.name, self.member.handle, self.member.email])
        if problem:
            raise ValidationError(problem)


class ResetForm(_NewPassword):
    """A new password, through a link."""

    def values(self) -> dict[str, Any]:
        return {
            "password_hash": hash_password(self.new_password.data or ""),
            "device": request.user_agent.string,
        }


class PasswordForm(_NewPassword):
    """A new password; the one until now is asked for."""

    password = Password(_l("Password until now"), validators=[Filled()])

    def values(self) -> dict[str, Any]:
        is_right = knows_password(self.member, self.password.data or "")
        return {
            "is_right": is_right,
            "password_hash": hash_password(self.new_password.data or "") if is_right else "",
        }


class AssureForm(Form):
    """The password again, and a code where the second factor is on."""

    password = Password(_l("Password"), validators=[Filled()])
    code = Line(_l("Code"), validators=[Filled(), Length(max=40)])
    next = HiddenField()

    def __init__(self, member: Member, **kwargs: Any):
        super().__init__(**kwargs)
        self.member = member
        if member.totp_since is None:
            del self.code

    @property
    def way_back(self) -> str:
        """The page above the one that was asked for: who thinks better of it goes there."""
        return safe_address((self.next.data or "").rpartition("/")[0], "/settings/account")

    def values(self) -> dict[str, Any]:
        code = self.code.data if "code" in self else ""
        return {"is_right": knows_password(self.member, self.password.data or ""), "code": code or ""}


class AddressForm(Form):
    """A new address."""

    email = Address(_l("New e-mail address"))


class ChoicesForm(Form):
    """Language, time zone and theme."""

    language = RadioField(_l("Language"), choices=[SelectChoice("en", "English"), SelectChoice("ja", "日本語")])
    timezone = SelectField(_l("Time zone"))
    theme = RadioField(
        _l("By day or by night"),
        choices=[SelectChoice("", _l("Auto")), SelectChoice("light", _l("Day")), SelectChoice("dark", _l("Night"))],
    )

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        here = current_settings().timezone
        as_here = SelectChoice("", _l("As in this house (%(zone)s)", zone=here))
        self.timezone.choices = [as_here, *(SelectChoice(zone, zone) for zone in _zones())]


@lru_cache(maxsize=1)
def _zones() -> list[str]:
    """Places, not abbreviations."""
    places = (
        "Africa/",
        "America/",
        "Antarctica/",
        "Asia/",
        "Atlantic/",
        "Australia/",
        "Europe/",
        "Indian/",
        "Pacific/",
    )
    return [*sorted(zone for zone in available_timezones() if zone.startswith(places)), "UTC"]

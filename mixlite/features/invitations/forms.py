"""Writing an invitation, and answering one."""

from typing import Any

from email_validator import EmailNotValidError, validate_email
from flask import request
from wtforms import EmailField, Field, IntegerField, StringField, ValidationError
from wtforms.validators import Length, NumberRange, Regexp

from mixlite.core.crypto import hash_password
from mixlite.core.forms import AtMost, Filled, Line, OnceForm, Words
from mixlite.core.language import current_language
from mixlite.core.language import lazy_gettext as _l
from mixlite.core.passwords import GoodPassword, Password
from mixlite.features.invitations.models import LETTER_LENGTH, MOST_DAYS, MOST_USES
from mixlite.people.members import EMAIL_LENGTH, HANDLE_LENGTH, NAME_LENGTH


class WholeNumber(IntegerField):
    """A number in plain digits; no signs, blanks, underscores or other scripts' digits."""

    def process_formdata(self, valuelist: list[str]) -> None:
        typed = (valuelist[0] if valuelist else "").strip()
        if not (typed.isascii() and typed.isdigit() and len(typed) <= 9):
            self.data = None
            raise ValueError(_l("Please enter a whole number."))
        self.data = int(typed)


def _normal_address(field: Field) -> str:
    """As it is stored and written to. Raises ValidationError."""
    try:
        checked = validate_email(
            field.data, check_deliverability=False, globally_deliverable=False, allow_smtputf8=False
        )
    except EmailNotValidError as error:
        raise ValidationError(_l("This does not look like an e-mail address.")) from error
    return checked.normalized.lower()


class InvitationForm(OnceForm):
    """A letter, for how many people, and for how long; with an address, it is mailed."""

    letter = Words(_l("Letter"), validators=[AtMost(LETTER_LENGTH)])
    uses = WholeNumber(
        _l("For how many people"), default=1, validators=[NumberRange(1, MOST_USES, _l("Between 1 and 50 people."))]
    )
    days = WholeNumber(
        _l("Valid for how many days"), default=14, validators=[NumberRange(1, MOST_DAYS, _l("Between 1 and 90 days."))]
    )
    email = EmailField(
        _l("Send it by e-mail"), filters=[lambda typed: (typed or "").strip()], validators=[Length(max=EMAIL_LENGTH)]
    )

    def validate_email(self, field: Field) -> None:
        if field.data:
            field.data = _normal_address(field)
            if self.uses.data is not None and self.uses.data > 1:
                raise ValidationError(_l("A mailed invitation is for one person. Write to each of them."))


class JoinForm(OnceForm):
    """Who the newcomer is."""

    name = Line(_l("Name"), validators=[Filled(), AtMost(NAME_LENGTH)])
    handle = StringField(
        _l("Handle"),
        filters=[lambda typed: (typed or "").strip().removeprefix("@").lower()],
        validators=[
            Filled(),
            Length(2, HANDLE_LENGTH, _l("Between 2 and 30 characters.")),
            Regexp(r"[a-z0-9_]+\Z", message=_l("Only the letters a to z, digits and underscores.")),
        ],
    )
    email = EmailField(
        _l("E-mail"), filters=[lambda typed: (typed or "").strip()], validators=[Filled(), Length(max=EMAIL_LENGTH)]
    )
    password = Password(_l("Password"), validators=[Filled(), GoodPassword(about=("name", "handle", "email"))])

    def validate_email(self, field: Field) -> None:
        field.data = _normal_address(field)

    def values(self) -> dict[str, Any]:
        """The password is hashed here, before the writer's lock."""
        return {
            "name": self.name.data,
            "handle": self.handle.data,
            "email": self.email.data,
            "password_hash": hash_password(self.password.data or ""),
            "language": current_language(),
            "device": request.user_agent.string,
        }

    def sent_values(self) -> dict[str, Any]:
        """Without the password: a fast digest of it must not be kept."""
        return {"name": self.name.data, "handle": self.handle.data, "email": self.email.data}

"""E-mail addresses as people type them: one plain mailbox, or nothing (SECURITY.md, S7)."""

from typing import Any

from email_validator import EmailNotValidError, validate_email
from wtforms import EmailField, Field, ValidationError
from wtforms.validators import Length

from mixlite.core.forms import Filled
from mixlite.core.language import lazy_gettext as _l

ADDRESS_LENGTH = 254


class Address(EmailField):
    """A field for one address; its data is the form in which addresses are kept and compared."""

    def __init__(self, label: Any, **kwargs: Any):
        super().__init__(
            label,
            filters=[lambda typed: (typed or "").strip()],
            validators=[Filled(), Length(max=ADDRESS_LENGTH), one_mailbox],
            **kwargs,
        )


def one_mailbox(_form: object, field: Field) -> None:
    """Lower case, with the domain as mail servers write it; no quotes, lists, comments or names around it."""
    try:
        checked = validate_email(
            field.data, check_deliverability=False, globally_deliverable=False, allow_smtputf8=False
        )
    except EmailNotValidError as error:
        raise ValidationError(_l("This does not look like an e-mail address.")) from error
    field.data = (checked.ascii_email or checked.normalized).lower()

"""The form at the door."""

from typing import Any

from flask import request
from wtforms import BooleanField, HiddenField
from wtforms.validators import Length

from mixlite.core.forms import Filled, Form, Line
from mixlite.core.language import lazy_gettext as _l
from mixlite.core.passwords import Password
from mixlite.features.accounts.queries import member_with_credentials


class SignInForm(Form):
    """Handle or e-mail, and password."""

    login = Line(_l("Handle or e-mail"), validators=[Filled(), Length(max=300)])
    password = Password(_l("Password"), validators=[Filled()])
    remember = BooleanField(_l("Remember me on this device"))
    next = HiddenField()

    def values(self) -> dict[str, Any]:
        """The password is compared here, before the writer's lock."""
        return {
            "member": member_with_credentials(self.login.data or "", self.password.data or ""),
            "remember": bool(self.remember.data),
            "device": request.user_agent.string,
        }

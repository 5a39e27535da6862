"""The last question, and the way back."""

from typing import Any

from flask import request

from mixlite.core.crypto import password_matches
from mixlite.core.doorstep import HalfOpen
from mixlite.core.forms import Filled, Form
from mixlite.core.language import lazy_gettext as _l
from mixlite.core.passwords import LONGEST, Password
from mixlite.people.members import Member


class LeaveForm(Form):
    """The password, so that it is the owner who leaves."""

    password = Password(_l("Password"), validators=[Filled()])

    def __init__(self, member: Member, **kwargs: Any):
        super().__init__(**kwargs)
        self.member = member

    def values(self) -> dict[str, Any]:
        """The password is compared here, before the writer's lock."""
        typed = self.password.data or ""
        return {"is_right": len(typed) <= LONGEST and password_matches(typed, self.member.password_hash)}


class ComeBackForm(Form):
    """One button; who stands there is known from the door."""

    def __init__(self, begun: HalfOpen, **kwargs: Any):
        super().__init__(**kwargs)
        self.begun = begun

    def values(self) -> dict[str, Any]:
        return {"remember": self.begun.remember, "device": request.user_agent.string}

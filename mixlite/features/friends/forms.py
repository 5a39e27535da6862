"""Asking, and taking a break."""

from typing import Any

from mixlite.core.forms import AtMost, Form, OneOf, Words
from mixlite.core.language import lazy_gettext as _l
from mixlite.people.friendships import MESSAGE_LENGTH


class AskForm(Form):
    """A few words to go with the question."""

    message = Words(_l("A few words (if you like)"), validators=[AtMost(MESSAGE_LENGTH)])


HOW_LONG: Any = ["1", "7", "30", "0"]


class BreakForm(Form):
    """For how many days; 0 is until it is ended."""

    days = OneOf(_l("For how long"), choices=HOW_LONG, default="7")

    def values(self) -> dict[str, Any]:
        return {"days": int(self.days.data)}

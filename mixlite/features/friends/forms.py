"""Asking."""

from mixlite.core.forms import AtMost, Form, Words
from mixlite.core.language import lazy_gettext as _l
from mixlite.people.friendships import MESSAGE_LENGTH


class AskForm(Form):
    """A few words to go with the question."""

    message = Words(_l("A few words (if you like)"), validators=[AtMost(MESSAGE_LENGTH)])

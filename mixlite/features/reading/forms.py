"""Answering an entry."""

from mixlite.core.forms import AtMost, Filled, Form, OnceForm, Words
from mixlite.core.language import lazy_gettext as _l
from mixlite.entries.comments import COMMENT_LENGTH
from mixlite.entries.photos import MOST_UNDER_COMMENT
from mixlite.policy.picturing import Pictured


class CommentForm(Pictured, OnceForm):
    """Words under an entry, and a few pictures."""

    most = MOST_UNDER_COMMENT

    body = Words(
        _l("Write a comment"), validators=[Filled(_l("Please write something first.")), AtMost(COMMENT_LENGTH)]
    )


class DeleteForm(Form):
    """One button."""


class CommentEditForm(Form):
    """Other words for a comment."""

    body = Words(_l("Your comment"), validators=[Filled(_l("Please write something first.")), AtMost(COMMENT_LENGTH)])
